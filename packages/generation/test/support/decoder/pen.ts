// Writes the nodes of a graph one by one, and weights as float32, float16, 4 or 8 bits in blocks, or 8 bits with activations quantized as they come.
import { type AttributeValue, type NodeHead, node, rawTensor } from '@whyslow/graph/build.ts'
import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import type { Matrix } from './weights.ts'

export type WeightType = 'float32' | 'float16' | 'int4' | 'int8' | 'int8-blocks'

export interface Pen {
  readonly nodes: NodeProto[]
  /** The one output of a node. */
  op(head: string | NodeHead, inputs: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>): string
  ops(
    head: string | NodeHead,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, AttributeValue>>,
  ): void
  /** A constant of the type that the graph computes in. */
  floats(name: string, dims: readonly number[], values: Float32Array<ArrayBuffer>): string
  ints(values: readonly number[], dims?: readonly number[]): string
  /** x W. */
  product(x: string, name: string, matrix: Matrix, type?: WeightType): string
  name(hint: string): string
  /** One for a branch of an If, whose weights are this graph's. */
  branch(): Pen
}

interface Shared {
  readonly initializers: Map<string, TensorProto>
  count: number
  readonly computesIn: 'float32' | 'float16'
  readonly weights: WeightType
  readonly accuracyLevel: number | null
  readonly block: number
}

export interface PenOptions {
  readonly weights: WeightType
  readonly accuracyLevel: number | null
  readonly block: number
}

export function penFor({ weights, accuracyLevel, block }: PenOptions): Pen & { readonly initializers: Map<string, TensorProto> } {
  const computesIn = weights === 'float16' ? 'float16' : 'float32'
  const shared: Shared = { initializers: new Map(), count: 0, computesIn, weights, accuracyLevel, block }
  return { ...penOf(shared), initializers: shared.initializers }
}

function penOf(shared: Shared): Pen {
  const nodes: NodeProto[] = []
  const name = (hint: string): string => `${hint}_${shared.count++}`
  const keep = (tensor: TensorProto): string => {
    if (!shared.initializers.has(tensor.name)) shared.initializers.set(tensor.name, tensor)
    return tensor.name
  }
  const pen: Pen = {
    nodes,
    name,
    branch: () => penOf(shared),
    op(head, inputs, attributes = {}) {
      const output = name(typeof head === 'string' ? head : head.opType)
      pen.ops(head, inputs, [output], attributes)
      return output
    },
    ops(head, inputs, outputs, attributes = {}) {
      const { opType, domain = '' } = typeof head === 'string' ? { opType: head } : head
      nodes.push(node({ opType, domain, name: `/${outputs[0]}` }, inputs, outputs, attributes))
    },
    floats(given, dims, values) {
      if (shared.initializers.has(given)) return given
      const half = shared.computesIn === 'float16'
      return keep(rawTensor(given, shared.computesIn, dims, bytesOf(half ? toFloat16Clamped(values).bits : values)))
    },
    ints(values, dims = [values.length]) {
      const given = `ints_${dims.join('x')}_${values.join('_')}`
      return keep(rawTensor(given, 'int64', dims, bytesOf(BigInt64Array.from(values, BigInt))))
    },
    product(x, given, matrix, type = shared.weights) {
      const dims = [matrix.inputs, matrix.outputs]
      if (type === 'float32' || type === 'float16') return pen.op('MatMul', [x, pen.floats(given, dims, matrix.values)])
      if (type === 'int8') return dynamic(pen, { keep, x, given, matrix })
      return inBlocks(pen, { shared, keep, x, given, matrix }, type === 'int4' ? 4 : 8)
    },
  }
  return pen
}

type Bits = 4 | 8

interface Product {
  readonly keep: (tensor: TensorProto) => string
  readonly x: string
  readonly given: string
  readonly matrix: Matrix
}

