// Products with constant weights as MatMulNBits (com.microsoft): weights in 4 or 8 bits, in blocks along the inputs with a scale each.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
import { floatTensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type BlockLayout, quantizeBlocks } from '@whyslow/graph/rewrite/block-weights.ts'
import { intsOf, isOperator, type Matching, numberOf, type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { type ConstantWeights, constantWeights, floatsOf } from './constant-weights.ts'

export const MICROSOFT = 'com.microsoft'
/** What is multiplied is quantized block by block too, and products are added up in integers. */
export const INT8_PRODUCTS = 4

/** A MatMul or Gemm whose weights are a constant matrix, also one that a Transpose turns or that is dequantized at each call. */
export interface Product {
  readonly node: NodeProto
  readonly weights: ConstantWeights
  readonly k: number
  readonly n: number
  /** The constant is [n, k]. */
  readonly turned: boolean
  /** Added after the product, of a Gemm. */
  readonly added: string | undefined
}

/** undefined: not such a product. */
export function productOf(matching: Matching, one: NodeProto): Product | undefined {
  if (!isOperator(one, 'MatMul', 'Gemm')) return undefined
  const turn = matching.producer(one.input[1])
  const isTurned = isOperator(turn, 'Transpose') && (intsOf(turn, 'perm') ?? [1, 0]).join() === '1,0'
  const weights = constantWeights(matching, isTurned ? turn.input[0] : one.input[1])
  if (weights === undefined || matching.constant(one.input[0]) !== undefined) return undefined
  // What is multiplied is quantized as well: the engine has a kernel for both.
  if (weights.quantized !== null && isOperator(matching.producer(one.input[0]), 'DequantizeLinear')) return undefined
  const isGemm = one.opType === 'Gemm'
  const plain = ['alpha', 'beta'].every((name) => numberOf(one, name, 1) === 1) && numberOf(one, 'transA', 0) === 0
  if (isGemm && !plain) return undefined
  const turned = isTurned !== (isGemm && numberOf(one, 'transB', 0) === 1)
  const [rows, columns] = weights.constant.shape as readonly [number, number]
  const [k, n] = turned ? [columns, rows] : [rows, columns]
  return { node: one, weights, k, n, turned, added: (isGemm && one.input[2]) || undefined }
}

/** Products of the main graph and of branches. */
export const productsIn = (matching: Matching): Product[] => matching.graph.node.flatMap((one) => productOf(matching, one) ?? [])

export interface BlockedProducts {
  readonly model: Model
  readonly products: number
  /** Bytes of their weights before and after. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Signal to quantization noise of the worst, dB. */
  readonly leastDb: number
}

/** undefined: there is no such product, or none with finite weights. `wanted` chooses among the products. */
export function withBlockProducts(
  model: Model,
  layout: BlockLayout,
  wanted: (product: Product, matching: Matching) => boolean,
): BlockedProducts | undefined {
  const written = new Map<string, Written | undefined>()
  let [products, bytesBefore, bytesAfter, leastDb] = [0, 0, 0, Number.POSITIVE_INFINITY]
  const rewritten = rewriteGraphs(
    model,
    (matching, fresh) =>
      productsIn(matching).flatMap((product): Replacement[] => {
        if (!wanted(product, matching)) return []
        const key = `${product.weights.constant.name} ${product.turned}`
        const isNew = !written.has(key)
        if (isNew) written.set(key, write(model, product, layout, fresh))
        const weights = written.get(key)
        if (weights === undefined) return []
        products++
        if (isNew) {
          bytesBefore += product.weights.constant.sizeBytes
          bytesAfter += weights.bytes
        }
        leastDb = Math.min(leastDb, weights.db)
        return [replacement(product, weights, layout, fresh)]
      }),
    { [MICROSOFT]: 1 },
  )
  if (rewritten === undefined) return undefined
  // In the main graph, where branches read them too, and where nobody reads the floats any more.
  const main = rewritten.model.proto.graph!
  const initializer = [...main.initializer, ...[...written.values()].flatMap((one) => one?.tensors ?? [])]
  const lean = withoutDead(copyWith(main, { initializer }))
  return { model: withGraph(rewritten.model, lean), products, bytesBefore, bytesAfter, leastDb }
}

interface Written {
  readonly names: readonly string[]
  readonly tensors: readonly TensorProto[]
  readonly bytes: number
  readonly db: number
}

function write(
  model: Model,
  { weights, k, n, turned }: Product,
  layout: BlockLayout,
  fresh: (hint: string) => string,
): Written | undefined {
  const blocks = quantizeBlocks(floatsOf(model, weights), { k, n, turned }, layout)
  if (blocks === undefined) return undefined
  const { name } = weights.constant
  const tensors = [
    rawTensor(fresh(`${name}_Q${layout.bits}`), 'uint8', [n, blocks.blocks, (layout.blockSize * layout.bits) / 8], blocks.packed),
    floatTensor(fresh(`${name}_scales`), [n * blocks.blocks], blocks.scales),
    ...(blocks.zeroPoints
      ? [rawTensor(fresh(`${name}_zero_points`), 'uint8', [blocks.zeroPoints.length], blocks.zeroPoints)]
      : []),
  ]
  const size = tensors.reduce((sum, { rawData }) => sum + rawData.byteLength, 0)
  return { names: tensors.map(({ name }) => name), tensors, bytes: size, db: blocks.sqnrDb }
}

function replacement(
  { node: one, k, n, added }: Product,
  { names }: Written,
  { bits, blockSize }: BlockLayout,
  fresh: (hint: string) => string,
): Replacement {
  const result = one.output[0]!
  const product = added === undefined ? result : fresh(`${result}_product`)
  const head = { opType: 'MatMulNBits', domain: MICROSOFT, name: fresh(`${one.name || result}_Q${bits}`) }
  const attributes = { K: k, N: n, bits, block_size: blockSize, accuracy_level: INT8_PRODUCTS }
  return {
    parts: [one],
    remove: new Set([one]),
    add: [
      node(head, [one.input[0]!, ...names], [product], attributes),
      ...(added === undefined ? [] : [node({ opType: 'Add', name: fresh(`${result}_Add`) }, [product, added], [result])]),
    ],
  }
}
