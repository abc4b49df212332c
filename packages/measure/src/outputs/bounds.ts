// The bounds that the graph sets to a value: Sigmoid, HardSigmoid and Softmax make shares of 1, Tanh stays within -1 and 1, and Clip within
// its own bounds. What is within bounds has them as its scale, however little of them the samples reach. LogSoftmax has no bound: its values
// reach ln(classes) and more in every row, so that their own size is their scale.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

export interface Bounds {
  readonly low: number
  readonly high: number
  /** Sigmoid or Softmax makes it: a share of 1. */
  readonly isShare: boolean
  /** Each element is a yes or no of its own, as Sigmoid makes it; Softmax divides 1 among many. */
  readonly isYesNo: boolean
}

/** The graph has no cycles; the bound is for damaged ones. */
const MOST_STEPS = 40
/** Wider bounds of Clip only prevent an overflow. */
const MOST_BOUND = 1024

/** Returns some of the elements of its first input, or values between them. */
const KEEPS_BOUNDS = new Set([
  ...['Identity', 'Cast', 'Dropout', 'QuantizeLinear', 'DequantizeLinear', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'],
  ...['Transpose', 'Slice', 'Split', 'Gather', 'GatherElements', 'GatherND', 'Tile', 'Expand', 'Resize', 'Upsample'],
  ...['MaxPool', 'AveragePool', 'GlobalMaxPool', 'GlobalAveragePool', 'ReduceMax', 'ReduceMin', 'ReduceMean', 'DepthToSpace'],
])
const COMPARES = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'And', 'Or'])
const YES_NO: Bounds = { low: 0, high: 1, isShare: true, isYesNo: true }
const SHARE: Bounds = { ...YES_NO, isYesNo: false }
const MASK: Bounds = { ...SHARE, isShare: false }

interface Search {
  readonly graph: GraphView
  readonly makers: ReadonlyMap<string, NodeView>
}

/** null: the graph sets none. */
export const boundsOf = (of: Search, value: string): Bounds | null => boundsAt({ ...of, known: new Map() }, value, 0)

/** Each value is looked at once, however many operators read it. */
interface Visit extends Search {
  readonly known: Map<string, Bounds | null>
}

function boundsAt(of: Visit, value: string, step: number): Bounds | null {
  const known = of.known.get(value)
  if (known !== undefined) return known
  const bounds = step > MOST_STEPS ? null : boundsBy(of, of.makers.get(value), step)
  of.known.set(value, bounds)
  return bounds
}

function boundsBy(of: Visit, node: NodeView | undefined, step: number): Bounds | null {
  if (node === undefined || node.domain !== '') return null
  const { opType, inputs } = node
  const input = (k: number) => boundsAt(of, inputs[k] ?? '', step + 1)
  if (opType === 'Sigmoid' || opType === 'HardSigmoid') return YES_NO
  if (opType === 'Softmax') return SHARE
  if (opType === 'Tanh') return { low: -1, high: 1, isShare: false, isYesNo: false }
  if (COMPARES.has(opType)) return MASK
  if (opType === 'Clip') return clipped(of, node, input(0))
  if (KEEPS_BOUNDS.has(opType)) return input(0)
  if (opType === 'Sqrt') return withinOne(input(0))
  if (opType === 'Mul' && inputs.length === 2)
    return product(withinOne(input(0)), inputs[0] === inputs[1] ? null : withinOne(input(1)))
  return opType === 'Concat' ? union(inputs.map((_, k) => input(k))) : null
}

const withinOne = (one: Bounds | null): Bounds | null => (one !== null && one.low >= 0 && one.high <= 1 ? one : null)

/** A share of a share: an objectness times a class. */
const product = (a: Bounds | null, b: Bounds | null): Bounds | null =>
  a === null || b === null ? null : { low: 0, high: 1, isShare: a.isShare || b.isShare, isYesNo: a.isYesNo || b.isYesNo }

function union(all: readonly (Bounds | null)[]): Bounds | null {
  const known = all.filter((one) => one !== null)
  if (known.length < all.length || known.length === 0) return null
  return {
    low: Math.min(...known.map(({ low }) => low)),
    high: Math.max(...known.map(({ high }) => high)),
    isShare: known.every(({ isShare }) => isShare),
    isYesNo: known.every(({ isYesNo }) => isYesNo),
  }
}

function clipped({ graph }: Search, { inputs, attributes }: NodeView, inner: Bounds | null): Bounds | null {
  const bound = (k: number, name: string) => graph.constants[inputs[k] ?? '']?.values?.[0] ?? attributes[name]
  const [low, high] = [bound(1, 'min'), bound(2, 'max')]
  if (typeof low !== 'number' || typeof high !== 'number' || Math.max(-low, high) > MOST_BOUND) return inner
  if (inner === null) return { low, high, isShare: false, isYesNo: false }
  return { ...inner, low: Math.max(low, inner.low), high: Math.min(high, inner.high) }
}
