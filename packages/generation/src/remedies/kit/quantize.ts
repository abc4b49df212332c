// What the remedies that quantize weights share: which products are the body's and which is the head's, and how they say what they did.
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { BlockLayout } from '@whyslow/graph/rewrite/block-weights.ts'
import { type Blocked, type Product, productsIn, withBlockProducts } from './block-products.ts'
import { halfWeights, toFloat32 } from './float32.ts'
import { findHead } from './head.ts'
import type { RemedyTarget, Rewritten } from './remedy.ts'

export type Part = 'body' | 'head'

/** Whether a product is of this part. */
function isOf(part: Part, { model, layout }: RemedyTarget): (product: Product) => boolean {
  const head = findHead(matchGraph(model, model.proto.graph!), layout.logits.name)
  const name = typeof head === 'string' ? undefined : head.product.output[0]
  return ({ node }) => (node.output[0] === name) === (part === 'head')
}

/** With float32 weights, in which all is quantized. */
const inFloat32 = (target: RemedyTarget): RemedyTarget =>
  halfWeights(target.model) > 0 ? { ...target, model: toFloat32(target.model) } : target

export function appliesTo(part: Part, { model, layout }: RemedyTarget): true | string {
  const graph = model.proto.graph!
  const head = findHead(matchGraph(model, graph), layout.logits.name)
  if (part === 'head') {
    if (typeof head === 'string') return head
    return head.product.opType === 'MatMul' ? true : `the head is ${head.product.opType} already`
  }
  if (halfWeights(model) > 0) return true
  const body = productsIn(matchGraph(model, graph)).filter(isOf('body', { model, layout, context: null }))
  const inner = graph.node.some(({ attribute }) => attribute.some(({ g }) => g !== undefined))
  return body.length > 0 || inner || 'it has no product with float32 weights'
}

export function quantized(part: Part, target: RemedyTarget, layout: BlockLayout): Rewritten | string {
  const wide = inFloat32(target)
  const blocked = withBlockProducts(wide.model, layout, isOf(part, wide))
  if (blocked === undefined) return part === 'head' ? 'the head has no constant float32 weights' : 'it has no product with float32 weights'
  return { model: blocked.model, changes: [...(wide === target ? [] : ['float16 in float32']), sentence(part, blocked, layout)] }
}

function sentence(part: Part, { products, bytesBefore, bytesAfter, leastDb }: Blocked, { bits, blockSize, symmetric }: BlockLayout): string {
  const what = part === 'head' ? 'the head' : `${products} products`
  const kind = symmetric ? '' : ' with zero points'
  const loss = Number.isFinite(leastDb) ? `, at least ${leastDb.toFixed(1)} dB above the rounding` : ''
  return `${what} in ${bits} bits, blocks of ${blockSize}${kind}: ${megabytes(bytesBefore)} become ${megabytes(bytesAfter)}${loss}`
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`
