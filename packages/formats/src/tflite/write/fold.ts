// What TensorFlow's converter folds, folded: factors and sums of channels (BatchNormalization, biases) into the convolution or product before
// them, Relus into the operator before them, reshapes of reshapes into one. Graph in, graph out; what is read elsewhere stays.
import type { Dimension } from '@whyslow/graph/types.ts'
import type { OperatorName } from '../operator-codes.ts'
import { ACTIVATIONS } from '../schema.ts'
import { type LiteGraph, type LiteOperator, type LiteTensor, readersOf, readInstead, withoutUnread } from './lite-graph.ts'

/** Folding one thing lets the next be folded: Conv, Mul, Add, Relu are three rounds. */
const MOST_ROUNDS = 16

export function fold(graph: LiteGraph): LiteGraph {
  let current = graph
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = withoutUnread(foldOnce(current))
    if (next.operators.length === current.operators.length && next.operators.every((one, k) => one === current.operators[k]))
      break
    current = next
  }
  return { ...current, operators: current.operators.map((operator) => withoutZeroBias(withBodies(operator))) }
}

const withBodies = (operator: LiteOperator): LiteOperator =>
  operator.bodies === undefined ? operator : { ...operator, bodies: operator.bodies.map(fold) }

/** Each operator takes part in one change at most, so that changes do not see each other half done. */
function foldOnce(graph: LiteGraph): LiteGraph {
  const readers = readersOf(graph)
  const kept = new Set(graph.outputs.map(({ tensor }) => tensor))
  const makers = new Map(graph.operators.flatMap((operator) => operator.outputs.map((output) => [output, operator] as const)))
  const replaced = new Map<LiteOperator, LiteOperator>()
  const gone = new Set<LiteOperator>()
  const instead = new Map<LiteTensor, LiteTensor>()
  const touched = new Set<LiteOperator>()
  for (const operator of graph.operators) {
    if (touched.has(operator)) continue
    const shorter = shortened(operator, makers)
    if (shorter !== undefined) {
      if (shorter.tensor !== undefined) {
        if (kept.has(operator.outputs[0]!)) continue
        instead.set(operator.outputs[0]!, shorter.tensor)
        gone.add(operator)
      } else replaced.set(operator, shorter.operator)
      touched.add(operator)
      continue
    }
    const source = operator.inputs.map((input) => input && makers.get(input)).find((maker) => maker !== undefined)
    if (source === undefined || touched.has(source)) continue
    const [made] = source.outputs as [LiteTensor]
    if (source.outputs.length > 1 || kept.has(made) || (readers.get(made) ?? []).length !== 1) continue
    const merged = withActivation(source, operator) ?? withConstant(source, operator)
    const turned = merged === undefined ? activationFirst(source, operator) : undefined
    if (merged === undefined && turned === undefined) continue
    touched.add(source).add(operator)
    if (merged !== undefined) {
      replaced.set(source, merged)
      gone.add(operator)
    } else {
      replaced.set(source, turned![0])
      replaced.set(operator, turned![1])
    }
  }
  // What merged has the last one's result, and stands where the first stood.
  const operators = graph.operators.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one)
  return readInstead({ ...graph, operators }, instead)
}

type Shorter =
  | { readonly tensor: LiteTensor; readonly operator?: never }
  | { readonly tensor?: never; readonly operator: LiteOperator }

const RESHAPES: ReadonlySet<OperatorName> = new Set(['RESHAPE', 'EXPAND_DIMS', 'SQUEEZE'])

/** A reshape that undoes the one before it is its input; one after another reads what the first read. */
function shortened(operator: LiteOperator, makers: ReadonlyMap<LiteTensor, LiteOperator>): Shorter | undefined {
  if (!RESHAPES.has(operator.code)) return undefined
  const [input, target] = operator.inputs as [LiteTensor, LiteTensor?]
  const [output] = operator.outputs as [LiteTensor]
  if (sameSizes(input.shape, output.shape)) return { tensor: input }
  const before = makers.get(input)
  if (before === undefined || !RESHAPES.has(before.code)) return undefined
  const [first] = before.inputs as [LiteTensor]
  if (sameSizes(first.shape, output.shape)) return { tensor: first }
  if (operator.code !== 'RESHAPE' || target?.data === undefined) return undefined
  return { operator: { ...operator, inputs: [first, target] } }
}

/** Only the first size may be unknown: it is the batch, which no reshape here changes alone. */
const sameSizes = (a: readonly Dimension[], b: readonly Dimension[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis] && (size !== null || axis === 0))

const FUSABLE: Readonly<Partial<Record<OperatorName, number>>> = {
  RELU: ACTIVATIONS.indexOf('RELU'),
  RELU6: ACTIVATIONS.indexOf('RELU6'),
  RELU_N1_TO_1: ACTIVATIONS.indexOf('RELU_N1_TO_1'),
}
const FUSING: ReadonlySet<OperatorName> = new Set(['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED', 'ADD', 'SUB', 'MUL', 'DIV'])

