// Models for which an engine that computes numbers of 64 bits in 32 may give other numbers, told from the graph. Ids, masks and sizes, which is
// what whole numbers in models are as a rule, fit; inputs that do not are refused when they come (engines/openvino/wide-numbers.ts). What is
// multiplied on its way from an input may not fit although the input does; sums would take thousands of such.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

const MOST = 2 ** 31 - 1
const WHOLE = new Set<string | null | undefined>(['int64', 'uint64', 'uint32'])
/** Operators that work on bits: hashes. */
const BITWISE = new Set(['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot'])
/** Operators that compute with numbers. For others, such as the ends of slices, a number beyond 32 bits means "as far as it goes". */
const COMPUTES = new Set('Add Sub Mul Div Mod Pow Equal Greater GreaterOrEqual Less LessOrEqual Where'.split(' '))
/** Give the numbers of their first input; what others they have says how. */
const MOVES = new Set(
  'Identity Reshape Squeeze Unsqueeze Flatten Transpose Expand Tile Slice Split Pad Gather CumSum ReduceSum ReduceMax ReduceMin Clip'.split(
    ' ',
  ),
)
/** Make numbers of all of their inputs; others give sizes, places, decisions. */
const JOINS = new Set('Add Sub Mul Div Mod Neg Abs Min Max Sum Concat'.split(' '))

/** The node that computes with whole numbers beyond 32 bits, or may; undefined: none is seen. */
export function wideNode(graph: GraphView): string | undefined {
  const fed = new Set(
    graph.inputs.flatMap(({ name, dtype }) => (WHOLE.has(dtype) && graph.constants[name] === undefined ? [name] : [])),
  )
  return wideIn(graph, fed)
}

/** `fed`: values that are made from whole inputs, of this graph and of those around it. */
function wideIn({ nodes, constants, types, inputs }: GraphView, fed: Set<string>): string | undefined {
  const dtypeOf = (value: string) =>
    constants[value]?.dtype ?? types[value]?.dtype ?? inputs.find(({ name }) => name === value)?.dtype
  const isWhole = (value: string) => fed.has(value) || WHOLE.has(dtypeOf(value))
  const has = (value: string, test: (x: number) => boolean) => constants[value]?.values?.some(test) ?? false
  // Nodes stand in an order in which they can run.
  for (const node of nodes) {
    const { name, opType, domain, inputs: read, outputs } = node
    if (domain !== '') continue
    if (BITWISE.has(opType) && [...read, ...outputs].some(isWhole)) return name
    if (COMPUTES.has(opType) && read.some((value) => isWhole(value) && has(value, (x) => Math.abs(x) > MOST))) return name
    const fedInputs = read.filter((value) => fed.has(value))
    if (opType === 'Pow' && fedInputs.length > 0) return name
    if (
      opType === 'Mul' &&
      (fedInputs.length > 1 || (fedInputs.length > 0 && read.some((value) => has(value, (x) => Math.abs(x) > 1))))
    )
      return name
    const inside = wideInSubgraphs(node, fed)
    if (inside !== undefined) return inside
    if (fedInputs.length > 0 && handsOn(node, fed)) for (const output of outputs) fed.add(output)
  }
  return undefined
}

function wideInSubgraphs({ inputs, subgraphs }: NodeView, fed: Set<string>): string | undefined {
  for (const body of Object.values(subgraphs)) {
    const passed = inputs.some((value) => fed.has(value)) ? body.inputs.map(({ name }) => name) : []
    const found = wideIn(body, new Set([...fed, ...passed]))
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Whether the node passes on a fed value. What moves elements passes on its first input, not the indices or sizes next to it; casts count if they
 * are to whole numbers again.
 */
function handsOn({ opType, inputs, attributes }: NodeView, fed: ReadonlySet<string>): boolean {
  if (opType === 'Where') return inputs.slice(1).some((value) => fed.has(value))
  if (opType === 'Cast') return attributes.to === INT64 || attributes.to === UINT64 || attributes.to === UINT32
  return JOINS.has(opType) || (MOVES.has(opType) && fed.has(inputs[0] ?? ''))
}

/** TensorProto.DataType: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const [INT64, UINT32, UINT64] = [7, 12, 13]

/** float64 at an end: its digits beyond float32's are what the caller sees. */
export const hasDoubleEnds = ({ inputs, outputs }: GraphView): boolean =>
  [...inputs, ...outputs].some(({ dtype }) => dtype === 'float64')
