// The constant weights of a product: floats of the file, or int8 with a scale for all or for each row or column that the engine makes floats of at
// each call. A table of embeddings that is quantized and shared with the head is read so: no kernel of onnxruntime multiplies by it as it is.
import { type Constant, readBytes } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, numberOf } from '@whyslow/graph/rewrite/match.ts'

export interface ConstantWeights {
  /** As the file holds it. */
  readonly constant: Constant
  /** null: it is float32. */
  readonly quantized: {
    readonly scales: Constant
    readonly zeroPoints: Constant | undefined
    /** Along which there are several scales. */
    readonly axis: number
  } | null
}

/** undefined: the value is no matrix of constants, or one that is quantized in another way. */
export function constantWeights(matching: Matching, name: string | undefined): ConstantWeights | undefined {
  const constant = matching.constant(name)
  if (constant !== undefined)
    return isMatrix(constant) && constant.dtype === 'float32' ? { constant, quantized: null } : undefined
  const made = matching.producer(name)
  if (!isOperator(made, 'DequantizeLinear') || numberOf(made, 'block_size', 0) > 0) return undefined
  const [integers, scales, zeroPoints] = made.input.map((input) => matching.constant(input))
  if (integers === undefined || !isMatrix(integers) || scales?.dtype !== 'float32') return undefined
  if (integers.dtype !== 'int8' && integers.dtype !== 'uint8') return undefined
  if (made.input[2] && zeroPoints?.dtype !== integers.dtype) return undefined
  const given = numberOf(made, 'axis', 1)
  const axis = given < 0 ? given + 2 : given
  const isFitting = scales.elementCount === 1 || scales.elementCount === integers.shape[axis]
  return isFitting ? { constant: integers, quantized: { scales, zeroPoints, axis } } : undefined
}

const isMatrix = ({ shape, elementCount }: Constant): boolean => shape.length === 2 && elementCount > 0

export function floatsOf(model: Model, { constant, quantized }: ConstantWeights): Float32Array {
  if (quantized === null) return float32(readBytes(model, constant))
  const scales = float32(readBytes(model, quantized.scales))
  const integers = numbers(model, constant)
  const zeros = quantized.zeroPoints === undefined ? undefined : numbers(model, quantized.zeroPoints)
  const columns = constant.shape[1]!
  const values = new Float32Array(integers.length)
  for (let at = 0; at < values.length; at++) {
    const channel = scales.length === 1 ? 0 : quantized.axis === 0 ? Math.floor(at / columns) : at % columns
    values[at] = (integers[at]! - (zeros?.[zeros.length === 1 ? 0 : channel] ?? 0)) * scales[channel]!
  }
  return values
}

function numbers(model: Model, constant: Constant): Int8Array | Uint8Array {
  const bytes = readBytes(model, constant)
  return constant.dtype === 'int8' ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
}

/** The bytes need not be at a multiple of four. */
function float32(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(buffer, byteOffset, byteLength / 4)
}