function withActivation(source: LiteOperator, { code, outputs }: LiteOperator): LiteOperator | undefined {
  const activation = FUSABLE[code]
  if (activation === undefined || !FUSING.has(source.code) || !isBare(source) || outputs[0]!.dtype !== 'float32') return undefined
  const options = { ...source.options!, fields: { ...source.options!.fields, fused_activation_function: activation } }
  return { ...source, outputs, options }
}

/** An activation behind a reshape, as one-dimensional convolutions have it, may as well come before, if it can be fused. */
function activationFirst(source: LiteOperator, operator: LiteOperator): [LiteOperator, LiteOperator] | undefined {
  if (FUSABLE[operator.code] === undefined || !RESHAPES.has(source.code)) return undefined
  const [input, ...others] = source.inputs as [LiteTensor, ...LiteTensor[]]
  const [output] = operator.outputs as [LiteTensor]
  const between: LiteTensor = { name: `${output.name}/before`, dtype: output.dtype, shape: input.shape, holds: output.holds }
  return [
    { ...operator, inputs: [input], outputs: [between] },
    { ...source, inputs: [between, ...others], outputs: operator.outputs },
  ]
}

const isBare = ({ options }: LiteOperator): boolean => (options?.fields.fused_activation_function ?? 0) === 0

/** Axis of the output channels in the weights, and which input the bias is. */
const LINEAR: Readonly<Partial<Record<OperatorName, { readonly axis: number; readonly bias: number }>>> = {
  CONV_2D: { axis: 0, bias: 2 },
  CONV_3D: { axis: 4, bias: 2 },
  DEPTHWISE_CONV_2D: { axis: 3, bias: 2 },
  FULLY_CONNECTED: { axis: 0, bias: 2 },
  TRANSPOSE_CONV: { axis: 0, bias: 3 },
}

/** A factor goes into weights and bias, a sum into the bias. */
function withConstant(source: LiteOperator, operator: LiteOperator): LiteOperator | undefined {
  const linear = LINEAR[source.code]
  if (linear === undefined || !isBare(source) || !['ADD', 'SUB', 'MUL', 'DIV'].includes(operator.code)) return undefined
  const weights = source.inputs[1]
  const [left, right] = operator.inputs as [LiteTensor, LiteTensor]
  const first = left === source.outputs[0]
  if (!first && (operator.code === 'SUB' || operator.code === 'DIV')) return undefined
  const channels = Number(weights?.shape[linear.axis])
  const values = ofChannels(first ? right : left, channels)
  const own = source.inputs[linear.bias]
  if (
    values === undefined ||
    !(weights?.data instanceof Float32Array) ||
    (own !== undefined && !(own.data instanceof Float32Array))
  )
    return undefined
  if (operator.outputs[0]!.shape.length !== source.outputs[0]!.shape.length) return undefined
  const bias = (own?.data as Float32Array<ArrayBuffer> | undefined) ?? new Float32Array(channels)
  const inputs = [...source.inputs]
  const name = own?.name ?? (first ? right : left).name
  if (operator.code === 'ADD' || operator.code === 'SUB') {
    inputs[linear.bias] = {
      name,
      dtype: 'float32',
      shape: [channels],
      data: bias.map((one, k) => (operator.code === 'ADD' ? one + values[k]! : one - values[k]!)),
    }
  } else {
    const scaled = (one: number, k: number) => (operator.code === 'MUL' ? one * values[k]! : one / values[k]!)
    inputs[1] = { ...weights, data: scaledWeights(weights, linear.axis, scaled) }
    if (own !== undefined) inputs[linear.bias] = { ...own, data: bias.map(scaled) }
  }
  // The sum's own activation becomes the whole's.
  const fused = operator.options?.fields.fused_activation_function ?? 0
  const options = {
    ...source.options!,
    fields: { ...source.options!.fields, ...(fused === 0 ? {} : { fused_activation_function: fused }) },
  }
  return { ...source, inputs, outputs: operator.outputs, options }
}

/** A constant with one number for all, or one for each channel of the last axis. */
function ofChannels({ data, shape }: LiteTensor, channels: number): Float32Array | undefined {
  if (!(data instanceof Float32Array)) return undefined
  if (data.length === 1) return new Float32Array(channels).fill(data[0]!)
  return data.length === channels && shape.at(-1) === channels ? data : undefined
}

function scaledWeights(
  { data, shape }: LiteTensor,
  axis: number,
  scaled: (one: number, k: number) => number,
): Float32Array<ArrayBuffer> {
  const inner = (shape as readonly number[]).slice(axis + 1).reduce((all, size) => all * size, 1)
  const channels = shape[axis] as number
  return (data as Float32Array<ArrayBuffer>).map((one, at) => scaled(one, Math.floor(at / inner) % channels))
}

/** Products need none; convolutions' kernels do. */
function withoutZeroBias(operator: LiteOperator): LiteOperator {
  const bias = operator.inputs[2]
  if (operator.code !== 'FULLY_CONNECTED' || !(bias?.data instanceof Float32Array) || bias.data.some((one) => one !== 0))
    return operator
  return { ...operator, inputs: [...operator.inputs.slice(0, 2), undefined] }
}
