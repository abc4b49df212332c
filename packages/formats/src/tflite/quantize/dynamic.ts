// Dynamic range, as TensorFlow's converter does it without data (Optimize.DEFAULT): large weights become int8, and kernels that can quantize
// what comes in as the model runs; of others the weights alone are small, behind a DEQUANTIZE that runs once. Biases stay float32.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/transforms/prepare_quantize_dynamic_range.cc
import type { LiteGraph, LiteOperator, LiteTensor } from '../write/index.ts'
import { quantizedWeights } from './numbers.ts'

/** Constants with fewer elements stay unchanged: the kernel would spend more on quantizing its input than it saves. */
const LEAST_ELEMENTS = 1024

interface Weights {
  /** Which input. */
  readonly input: number
  /** Axis of the channels, which have a scale each; null: one scale for all. */
  readonly axis: number | null
  /** The kernel quantizes its float input asymmetrically, and is told so. */
  readonly asymmetric?: boolean
  /** The kernel takes no int8 weights. */
  readonly weightsOnly?: boolean
}

const WEIGHTS: Readonly<Partial<Record<LiteOperator['code'], Weights>>> = {
  BATCH_MATMUL: { input: 1, axis: null, asymmetric: true },
  CONV_2D: { input: 1, axis: 0 },
  DEPTHWISE_CONV_2D: { input: 1, axis: 3 },
  EMBEDDING_LOOKUP: { input: 1, axis: 0 },
  FULLY_CONNECTED: { input: 1, axis: 0, asymmetric: true },
  GATHER: { input: 0, axis: null, weightsOnly: true },
  TRANSPOSE_CONV: { input: 1, axis: 0, weightsOnly: true },
}

/** The graph with int8 weights, and how many there are. Throws a RangeError if a weight is no finite number. */
export function dynamicRange(graph: LiteGraph): LiteGraph {
  const restored = new Map<LiteTensor, LiteTensor>()
  const operators = graph.operators.flatMap((operator): readonly LiteOperator[] => {
    const within = operator.bodies === undefined ? operator : { ...operator, bodies: operator.bodies.map(dynamicRange) }
    const weights = WEIGHTS[operator.code]
    const constant = weights && operator.inputs[weights.input]
    if (weights === undefined || !(constant?.data instanceof Float32Array) || constant.data.length < LEAST_ELEMENTS)
      return [within]
    const known = restored.get(constant)
    const small = known === undefined ? quantizedWeights(constant, weights.axis, 'exact') : constant
    if (weights.weightsOnly === true) {
      if (known !== undefined) return [withInput(within, weights.input, known)]
      const whole = { name: `${constant.name}/float`, dtype: constant.dtype, shape: constant.shape }
      restored.set(constant, whole)
      return [dequantize(small, whole, operator.origin), withInput(within, weights.input, whole)]
    }
    const changed = withInput(within, weights.input, small)
    if (weights.asymmetric !== true) return [changed]
    const options = { ...changed.options!, fields: { ...changed.options!.fields, asymmetric_quantize_inputs: true } }
    return [{ ...changed, options }]
  })
  return { ...graph, operators }
}

export const dequantize = (from: LiteTensor, to: LiteTensor, origin: string): LiteOperator => ({
  code: 'DEQUANTIZE',
  inputs: [from],
  outputs: [to],
  options: { table: 'DequantizeOptions', fields: {} },
  origin,
})

const withInput = (operator: LiteOperator, index: number, tensor: LiteTensor): LiteOperator => ({
  ...operator,
  inputs: operator.inputs.map((one, k) => (k === index ? tensor : one)),
})

/** Constants that are large enough, whatever their type; each once. */
export function largeConstants({ operators }: LiteGraph): LiteTensor[] {
  const own = operators.flatMap(({ inputs, bodies = [] }) => [...inputs, ...bodies.flatMap(largeConstants)])
  const large = own.filter(
    (one) => one?.data !== undefined && one.data.length >= LEAST_ELEMENTS && one.dtype !== 'int32',
  ) as LiteTensor[]
  return [...new Set(large)]
}
