// What the graph of a decoder says of its size: parameters, bytes that a token reads, cache. Weights are not read, only their types and shapes.
import { bitsPerElement, elementCount } from '@whyslow/graph/dtype.ts'
import type { ConstantView, DType, GraphView, NodeView } from '@whyslow/graph/types.ts'
import { withCacheBranch } from './branches.ts'
import type { DecoderLayout } from './layout.ts'
import type { ModelNumbers } from './numbers.ts'

/** `context` and `heads` are not in every graph. */
export function onnxNumbers(view: GraphView, layout: DecoderLayout): ModelNumbers {
  const weights = weightsOf(view)
  const decode = withCacheBranch(view, new Set(layout.cache.map(({ past }) => past)))
  const read = decode === view ? weights : weightsOf(decode)
  const own = layout.cache.filter(({ role }) => role !== 'cross')
  const [first] = own.filter(({ role }) => role === 'self')
  const sizeAt = (axis: number | null | undefined): number | null => {
    const size = axis === null || axis === undefined ? undefined : first!.shape[axis]
    return typeof size === 'number' ? size : null
  }
  const last = layout.logits.shape?.at(-1)
  const numbered = new Set(own.flatMap(({ layer }) => (layer === null ? [] : [layer])))
  return {
    architecture: null,
    layers: numbered.size > 0 ? numbered.size : null,
    heads: headsOf(view),
    kvHeads: first === undefined ? null : sizeAt(first.axes.heads),
    headSize: first === undefined ? null : sizeAt(first.axes.headSize),
    vocabulary: typeof last === 'number' ? last : (weights.find(({ use }) => use === 'row')?.constant.shape[0] ?? null),
    context: layout.capacity ?? contextOf(view),
    dtype: mostBytes(read),
    cacheDtype: first?.dtype ?? null,
    parameters: weights.reduce((sum, { parameters }) => sum + parameters, 0),
    bytesPerToken: Math.round(read.reduce((sum, { readBytes }) => sum + readBytes, 0)),
    cacheBytesPerToken: cacheBytes(layout),
  }
}

interface Weight {
  readonly constant: ConstantView
  /** whole: all of it is read for a token. row: one row of a table. */
  readonly use: 'whole' | 'row'
  readonly dtype: string
  readonly parameters: number
  readonly readBytes: number
}

interface Reader {
  readonly node: NodeView
  readonly at: number
}

function* allNodes(view: GraphView): Generator<NodeView> {
  for (const node of view.nodes) {
    yield node
    for (const inner of Object.values(node.subgraphs)) yield* allNodes(inner)
  }
}

/** An If counts with its larger branch: a call runs one of them. */
function allConstants(view: GraphView): ConstantView[] {
  const bytes = (constants: readonly ConstantView[]) => constants.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const inner = view.nodes.flatMap(({ opType, subgraphs }) => {
    const each = Object.values(subgraphs).map(allConstants)
    return opType === 'If'
      ? each
          .sort((a, b) => bytes(b) - bytes(a))
          .slice(0, 1)
          .flat()
      : each.flat()
  })
  return [...Object.values(view.constants), ...inner]
}

/** What only gives a constant another form. */
const PASSES = new Set(['Cast', 'Transpose', 'Identity', 'Reshape', 'Unsqueeze', 'DequantizeLinear'])
const TABLES = new Set(['Gather', 'GatherBlockQuantized', 'GatherND', 'Embedding'])
/** Masks, shapes and tables that are made before anything is computed with them. */
const NO_WEIGHT = new Set(['Slice', 'Where', 'Shape', 'Expand', 'Range', 'Equal', 'Concat', 'Resize', 'Pad', 'ConstantOfShape'])
/** Which input of an operator is the weight; others that are constant are scales and zero points. */
const WEIGHT_AT: Readonly<Record<string, number>> = {
  MatMulNBits: 1,
  MatMulInteger: 1,
  MatMulIntegerToFloat: 1,
  DynamicQuantizeMatMul: 1,
  QLinearMatMul: 3,
  GatherBlockQuantized: 0,
  DequantizeLinear: 0,
}

