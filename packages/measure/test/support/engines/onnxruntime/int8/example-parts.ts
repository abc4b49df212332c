// What quantized models for tests are put together from: constants, conversions to 8 bits and back, and the model around them.
// Inputs x (and z) are float; 16 channels at 8 x 8, or [8, 64] times [64, 32].

import { type AttributeValue, floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { ModelProto, NodeProto, TensorProto } from 'onnx-buf'

export type Attributes = Readonly<Record<string, AttributeValue>>
/** A per-tensor scale and zero point. */
export interface Parameters {
  readonly scale: number
  readonly zero: number
  readonly dtype: 'uint8' | 'int8' | 'uint16'
}

export const X: Parameters = { scale: 0.05, zero: 128, dtype: 'uint8' }
export const Y: Parameters = { scale: 0.1, zero: 120, dtype: 'uint8' }
export const CHANNELS = 16
export const IMAGE = [1, CHANNELS, 8, 8]

/** Numbers in ±size/2, the same for the same seed. */
export function noise(count: number, size: number, seed = 1): number[] {
  const random = mulberry32(seed)
  return Array.from({ length: count }, () => (random() - 0.5) * size)
}

export const int8Tensor = (name: string, shape: readonly number[], values: readonly number[]): TensorProto =>
  rawTensor(name, 'int8', shape, new Uint8Array(Int8Array.from(values, Math.round).buffer))
export const int32Tensor = (name: string, shape: readonly number[], values: readonly number[]): TensorProto =>
  rawTensor(name, 'int32', shape, new Uint8Array(Int32Array.from(values, Math.round).buffer))

export const int8Noise = (name: string, shape: readonly number[]): TensorProto =>
  int8Tensor(name, shape, noise(elementCount(shape), 200, shape.length))

/** The tensors 's' and 'z' behind a prefix. */
export function parameters(prefix: string, { scale, zero, dtype }: Parameters): TensorProto[] {
  const bytes = dtype === 'uint16' ? new Uint8Array(Uint16Array.of(zero).buffer) : Uint8Array.of(zero & 255)
  return [floatTensor(`${prefix}s`, [], [scale]), rawTensor(`${prefix}z`, dtype, [], bytes)]
}

/** QuantizeLinear with the parameters behind a prefix; `short`: without its zero point. */
export const quantize = (value: string, to: string, prefix: string, short = false): NodeProto =>
  node(
    { opType: 'QuantizeLinear', name: `${to}_quantize` },
    short ? [value, `${prefix}s`] : [value, `${prefix}s`, `${prefix}z`],
    [to],
  )
export const dequantize = (value: string, to: string, prefix: string, short = false): NodeProto =>
  node(
    { opType: 'DequantizeLinear', name: `${to}_dequantize` },
    short ? [value, `${prefix}s`] : [value, `${prefix}s`, `${prefix}z`],
    [to],
  )

interface Parts {
  readonly nodes: readonly NodeProto[]
  readonly initializers: readonly TensorProto[]
  readonly outputs: readonly string[]
  readonly shapes: Readonly<Record<string, readonly number[]>>
  readonly opset?: number | undefined
  readonly listed?: readonly string[] | undefined
  readonly opsets?: Readonly<Record<string, number>>
  readonly rows?: boolean
}

const DTYPES: Readonly<Record<number, 'float32' | 'uint8' | 'int8' | 'int32'>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
}

export function assemble({ nodes, initializers, outputs, shapes, opset, listed = [], opsets, rows }: Parts): ModelProto {
  const listedInputs = initializers
    .filter(({ name }) => listed.includes(name))
    .map(({ name, dataType, dims }) => valueInfo(name, DTYPES[dataType]!, dims.map(Number)))
  const inputs = Object.entries(shapes).map(([name, shape]) => valueInfo(name, 'float32', shape))
  return model({
    nodes,
    inputs: [...inputs, ...(rows ? [valueInfo('rows', 'int64', [4])] : []), ...listedInputs],
    outputs: outputs.map((name) => valueInfo(name, 'float32')),
    initializers: initializers.filter(({ name }) => !rows || name !== 'rows'),
    ...(opset === undefined ? {} : { opset }),
    ...(opsets === undefined ? {} : { opsets }),
  })
}
