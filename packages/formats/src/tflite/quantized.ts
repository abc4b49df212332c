// Quantized tensors and real numbers: real = scale · (stored - zero point), and the way back, rounded and kept within the stored type.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/g3doc/performance/quantization_spec.md

import { binary, cast, clip, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantArray, type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { bfloat16Value, float16Value } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Quantization } from './tensor-content.ts'

const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
}

/** Zero points in the stored type; whole numbers all. */
const ZERO_POINTS: Partial<Record<DType, (values: readonly number[]) => ConstantArray>> = {
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  int32: (values) => Int32Array.from(values),
}

const SIGNED_SHIFT = 128

/**
 * Activations of int8 are kept as uint8, 128 higher: the same numbers, in the type that onnxruntime on x86 computes with. It changes
 * types itself only where a value has one user, and leaves real arithmetic at every branch.
 */
export function toUnsigned<Stored extends { readonly dtype: DType; readonly quantization: Quantization | undefined }>(
  one: Stored,
): Stored {
  const { dtype, quantization } = one
  if (dtype !== 'int8' || quantization === undefined || quantization.scales.length !== 1) return one
  return {
    ...one,
    dtype: 'uint8',
    quantization: { ...quantization, zeroPoints: quantization.zeroPoints.map((point) => point + SIGNED_SHIFT) },
  }
}

/** A constant of int8 in the same way. */
export function unsignedConstant({ shape, data }: ConstantData): ConstantData {
  return { dtype: 'uint8', shape, data: Uint8Array.from(data as Int8Array, (value) => value + SIGNED_SHIFT) }
}

/** The smallest and the largest number of the stored type. */
export const storedRange = (dtype: DType): readonly [number, number] =>
  RANGES[dtype] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]

/** The smallest and the largest real number that is stored. */
export function quantizedRange({ scales, zeroPoints }: Quantization, dtype: DType): readonly [number, number] {
  const [low, high] = storedRange(dtype)
  return [(low - zeroPoints[0]!) * scales[0]!, (high - zeroPoints[0]!) * scales[0]!]
}

/** Real numbers (float32) of a stored value, constants too: an engine sees that they are kept as integers. */
export function dequantize(builder: GraphBuilder, value: Value, quantization: Quantization): Value {
  const { dtype, shape } = value
  const zeroPoints = ZERO_POINTS[dtype]
  const real = { dtype: 'float32', shape } as const
  if (zeroPoints !== undefined) {
    // If it makes weights uint8 (session.x64quantprecision), the engine names its tensors after them, and fails if two nodes read one.
    const weights = value.constant !== undefined && dtype === 'int8' ? value.constant : undefined
    const stored = weights === undefined ? value : builder.constantAlone(weights)
    const parts = parametersOf(builder, value, quantization, weights !== undefined)
    return builder.op('DequantizeLinear', [stored, parts.scale, parts.zeroPoint], real, parts.attributes)
  }
  // Of 16 and 64 bits ai.onnx 17 has none.
  const [scale, zeroPoint] = broadcastParameters(builder, value, quantization)
  const floats = cast(builder, value, 'float32')
  const centred = quantization.zeroPoints.every((point) => point === 0) ? floats : binary(builder, 'Sub', floats, zeroPoint)
  return binary(builder, 'Mul', centred, scale)
}

/** A real value (float32) as it is stored. */
export function quantize(
  builder: GraphBuilder,
  value: Value,
  { dtype, quantization }: { readonly dtype: DType; readonly quantization: Quantization },
): Value {
  const { shape } = value
  if (dtype === 'int8' || dtype === 'uint8') {
    const parts = parametersOf(builder, { dtype, shape }, quantization)
    return builder.op('QuantizeLinear', [value, parts.scale, parts.zeroPoint], { dtype, shape }, parts.attributes)
  }
  const [scale, zeroPoint] = broadcastParameters(builder, value, quantization)
  const steps = unary(builder, 'Round', binary(builder, 'Div', value, scale))
  const moved = quantization.zeroPoints.every((point) => point === 0) ? steps : binary(builder, 'Add', steps, zeroPoint)
  const [low, high] = RANGES[dtype] ?? [undefined, undefined]
  // The largest float32 below 2³¹: the next one is beyond what int32 holds.
  return cast(builder, clip(builder, moved, low, high === undefined ? undefined : Math.min(high, 2147483520)), dtype)
}

function parametersOf(
  builder: GraphBuilder,
  { dtype, shape }: Pick<Value, 'dtype' | 'shape'>,
  { scales, zeroPoints, axis }: Quantization,
  alone = false,
) {
  const single = scales.length === 1
  const sizes = single ? [] : [scales.length]
  const zeros = zeroPoints.length === scales.length ? zeroPoints : scales.map(() => zeroPoints[0] ?? 0)
  // DequantizeLinear of int32 takes no zero point but 0, which it has when it is left out.
  const content = dtype === 'int32' ? undefined : { dtype, shape: sizes, data: ZERO_POINTS[dtype]!(zeros) }
  return {
    scale: builder.constant(float32s(sizes, scales), 'scale'),
    zeroPoint: content && (alone ? builder.constantAlone(content, 'zero_point') : builder.constant(content, 'zero_point')),
    attributes: single ? {} : { axis: Math.min(axis, Math.max(shape.length - 1, 0)) },
  }
}

/** Scale and zero point as float32, broadcast along their axis. */
function broadcastParameters(
  builder: GraphBuilder,
  { shape }: Pick<Value, 'shape'>,
  { scales, zeroPoints, axis }: Quantization,
): [Value, Value] {
  const sizes = scales.length === 1 ? [] : shape.map((_, k) => (k === axis ? scales.length : 1))
  const zeros = zeroPoints.length === scales.length ? zeroPoints : scales.map(() => zeroPoints[0] ?? 0)
  return [builder.constant(float32s(sizes, scales), 'scale'), builder.constant(float32s(sizes, zeros), 'zero_point')]
}

/** The same numbers in float32. */
export function dequantizedConstant(constant: ConstantData, quantization?: Quantization): ConstantData {
  const { dtype, shape, data } = constant
  if (dtype === 'float32' || !ArrayBuffer.isView(data)) return constant
  const values = new Float32Array(data.length)
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const decode = dtype === 'float16' ? float16Value : bfloat16Value
    for (let k = 0; k < values.length; k++) values[k] = decode(data[k] as number)
    return float32s(shape, values)
  }
  if (quantization === undefined) {
    for (let k = 0; k < values.length; k++) values[k] = Number(data[k])
    return float32s(shape, values)
  }
  const { scales, zeroPoints, axis } = quantization
  const inner = scales.length === 1 ? values.length : elementCount(shape.slice(axis + 1))
  for (let k = 0; k < values.length; k++) {
    const channel = scales.length === 1 ? 0 : Math.floor(k / inner) % scales.length
    values[k] = Math.fround((Number(data[k]) - (zeroPoints[channel] ?? 0)) * scales[channel]!)
  }
  return float32s(shape, values)
}

/** A real value moved onto the steps of a scale, as if it had been stored (FAKE_QUANT, activations of hybrid kernels). */
export function onSteps(
  builder: GraphBuilder,
  value: Value,
  { scale, zeroPoint, low, high }: { scale: number; zeroPoint: number; low: number; high: number },
): Value {
  const steps = withNumber(builder, 'Add', unary(builder, 'Round', withNumber(builder, 'Div', value, scale)), zeroPoint)
  return withNumber(builder, 'Mul', withNumber(builder, 'Sub', clip(builder, steps, low, high), zeroPoint), scale)
}
