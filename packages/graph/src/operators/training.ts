// Steps of training (ai.onnx.preview.training), which no engine here runs. https://onnx.ai/onnx/operators/ , per element of the weights
// that are updated, without what a coefficient of the norm adds.
import { elementCount } from '../dtype.ts'
import { defineFamily, type Formula } from './family.ts'
import type { NodeContext } from './types.ts'
import { costOf } from './work.ts'

interface StepOps {
  readonly simple: number
  readonly special: number
  /** Tensors written per weight: itself and what is kept for the next step. */
  readonly kept: number
}

function updated({ outputs }: NodeContext, kept: number): number {
  const weights = outputs.slice(0, Math.floor(outputs.length / kept))
  return weights.reduce((sum, type) => sum + elementCount(type?.shape ?? [0]), 0)
}

const step =
  ({ simple, special, kept }: StepOps): Formula =>
  (context) => {
    const elements = updated(context, kept)
    return costOf(context, { simpleOps: elements * simple, specialOps: elements * special })
  }

const gradient: Formula = (context) => costOf(context, { note: 'the graph that it differentiates is not counted' })

export const trainingFamily = defineFamily(
  'training',
  {},
  {
    // v = a * v + b * g; x = x - r * v
    'ai.onnx.preview.training:Momentum': step({ simple: 5, special: 0, kept: 2 }),
    // h = h + g * g; x = x - r * g / (sqrt(h) + e)
    'ai.onnx.preview.training:Adagrad': step({ simple: 5, special: 2, kept: 2 }),
    // v = a * v + (1 - a) * g; h = b * h + (1 - b) * g * g; x = x - r * v / (sqrt(h) + e)
    'ai.onnx.preview.training:Adam': step({ simple: 10, special: 2, kept: 3 }),
    'ai.onnx.preview.training:Gradient': gradient,
  },
)
