// What the remedies that quantize weights share: which products are the body's and which is the head's, and how they say what they did.
import type { BlockLayout } from '@whyslow/graph/rewrite/block-weights.ts'
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { subgraphsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import { type BlockedProducts, type Product, productsIn, withBlockProducts } from './block-products.ts'
import { halfWeights, toFloat32 } from './float32.ts'
import { findHeads } from './head.ts'
import type { DecoderRewrite, RemedyTarget } from './remedy.ts'

export type Part = 'body' | 'head'

/** Whether a product is of this part. */
function isOf(part: Part, { model, layout }: RemedyTarget): (product: Product) => boolean {
  const heads = findHeads(model, layout.logits.name)
  const names = new Set(typeof heads === 'string' ? [] : heads.map(({ product }) => product.output[0]))
  return ({ node }) => names.has(node.output[0]) === (part === 'head')
}

/** The decoder with float32 weights, from which all is quantized. */
const inFloat32 = (target: RemedyTarget): RemedyTarget =>
  halfWeights(target.model) > 0 ? { ...target, model: toFloat32(target.model) } : target

export function appliesTo(part: Part, target: RemedyTarget): true | string {
  const { model, layout } = target
  if (part === 'head') {
    const heads = findHeads(model, layout.logits.name)
    if (typeof heads === 'string') return heads
    const other = heads.find(({ product }) => product.opType !== 'MatMul')
    return other === undefined ? true : `the head is ${other.product.opType} already`
  }
  if (halfWeights(model) > 0) return true
  const wanted = isOf('body', target)
  const has = (graph: GraphProto, outer?: ReturnType<typeof matchGraph>): boolean => {
    const matching = matchGraph(model, graph, outer)
    return (
      productsIn(matching).some(wanted) || graph.node.some((one) => subgraphsOf(one).some((inner) => has(inner.graph, matching)))
    )
  }
  return has(model.proto.graph!) || 'it has no product with float32 weights'
}

export function quantizePart(part: Part, target: RemedyTarget, layout: BlockLayout): DecoderRewrite | string {
  const wide = inFloat32(target)
  const blocked = withBlockProducts(wide.model, layout, isOf(part, wide))
  if (blocked === undefined)
    return part === 'head' ? 'the head has no constant float32 weights' : 'it has no product with float32 weights'
  return { model: blocked.model, changes: [...(wide === target ? [] : ['float16 in float32']), sentence(part, blocked, layout)] }
}

function sentence(
  part: Part,
  { products, bytesBefore, bytesAfter, leastDb }: BlockedProducts,
  { bits, blockSize, symmetric }: BlockLayout,
): string {
  const what = part === 'head' ? 'the head' : `${products} products`
  const kind = symmetric ? '' : ' with zero points'
  const loss = Number.isFinite(leastDb) ? `, rounding at least ${leastDb.toFixed(1)} dB below them` : ''
  return `${what} in ${bits} bits, blocks of ${blockSize}${kind}: ${megabytes(bytesBefore)} become ${megabytes(bytesAfter)}${loss}`
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`
