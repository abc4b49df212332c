// All rules, by ONNX operator of ai.onnx, and how the nodes of a graph are written by them.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { ACTIVATIONS } from './activation.ts'
import { CONVOLUTIONS } from './convolution.ts'
import { EINSUMS } from './einsum.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { PRODUCTS } from './matmul.ts'
import { NORMS } from './norm.ts'
import { POOLING } from './pooling.ts'
import { RECURRENT } from './recurrent.ts'
import { REDUCTIONS } from './reduce.ts'
import { RESIZES } from './resize.ts'
import type { Rules } from './rule.ts'
import { scan } from './scan.ts'
import { SHAPES } from './shape.ts'
import { SLICES } from './slices.ts'

const RULES: Rules = {
  ...ELEMENTWISE,
  ...ACTIVATIONS,
  ...CONVOLUTIONS,
  ...POOLING,
  ...PRODUCTS,
  ...EINSUMS,
  ...SHAPES,
  ...SLICES,
  ...REDUCTIONS,
  ...NORMS,
  ...RECURRENT,
  ...RESIZES,
  Scan: (lower, node) => scan(lower, node, lowerNodes),
}

/** Lowers the nodes in their order. */
export function lowerNodes(lower: Lowerer, nodes: readonly OnnxNode[]): void {
  for (const node of nodes) {
    const { outputs, opType, domain } = node
    const known = outputs.every((name) => name === '' || lower.source.type(name).numbers !== undefined)
    if ((known && outputs.length > 0) || outputs.some((name) => lower.isPlaced(name))) continue
    // What cannot be written matters where someone reads it: sizes that follow from the model need not be computed.
    try {
      lower.within(node, () => {
        const rule = Object.hasOwn(RULES, opType) && domain === '' ? RULES[opType] : undefined
        if (rule === undefined) throw lower.unwritable(`no rule writes this operator with those of ${lower.target.name}`)
        rule(lower, node)
      })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      lower.fail(outputs, error)
    }
  }
}
