// Small models that hold one kernel each, built in code: what roofs are measured with.
// Operators: https://github.com/onnx/onnx/blob/main/docs/Operators.md and, for com.microsoft,
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { model, node, rawTensor, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'

export type ElementType = 'float32' | 'uint8' | 'int8' | 'int32'
export type Elements = Float32Array | Uint8Array | Int8Array

export interface Feed {
  readonly name: string
  readonly type: 'float32' | 'uint8'
  readonly shape: readonly number[]
  readonly data: Elements
}

/** A model with the inputs it is run on. */
export interface BuiltModel {
  readonly bytes: Uint8Array
  readonly feeds: readonly Feed[]
}

/** Numbers drawn before they repeat: far fewer than elements, and drawing takes longer than copying. */
const period = 4093

/** Values in -0.5..0.5 (float32), 0..127 (uint8), -64..63 (int8): from a fixed generator, so no run of zeros or denormals. */
function fill(type: 'float32' | 'uint8' | 'int8', length: number): Elements {
  const random = mulberry32(12345)
  const whole = () => Math.floor(128 * random())
  const draw = { float32: () => random() - 0.5, uint8: whole, int8: () => whole() - 64 }[type]
  const data = new { float32: Float32Array, uint8: Uint8Array, int8: Int8Array }[type](length)
  for (let at = 0; at < Math.min(period, length); at++) data[at] = draw()
  for (let done = period; done < length; done *= 2) data.copyWithin(done, 0, Math.min(done, length - done))
  return data
}

function constant(name: string, type: ElementType, shape: readonly number[], data: Elements): TensorProto {
  return rawTensor(name, type, shape, new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength))
}

function weights(name: string, type: 'float32' | 'uint8' | 'int8', shape: readonly number[]): TensorProto {
  return constant(name, type, shape, fill(type, count(shape)))
}

function scalar(name: string, type: 'float32' | 'uint8' | 'int8', value: number): TensorProto {
  const data = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array }[type].of(value)
  return constant(name, type, [], data)
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

interface Parts {
  readonly nodes: readonly NodeProto[]
  readonly initializers?: readonly TensorProto[]
  readonly feeds: readonly Feed[]
  readonly output: { readonly name: string; readonly type: ElementType }
}

/** IR version 9 and operator set 17 (ONNX 1.12, 2022): old enough for every engine in use. */
function build({ nodes, initializers = [], feeds, output }: Parts): BuiltModel {
  const inputs = feeds.map(({ name, type, shape }) => valueInfo(name, type, shape))
  const outputs = [valueInfo(output.name, output.type)]
  const opsets = { 'com.microsoft': 1 }
  return { bytes: writeModel(model({ nodes, inputs, outputs, initializers, opsets, irVersion: 9, name: 'roof' })), feeds }
}

function feed(name: string, type: 'float32' | 'uint8', shape: readonly number[]): Feed {
  return { name, type, shape, data: fill(type, count(shape)) }
}

/** [m, k] x constant [k, n]: 2 m k n FLOPs. */
export function matMul(m: number, k: number, n: number): BuiltModel {
  return build({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [weights('w', 'float32', [k, n])],
    feeds: [feed('x', 'float32', [m, k])],
    output: { name: 'y', type: 'float32' },
  })
}

export interface ConvShape {
  readonly inChannels: number
  readonly outChannels: number
  readonly size: number
  /** Square kernel, stride 1, padded so that the size stays. */
  readonly kernel: number
}

/** 2 outChannels inChannels kernel² size² FLOPs a layer, `layers` of them in a row where channels allow it. */
export function conv({ inChannels, outChannels, size, kernel }: ConvShape, layers = 1): BuiltModel {
  const attributes = { kernel_shape: [kernel, kernel], pads: Array(4).fill(kernel >> 1) as number[] }
  return build({
    nodes: Array.from({ length: layers }, (_, at) => node('Conv', [at === 0 ? 'x' : `y${at - 1}`, 'w'], [`y${at}`], attributes)),
    initializers: [weights('w', 'float32', [outChannels, inChannels, kernel, kernel])],
    feeds: [feed('x', 'float32', [1, inChannels, size, size])],
    output: { name: `y${layers - 1}`, type: 'float32' },
  })
}

/** Unsigned activations by constant weights, int32 out: 2 m k n operations. */
export function matMulInteger(weightType: 'uint8' | 'int8', m: number, k: number, n: number): BuiltModel {
  return build({
    nodes: [node('MatMulInteger', ['x', 'w', 'xZero', 'wZero'], ['y'])],
    initializers: [weights('w', weightType, [k, n]), scalar('xZero', 'uint8', 64), scalar('wZero', weightType, 0)],
    feeds: [feed('x', 'uint8', [m, k])],
    output: { name: 'y', type: 'int32' },
  })
}

