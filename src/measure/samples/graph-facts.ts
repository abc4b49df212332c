// What a graph's own nodes and constants say about its inputs: sizes that a weight fixes, what an axis means, how many rows a
// table of embeddings has. Axes are followed from the input through operators that keep them, up to the first that tells.
// Operator inputs and attributes: https://onnx.ai/onnx/operators/
import type { GraphView, NodeView, ValueDeclaration } from '../../graph/types.ts'
import { constantShape, type Index, indexGraph, positionRows, type Use } from './graph-index.ts'

/** What an axis stands for. 'past': positions already in a key/value cache; 'state': layers or directions of a recurrent state. */
export type AxisMeaning =
  | 'batch'
  | 'channels'
  | 'depth'
  | 'height'
  | 'width'
  | 'sequence'
  | 'past'
  | 'samples'
  | 'features'
  | 'state'
  | 'unknown'

export interface AxisFact {
  /** The size a weight asks for. */
  readonly size?: number
  readonly meaning?: AxisMeaning
}

export interface InputFacts {
  /** By axis; empty where nothing is known. */
  readonly axes: readonly AxisFact[]
  /** Rank of the first operator that has one, for inputs declared without a shape. */
  readonly rank?: number
  /** Set where the input indexes a table: ids lie in 0..tableRows-1. */
  readonly tableRows?: number
  /** Rows of the table of positions beside the token table: the longest sequence. */
  readonly maxLength?: number | undefined
  /** Constants the input is compared with for equality: the values that choose what runs. */
  readonly comparedWith: readonly number[]
  /** True where the input is the initial state of a recurrent operator. */
  readonly isState: boolean
}

/** Follows at most this many values from one input: what tells stands near the door. */
const FOLLOWED_VALUES = 64

const KEEPS_AXES = new Set(
  'Identity Cast Neg Abs Sqrt Log Exp Clip Relu Sigmoid Tanh LeakyRelu Elu Dropout Round Floor Ceil Not Softmax Normalizer Pad QuantizeLinear DequantizeLinear DynamicQuantizeLinear'.split(
    ' ',
  ),
)
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'PRelu'])
const SPATIAL: Readonly<Record<number, readonly AxisMeaning[]>> = {
  3: ['batch', 'channels', 'samples'],
  4: ['batch', 'channels', 'height', 'width'],
  5: ['batch', 'channels', 'depth', 'height', 'width'],
}

/** Facts by input name. Subgraphs are searched too: an input may be used in a branch only. */
export function readInputFacts(declared: readonly ValueDeclaration[], graph: GraphView): ReadonlyMap<string, InputFacts> {
  const index = indexGraph(graph)
  return new Map(declared.map((input) => [input.name, follow(input, index)]))
}

