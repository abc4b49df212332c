// Why no layer is chosen, with the times of operators alone: none is faster, or those that are gain less than it costs to come to them.
import { constantsIn } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { Precision } from '../write/choice.ts'
import type { OperatorBenchmark } from './operator-benchmark.ts'
import type { QuantizableModel } from './ranges.ts'

interface Timed {
  readonly node: string
  readonly opType: string
  readonly floatMs: number
  readonly otherMs: number
}

const WORDS: Readonly<Record<PrecisionMethod, string>> = {
  static: 'in int8',
  dynamic: 'in dynamic int8',
  weights: 'with fewer bits of weights',
}

export function whyNone(
  method: PrecisionMethod,
  precisions: readonly Precision[],
  { model, nodes }: Pick<QuantizableModel, 'model' | 'nodes'>,
  { times }: Pick<OperatorBenchmark, 'times'>,
): string {
  const timed = nodes.flatMap(({ node, opType, movesData }): Timed[] => {
    const { floatMs, other } = times.get(node) ?? {}
    const known = precisions.flatMap((one) => (typeof other?.[one] === 'number' ? [other[one]] : []))
    if (typeof floatMs !== 'number' || known.length === 0 || movesData) return []
    return [{ node, opType, floatMs: Math.max(0, floatMs), otherMs: Math.max(0, Math.min(...known)) }]
  })
  const [best] = timed.toSorted((a, b) => a.otherMs / a.floatMs - b.otherMs / b.floatMs)
  if (best === undefined) return 'no operator is faster this way'
  const figures = `${best.opType} takes ${time(best.otherMs)} ${WORDS[method]} and ${time(best.floatMs)} as float`
  const depthwise = method === 'static' ? depthwiseIn(model, timed) : ''
  if (best.otherMs >= best.floatMs) return `no operator is faster this way: the best of ${timed.length}, ${figures}${depthwise}`
  // What gains so gains more in dynamic int8.
  if (method === 'weights') return 'no operator is faster this way'
  const gainMs = timed.reduce((sum, { floatMs, otherMs }) => sum + Math.max(0, floatMs - otherMs), 0)
  return `no region is faster this way with its conversions: all operators that are faster would save ${time(gainMs)} together; the best, ${figures}${depthwise}`
}

/** Depthwise convolutions, if they are no faster: they have one product for each tap, and no sums for int8 units to take together. */
function depthwiseIn({ proto }: Model, timed: readonly Timed[]): string {
  const graph = proto.graph!
  const shapes = new Map(constantsIn(graph).map(({ name, shape }) => [name, shape]))
  const isDepthwise = ({ node }: Timed): boolean => {
    const made = graph.node.find(({ output }) => output[0] === node)
    const shape = made?.opType === 'Conv' ? shapes.get(made.input[1] ?? '') : undefined
    return shape !== undefined && shape[0]! > 1 && shape[1] === 1
  }
  const own = timed.filter(isDepthwise)
  const sum = (key: 'floatMs' | 'otherMs') => own.reduce((all, one) => all + one[key], 0)
  if (own.length === 0 || sum('otherMs') < sum('floatMs')) return ''
  const who = own.length === 1 ? 'the depthwise convolution takes' : `the ${own.length} depthwise convolutions take`
  return `; ${who} ${time(sum('otherMs'))} in int8 and ${time(sum('floatMs'))} as float, alone`
}