function weightsOf(view: GraphView): Weight[] {
  const readers = new Map<string, Reader[]>()
  for (const node of allNodes(view))
    for (const [at, name] of node.inputs.entries()) {
      const known = readers.get(name)
      if (known === undefined) readers.set(name, [{ node, at }])
      else known.push({ node, at })
    }
  const final = (name: string, depth = 0): Reader[] =>
    (readers.get(name) ?? []).flatMap((reader) =>
      depth < 8 && reader.at === 0 && PASSES.has(reader.node.opType) ? final(reader.node.outputs[0]!, depth + 1) : [reader],
    )
  return allConstants(view).flatMap((constant) => {
    const direct = readers.get(constant.name) ?? []
    const read = final(constant.name)
    const isNumber = /float|int[248]$/.test(constant.dtype)
    return isNumber && constant.shape.length > 0 && read.length > 0 ? weightOf(constant, { direct, read }) : []
  })
}

function weightOf(
  constant: ConstantView,
  { direct, read }: { readonly direct: readonly Reader[]; readonly read: readonly Reader[] },
): Weight[] {
  const used = read.filter(({ node }) => !NO_WEIGHT.has(node.opType))
  if (used.length === 0) return []
  const tables = used.filter(({ node, at }) => (TABLES.has(node.opType) && at === 0) || isAngles(node, at))
  const use = tables.length === used.length ? 'row' : 'whole'
  const bits = bitsOf(constant, direct)
  const isScale = direct.every(({ node, at }) => (WEIGHT_AT[node.opType] ?? at) !== at)
  const elements = isScale || tables.some(({ node, at }) => isAngles(node, at)) ? 0 : Math.round((constant.sizeBytes * 8) / bits)
  const share = expertShare(constant, direct)
  return [
    {
      constant,
      use,
      dtype: nameOf(constant.dtype, bits),
      parameters: elements,
      readBytes: use === 'row' ? constant.sizeBytes / Math.max(1, constant.shape[0]!) : constant.sizeBytes * share,
    },
  ]
}

/** Tables of rotary angles: a row for the token's position. */
const isAngles = ({ opType }: NodeView, at: number): boolean =>
  (opType === 'GroupQueryAttention' && at >= 7) || (opType === 'RotaryEmbedding' && at >= 2)

/** Bits of one parameter, of bytes that hold several too. */
function bitsOf({ dtype }: ConstantView, direct: readonly Reader[]): number {
  const [packed] = direct.flatMap(({ node, at }) => {
    if (node.opType === 'MatMulNBits' && at === 1) return [Number(node.attributes.bits ?? 4)]
    if (node.opType === 'GatherBlockQuantized' && at === 0 && dtype === 'uint8') return [Number(node.attributes.bits ?? 4)]
    if (node.opType === 'QMoE' && dtype === 'uint8') return [Number(node.attributes.expert_weight_bits ?? 4)]
    return []
  })
  return packed ?? bitsPerElement(dtype) ?? 8
}

const nameOf = (dtype: DType, bits: number): string => (dtype.includes('int') ? `int${bits}` : dtype)

/** A token is sent to some of the experts. */
function expertShare({ shape }: ConstantView, direct: readonly Reader[]): number {
  const [node] = direct.map((reader) => reader.node).filter(({ opType }) => opType === 'MoE' || opType === 'QMoE')
  const [chosen, all] = [Number(node?.attributes.k ?? 1), shape[0] ?? 1]
  return node !== undefined && shape.length >= 2 && chosen < all ? chosen / all : 1
}

function mostBytes(weights: readonly Weight[]): string | null {
  const bytes = new Map<string, number>()
  for (const { dtype, readBytes } of weights) bytes.set(dtype, (bytes.get(dtype) ?? 0) + readBytes)
  return [...bytes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

/** null: a size is not declared. */
function cacheBytes({ cache }: DecoderLayout): number | null {
  let sum = 0
  for (const { role, shape, axes, dtype } of cache) {
    if (role !== 'self') continue
    const sizes = shape.filter((_, axis) => axis !== axes.batch && axis !== axes.length)
    const known = sizes.filter((size) => typeof size === 'number')
    const bits = bitsPerElement(dtype)
    if (known.length < sizes.length || bits === undefined) return null
    sum += (elementCount(known) * bits) / 8
  }
  return sum
}

function headsOf(view: GraphView): number | null {
  for (const { attributes } of allNodes(view)) if (typeof attributes.num_heads === 'number') return attributes.num_heads
  return null
}

/** Rows of a table of positions: learned ones are gathered by position_ids, rotary ones are an operator's. */
function contextOf(view: GraphView): number | null {
  for (const node of allNodes(view)) {
    const table =
      node.opType === 'Gather' && node.inputs[1] === 'position_ids'
        ? node.inputs[0]
        : node.inputs.find((_, at) => isAngles(node, at))
    const rows = table === undefined ? undefined : view.constants[table]?.shape[0]
    if (rows !== undefined) return rows
  }
  return null
}
