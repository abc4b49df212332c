// Whether a graph without a cache scores a few classes or frames, and not the tokens that its ids are taken from.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { namedCache } from './cache-names.ts'
import type { DecoderLayout } from './layout.ts'

/** Models pad their vocabulary, and never shorten it. */
const LEAST_SHARE = 0.5
/** Operators that give ids, a table or scores another form only. */
const PASSES = new Set(['Cast', 'Identity', 'DequantizeLinear', 'Unsqueeze', 'Squeeze', 'Reshape'])
const DEEPEST = 8

export function isClassifier(view: GraphView, layout: DecoderLayout): boolean {
  const { logits } = layout
  const makers = new Map(view.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const [rows, scored] = [rowsOfTable(view, makers, layout), scoredBy(view, makers, logits)]
  if (rows !== null && scored !== null && scored < LEAST_SHARE * rows) return true
  if (view.inputs.some(({ name }) => namedCache(name))) return false
  // One row of scores for a whole text: of the next token only if there are as many as tokens.
  return logits.shape?.length === 2 ? rows === null || scored === null : isOtherOutput(layout)
}

/** An output without the name of logits that is not [batch, length, vocabulary], or whose graph needs inputs that no decoder has: speech. */
function isOtherOutput({ logits: { name, shape }, problem }: DecoderLayout): boolean {
  if (/logits/.test(name)) return false
  const [, length, vocabulary] = shape ?? []
  return problem !== null || typeof vocabulary !== 'number' || (typeof length === 'number' && length !== 1)
}

type Makers = ReadonlyMap<string, NodeView>

/** Rows of the table that the ids choose from. */
function rowsOfTable(view: GraphView, makers: Makers, { inputs: { ids } }: DecoderLayout): number | null {
  if (ids === undefined) return null
  const isIds = (name: string | undefined) => name !== undefined && sourceOf(makers, name) === ids.name
  for (const { opType, inputs } of view.nodes) {
    const table = opType.startsWith('Gather') && isIds(inputs[1]) ? inputs[0] : undefined
    const fused = opType === 'EmbedLayerNormalization' && isIds(inputs[0]) ? inputs[2] : undefined
    const rows = view.constants[sourceOf(makers, table ?? fused ?? '')]?.shape[0]
    if (rows !== undefined) return rows
  }
  return null
}

/** The value before operators that only change its form. */
function sourceOf(makers: Makers, name: string, depth = 0): string {
  const node = makers.get(name)
  return node === undefined || depth > DEEPEST || !PASSES.has(node.opType) ? name : sourceOf(makers, node.inputs[0]!, depth + 1)
}

/** How many scores each position has: as declared, or as the last matrix or bias says. */
function scoredBy(view: GraphView, makers: Makers, { name, shape }: DecoderLayout['logits']): number | null {
  const declared = shape?.at(-1)
  if (typeof declared === 'number') return declared
  const shapeOf = (value: string | undefined) => view.constants[sourceOf(makers, value ?? '')]?.shape
  let node = makers.get(name)
  for (let depth = 0; node !== undefined && depth < DEEPEST; depth++) {
    const { opType, inputs, attributes } = node
    if (opType === 'MatMul') return shapeOf(inputs[1])?.at(-1) ?? null
    if (opType === 'Gemm') return shapeOf(inputs[1])?.at(attributes.transB === 1 ? 0 : -1) ?? null
    if (opType === 'MatMulNBits') return typeof attributes.N === 'number' ? attributes.N : null
    if (opType !== 'Add' && !PASSES.has(opType)) return null
    const bias = opType === 'Add' ? inputs.map(shapeOf).find((one) => one?.length === 1) : undefined
    if (bias !== undefined) return bias[0]!
    node = inputs.map((input) => makers.get(input)).find((one) => one !== undefined)
  }
  return null
}