/** float32 in and out, quantized inside. */
export function dynamicQuantizeMatMul(weightType: 'uint8' | 'int8', m: number, k: number, n: number): BuiltModel {
  return build({
    nodes: [node({ opType: 'DynamicQuantizeMatMul', domain: 'com.microsoft' }, ['x', 'w', 'wScale', 'wZero'], ['y'])],
    initializers: [weights('w', weightType, [k, n]), scalar('wScale', 'float32', 0.01), scalar('wZero', weightType, 0)],
    feeds: [feed('x', 'float32', [m, k])],
    output: { name: 'y', type: 'float32' },
  })
}

/** Quantized convolution, `layers` in a row, so that the one change of layout at the input does not count. */
export function qLinearConv(weightType: 'uint8' | 'int8', shape: ConvShape, layers = 1): BuiltModel {
  const { inChannels, outChannels, size, kernel } = shape
  const attributes = { kernel_shape: [kernel, kernel], pads: Array(4).fill(kernel >> 1) as number[] }
  const constants = ['w', 'wScale', 'wZero', 'scale', 'zero']
  return build({
    nodes: Array.from({ length: layers }, (_, at) => {
      const input = [at === 0 ? 'x' : `y${at - 1}`, 'scale', 'zero', ...constants]
      return node('QLinearConv', input, [`y${at}`], attributes)
    }),
    initializers: [
      weights('w', weightType, [outChannels, inChannels, kernel, kernel]),
      scalar('wScale', 'float32', 0.01),
      scalar('wZero', weightType, 0),
      scalar('scale', 'float32', 0.02),
      scalar('zero', 'uint8', 64),
    ],
    feeds: [feed('x', 'uint8', [1, inChannels, size, size])],
    output: { name: `y${layers - 1}`, type: 'uint8' },
  })
}

/**
 * One Abs of `count` elements into the engine's arena, `steps` operators that take turns in place (Neg, Abs), and a
 * reduction to one number, so that no output is allocated again. Elementwise kernels read and write every element.
 */
export function elementwiseChain(length: number, steps: number): BuiltModel {
  const nodes = [node('Abs', ['x'], ['y0'])]
  for (let step = 1; step <= steps; step++) nodes.push(node(step % 2 === 1 ? 'Neg' : 'Abs', [`y${step - 1}`], [`y${step}`]))
  nodes.push(node('ReduceMax', [`y${steps}`], ['y'], { keepdims: 0 }))
  return build({ nodes, feeds: [feed('x', 'float32', [length])], output: { name: 'y', type: 'float32' } })
}

/** Numbers in a row of what goes along the last axis (Softmax). */
const rowLength = 128

/** As `elementwiseChain`, with one operator ('domain:OpType' too) in all steps, on positive numbers; `second` is its second operand. */
export function functionChain(operator: string, length: number, steps: number, second?: number): BuiltModel {
  const [opType, domain = ''] = operator.split(':').reverse() as [string, string?]
  const more = second === undefined ? [] : ['second']
  const nodes = [node('Abs', ['x'], ['y0'])]
  for (let step = 1; step <= steps; step++) nodes.push(node({ opType, domain }, [`y${step - 1}`, ...more], [`y${step}`]))
  nodes.push(node('ReduceMax', [`y${steps}`], ['y'], { keepdims: 0 }))
  const columns = Math.min(rowLength, length)
  return build({
    nodes,
    initializers: second === undefined ? [] : [scalar('second', 'float32', second)],
    feeds: [feed('x', 'float32', [length / columns, columns])],
    output: { name: 'y', type: 'float32' },
  })
}

/** The largest of `data`: reads every element and writes one. */
export function reduction(data: Float32Array): BuiltModel {
  return build({
    nodes: [node('ReduceMax', ['x'], ['y'], { keepdims: 0 })],
    feeds: [{ name: 'x', type: 'float32', shape: [data.length], data }],
    output: { name: 'y', type: 'float32' },
  })
}

/** A vector of k by a matrix made of `data`, stored as told: the matrix is read once. */
export function vectorMatrix(data: Float32Array, k: number, stored: '[k, n]' | '[n, k]'): BuiltModel {
  const n = Math.floor(data.length / k)
  const matrix = data.subarray(0, k * n)
  return build({
    nodes: [node('Gemm', ['x', 'w'], ['y'], stored === '[n, k]' ? { transB: 1 } : {})],
    feeds: [
      feed('x', 'float32', [1, k]),
      { name: 'w', type: 'float32', shape: stored === '[n, k]' ? [n, k] : [k, n], data: matrix },
    ],
    output: { name: 'y', type: 'float32' },
  })
}

/** `length` float32 values that were written, so that every page of them is memory of its own. */
export function writtenFloats(length: number): Float32Array {
  return fill('float32', length) as Float32Array
}