function follow(input: ValueDeclaration, index: Index): InputFacts {
  const rank = input.shape?.length
  const axes: { size?: number; meaning?: AxisMeaning }[] = Array.from({ length: rank ?? 0 }, () => ({}))
  const told: { rank?: number; tableRows?: number; maxLength?: number | undefined; comparedWith: number[]; isState: boolean } = {
    comparedWith: [],
    isState: false,
  }
  /** `map[i]`: the input's axis that axis i of the value is, null where it is none. */
  const queue: { value: string; map: readonly (number | null)[] | null }[] = [
    { value: input.name, map: rank === undefined ? null : axes.map((_, axis) => axis) },
  ]
  const seen = new Set([input.name])

  for (let at = 0; at < queue.length && at < FOLLOWED_VALUES; at++) {
    const { value, map } = queue[at]!
    for (const use of index.uses.get(value) ?? []) {
      const next = visit(use, map)
      const output = use.node.outputs[0]
      if (next === undefined || output === undefined || seen.has(output)) continue
      seen.add(output)
      queue.push({ value: output, map: next })
    }
  }
  return { axes, ...told }

  function tell(map: readonly (number | null)[] | null, axis: number, fact: AxisFact): void {
    const own = map?.[axis < 0 ? map.length + axis : axis]
    const target = own === null || own === undefined ? undefined : axes[own]
    if (target === undefined) return
    if (fact.size !== undefined && fact.size > 0) target.size ??= fact.size
    if (fact.meaning !== undefined) target.meaning ??= fact.meaning
  }

  /** Notes what this use tells; gives the axis map of its first output where the axes live on. */
  function visit(
    { node, index: at }: Use,
    map: readonly (number | null)[] | null,
  ): readonly (number | null)[] | null | undefined {
    const shapeOf = (input: number) => constantShape(node.inputs[input], index)
    switch (node.opType) {
      case 'Conv':
      case 'FusedConv':
      case 'ConvInteger':
      case 'QLinearConv':
      case 'ConvTranspose': {
        const weight = shapeOf(node.opType === 'QLinearConv' ? 3 : 1)
        if (at !== 0 || weight === undefined) return undefined
        told.rank ??= weight.length
        const meanings = SPATIAL[weight.length] ?? []
        const group = typeof node.attributes.group === 'number' ? node.attributes.group : 1
        const channels = node.opType === 'ConvTranspose' ? weight[0]! : weight[1]! * group
        meanings.forEach((meaning, axis) => {
          // One channel along one axis is a signal; many are features over time.
          const told = meaning === 'samples' && channels > 1 ? 'sequence' : meaning
          tell(map, axis, axis === 1 ? { meaning, size: channels } : { meaning: told })
        })
        return undefined
      }
      case 'MaxPool':
      case 'AveragePool':
      case 'GlobalAveragePool':
      case 'Resize':
      case 'Upsample':
        if (at === 0) (SPATIAL[map?.length ?? 0] ?? []).forEach((meaning, axis) => void tell(map, axis, { meaning }))
        return undefined
      case 'STFT':
        if (at === 0) tell(map, 1, { meaning: 'samples' })
        return undefined
      case 'Gemm': {
        const weight = shapeOf(1)
        if (at !== 0 || weight === undefined) return undefined
        told.rank ??= 2
        const transposed = node.attributes.transA === 1
        tell(map, transposed ? 0 : 1, { meaning: 'features', size: weight[node.attributes.transB === 1 ? 1 : 0]! })
        tell(map, transposed ? 1 : 0, { meaning: 'batch' })
        return undefined
      }
      case 'MatMul':
      case 'MatMulInteger': {
        const other = shapeOf(1 - at)
        if (at > 1 || other === undefined) return undefined
        if (at === 0) tell(map, -1, { meaning: 'features', size: other.at(-2) ?? other[0]! })
        else tell(map, -2, { meaning: 'features', size: other.at(-1)! })
        return undefined
      }
      case 'Gather': {
        const table = shapeOf(0)
        if (at !== 1 || table === undefined) return undefined
        const axis = typeof node.attributes.axis === 'number' ? node.attributes.axis : 0
        told.tableRows = Math.min(told.tableRows ?? Number.POSITIVE_INFINITY, table.at(axis)!)
        if (table.length === 2) told.maxLength ??= positionRows(table[1]!, node.inputs[0]!, index)
        return undefined
      }
      case 'EmbedLayerNormalization': {
        const rows = at < 2 ? shapeOf(at === 0 ? 2 : 4)?.[0] : undefined
        if (rows !== undefined) told.tableRows = rows
        told.maxLength ??= shapeOf(3)?.[0]
        return undefined
      }
      case 'LSTM':
      case 'GRU':
      case 'RNN': {
        const batchFirst = node.attributes.layout === 1
        const [batch, first] = batchFirst ? [0, 1] : [1, 0]
        tell(map, batch, { meaning: 'batch' })
        told.rank ??= 3
        if (at === 0) {
          tell(map, first, { meaning: 'sequence' })
          tell(map, 2, { meaning: 'features', size: shapeOf(1)?.[2] ?? 0 })
        } else if (at === 5 || at === 6) {
          told.isState = true
          tell(map, first, { meaning: 'state', size: shapeOf(2)?.[0] ?? 0 })
          tell(map, 2, { meaning: 'state', size: shapeOf(2)?.[2] ?? 0 })
        }
        return undefined
      }
      case 'BatchNormalization':
      case 'InstanceNormalization':
        if (at !== 0) return undefined
        tell(map, 1, { meaning: 'channels', size: shapeOf(1)?.[0] ?? 0 })
        return map
      case 'LayerNormalization':
        if (at === 0) tell(map, -1, { size: shapeOf(1)?.at(-1) ?? 0 })
        return at === 0 ? map : undefined
      case 'Equal': {
        const other = index.constants.get(node.inputs[1 - at] ?? '')
        if (other?.values?.length === 1) told.comparedWith.push(other.values[0]!)
        return undefined
      }
      case 'Scaler':
      case 'Imputer': {
        const numbers = node.attributes.offset ?? node.attributes.scale ?? node.attributes.imputed_value_floats
        if (Array.isArray(numbers) && numbers.length > 1) tell(map, -1, { meaning: 'features', size: numbers.length })
        return map
      }
      case 'LinearClassifier':
      case 'LinearRegressor': {
        const { coefficients, intercepts, targets } = node.attributes
        const rows = Array.isArray(intercepts) ? intercepts.length : typeof targets === 'number' ? targets : 1
        if (Array.isArray(coefficients)) tell(map, -1, { meaning: 'features', size: coefficients.length / Math.max(1, rows) })
        return undefined
      }
      case 'TreeEnsembleClassifier':
      case 'TreeEnsembleRegressor':
      case 'TreeEnsemble': {
        const ids = node.attributes.nodes_featureids
        if (!Array.isArray(ids)) return undefined
        const last = (ids as number[]).reduce((most, id) => Math.max(most, id), 0)
        tell(map, -1, { meaning: 'features', size: last + 1 })
        return undefined
      }
      case 'Transpose': {
        const perm = node.attributes.perm
        if (map === null) return undefined
        return Array.isArray(perm) ? (perm as number[]).map((axis) => map[axis] ?? null) : [...map].reverse()
      }
      case 'Unsqueeze':
      case 'Squeeze':
        return map === null || at !== 0 ? undefined : reshaped(node, map, index)
      default:
        if (KEEPS_AXES.has(node.opType)) return at === 0 ? map : undefined
        if (ELEMENTWISE.has(node.opType)) return broadcast(node, at, map)
        return undefined
    }
  }

  /** A constant operand fixes the axes on which it is longer than 1. */
  function broadcast(node: NodeView, at: number, map: readonly (number | null)[] | null): typeof map | undefined {
    const other = node.inputs[1 - at]
    if (other === node.inputs[at]) return map
    const shape = constantShape(other, index)
    if (shape === undefined || map === null) return undefined
    shape.forEach((size, axis) => {
      if (size > 1) tell(map, axis - shape.length, { size })
    })
    return shape.length > map.length ? [...Array<null>(shape.length - map.length).fill(null), ...map] : map
  }
}

function reshaped(node: NodeView, map: readonly (number | null)[], index: Index): readonly (number | null)[] | undefined {
  const given = node.attributes.axes ?? index.constants.get(node.inputs[1] ?? '')?.values
  if (!Array.isArray(given)) return undefined
  const axes = given as number[]
  const rank = node.opType === 'Squeeze' ? map.length : map.length + axes.length
  const touched = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)))
  if (node.opType === 'Squeeze') return map.filter((_, axis) => !touched.has(axis))
  const rest = [...map]
  return Array.from({ length: rank }, (_, axis) => (touched.has(axis) ? null : (rest.shift() ?? null)))
}
