// Weights alone in 4 or 8 bits: MatMul and Gemm as MatMulNBits (com.microsoft), which multiplies with blocks of packed weights. With
// accuracy_level 4 it quantizes what it multiplies too, block by block, and adds up in integers; else it works in float.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits

import { floatTensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { quantizeBlocks } from '@whyslow/graph/rewrite/block-weights.ts'
import type { NodeProto } from 'onnx-buf'
import { NOT_FINITE } from './dynamic.ts'
import { MICROSOFT } from './dynamic-contrib.ts'
import { biasOf, type Product, productOf, scaledWeights } from './product.ts'
import type { LayerOutcome, QuantizeRewrite } from './rewriting.ts'

/** accuracy_level of int8 products; 0 leaves them in float. */
const INT8_PRODUCTS = 4

/** A MatMul or Gemm with constant weights, and the Add of its bias. */
export function blockProduct(rewriting: QuantizeRewrite, layer: NodeProto, bits: 4 | 8): LayerOutcome {
  const product = productOf(rewriting.matching, layer)
  if (typeof product === 'string') return product
  const { options } = rewriting.choice
  const weights = blockWeights(rewriting, product, bits)
  if (weights === undefined) return NOT_FINITE
  const { fresh, initializer } = rewriting
  const result = product.last.output[0]!
  const hint = layer.name || result
  const bias = biasOf(rewriting.matching, product)
  const sums = [
    ...(bias ? [initializer(floatTensor(fresh(`${result}_bias`), [bias.length], bias))] : []),
    ...(product.added ? [product.added] : []),
  ]
  const attributes = {
    ...{ K: product.k, N: product.n, bits, block_size: options.blockSize },
    ...(options.int8Products ? { accuracy_level: INT8_PRODUCTS } : {}),
  }
  rewriting.remove(...product.parts)
  let at = sums.length === 0 ? result : fresh(`${result}_product`)
  rewriting.add(
    node(
      { opType: 'MatMulNBits', domain: MICROSOFT, name: fresh(`${hint}_quant`) },
      [product.x, ...weights.inputs],
      [at],
      attributes,
    ),
  )
  sums.forEach((one, index) => {
    const output = index === sums.length - 1 ? result : fresh(`${result}_sum`)
    rewriting.add(node({ opType: 'Add', name: fresh(`${hint}_add`) }, [at, one], [output]))
    at = output
  })
  return { precision: bits === 4 ? 'weights4' : 'weights8', weightSqnrDb: weights.sqnrDb }
}

function blockWeights(rewriting: QuantizeRewrite, product: Product, bits: 4 | 8) {
  const { weights, turned, alpha, k, n } = product
  return rewriting.once(`blocks ${weights.name} ${turned} ${alpha} ${bits}`, () => {
    const { fresh, initializer, choice } = rewriting
    const layout = { bits, blockSize: choice.options.blockSize, symmetric: choice.options.blockSymmetric }
    const blocks = quantizeBlocks(scaledWeights(rewriting.matching, product), { k, n, turned }, layout)
    if (blocks === undefined) return undefined
    const { packed, scales, zeroPoints } = blocks
    const bytesPerBlock = (layout.blockSize * bits) / 8
    const name = weights.name
    const inputs = [
      initializer(rawTensor(fresh(`${name}_Q${bits}`), 'uint8', [n, blocks.blocks, bytesPerBlock], packed)),
      initializer(floatTensor(fresh(`${name}_scales`), [n * blocks.blocks], scales)),
    ]
    if (zeroPoints) inputs.push(initializer(rawTensor(fresh(`${name}_zero_points`), 'uint8', [zeroPoints.length], zeroPoints)))
    return { inputs, sqnrDb: blocks.sqnrDb }
  })
}
