// MatMulNBits multiplies in int8 on CPUs at accuracy_level 4 alone; at any other it unpacks its weights to float first.
// onnxruntime/contrib_ops/cpu/quantization/matmul_nbits.cc
import { attribute } from '../build.ts'
import { copyWith } from '../copy.ts'
import type { Model } from '../model.ts'
import { isOperator, numberOf, rewriteGraphs } from './match.ts'

export const INT8_LEVEL = 4

/** Every product with few-bit weights at that level; undefined if all are. */
export function withInt8Products(model: Model): { readonly model: Model; readonly products: number } | undefined {
  const rewritten = rewriteGraphs(model, ({ graph }) =>
    graph.node
      .filter((node) => isOperator(node, 'com.microsoft:MatMulNBits') && numberOf(node, 'accuracy_level', 0) !== INT8_LEVEL)
      .map((node) => {
        const others = node.attribute.filter(({ name }) => name !== 'accuracy_level')
        const add = [copyWith(node, { attribute: [...others, attribute('accuracy_level', INT8_LEVEL)] })]
        return { parts: [node], remove: new Set([node]), add }
      }),
  )
  return rewritten && { model: rewritten.model, products: rewritten.replaced.length }
}