/** https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits */
function inBlocks(pen: Pen, { shared, keep, x, given, matrix }: Product & { readonly shared: Shared }, bits: Bits): string {
  const { inputs, outputs } = matrix
  const { block, accuracyLevel } = shared
  const blocks = Math.ceil(inputs / block)
  const name = `${given}_Q${bits}`
  if (!shared.initializers.has(name)) {
    const { packed, scales } = quantizeBlocks(matrix, block, bits)
    keep(rawTensor(name, 'uint8', [outputs, blocks, (block * bits) / 8], packed))
    keep(rawTensor(`${given}_scales`, 'float32', [outputs * blocks], bytesOf(scales)))
  }
  return pen.op({ opType: 'MatMulNBits', domain: 'com.microsoft' }, [x, name, `${given}_scales`], {
    K: inputs,
    N: outputs,
    bits,
    block_size: block,
    ...(accuracyLevel === null ? {} : { accuracy_level: accuracyLevel }),
  })
}

/** As onnxruntime.quantization.quantize_dynamic writes a MatMul. */
function dynamic(pen: Pen, { keep, x, given, matrix }: Product): string {
  const { values, scale } = quantize8(matrix)
  keep(rawTensor(`${given}_quantized`, 'int8', [matrix.inputs, matrix.outputs], bytesOf(values)))
  keep(rawTensor(`${given}_zero_point`, 'int8', [], new Uint8Array(1)))
  const [codes, xScale, zeroPoint] = [pen.name('codes'), pen.name('scale'), pen.name('zero_point')]
  pen.ops('DynamicQuantizeLinear', [x], [codes, xScale, zeroPoint])
  const whole = pen.op('MatMulInteger', [codes, `${given}_quantized`, zeroPoint, `${given}_zero_point`])
  const scales = pen.op('Mul', [xScale, pen.floats(`${given}_scale`, [], Float32Array.of(scale))])
  return pen.op('Mul', [pen.op('Cast', [whole], { to: 1 }), scales])
}

/** Symmetric in blocks of one output's inputs, the middle code as zero. */
function quantizeBlocks({ inputs, outputs, values }: Matrix, block: number, bits: Bits) {
  const middle = 2 ** (bits - 1)
  const perByte = 8 / bits
  const blocks = Math.ceil(inputs / block)
  const packed = new Uint8Array((outputs * blocks * block) / perByte)
  const scales = new Float32Array(outputs * blocks)
  for (let n = 0; n < outputs; n++) {
    for (let b = 0; b < blocks; b++) {
      let largest = 0
      for (let k = b * block; k < Math.min(inputs, (b + 1) * block); k++) {
        const value = values[k * outputs + n]!
        if (Math.abs(value) > Math.abs(largest)) largest = value
      }
      const scale = largest / -middle
      scales[n * blocks + b] = scale
      for (let k = 0; k < block; k++) {
        const at = b * block + k
        const value =
          at < inputs && scale !== 0
            ? Math.min(2 * middle - 1, Math.max(0, Math.round(values[at * outputs + n]! / scale) + middle))
            : middle
        packed[Math.floor(((n * blocks + b) * block + k) / perByte)]! |= value << (bits * (k % perByte))
      }
    }
  }
  return { packed, scales }
}

/** What the blocks hold, as numbers: the reference of a graph with such weights. */
export function roundedTo4Bits(matrix: Matrix, block = 32): Matrix {
  const { inputs, outputs } = matrix
  const { packed, scales } = quantizeBlocks(matrix, block, 4)
  const blocks = Math.ceil(inputs / block)
  const values = new Float32Array(matrix.values.length)
  for (let n = 0; n < outputs; n++) {
    for (let k = 0; k < inputs; k++) {
      const at = (n * blocks + Math.floor(k / block)) * block + (k % block)
      const code = (packed[at >> 1]! >> (4 * (at & 1))) & 15
      values[k * outputs + n] = (code - 8) * scales[n * blocks + Math.floor(k / block)]!
    }
  }
  return { inputs, outputs, values }
}

function quantize8({ values }: Matrix): { readonly values: Int8Array<ArrayBuffer>; readonly scale: number } {
  let most = 0
  for (const value of values) most = Math.max(most, Math.abs(value))
  // One bit is left free: without VNNI, kernels of x86 add two products in 16 bits.
  const scale = most / 63
  return { values: Int8Array.from(values, (value) => Math.round(value / scale)), scale }
}

function bytesOf(array: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
