// Dynamic int8: weights quantized once, what is multiplied with them at each prediction by its own range. Written as the chain that
// onnxruntime fuses into DynamicQuantizeMatMul (one reader of the quantized value) or MatMulIntegerToFloat (several):
// DynamicQuantizeLinear -> MatMulInteger -> Cast -> Mul(scales) -> Add(1-D constant). One quantizer per value, shared by its readers.
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/matmul_integer_to_float.cc
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/dynamic_quantize_matmul_fusion.cc

import { floatTensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import { transposeMatrix } from '@whyslow/graph/rewrite/matrices.ts'
import type { NodeProto } from 'onnx-buf'
import { biasOf, type Product, productOf, scaledWeights } from './product.ts'
import type { LayerOutcome, QuantizeRewrite } from './rewriting.ts'
import { type QuantizedWeights, quantizeWeights, weightSqnrDb } from './weights.ts'

export const NOT_FINITE = 'its weights hold NaN or infinity'

/** The names of a value quantized by its own range. */
export interface QuantizedValue {
  readonly quantized: string
  readonly scale: string
  readonly zeroPoint: string
}

/** The value quantized to uint8; once per value. */
export function quantizedByRange(rewriting: QuantizeRewrite, value: string): QuantizedValue {
  return rewriting.once(`dynamic value ${value}`, () => {
    const quantized = rewriting.fresh(`${value}_quantized`)
    const scale = rewriting.fresh(`${value}_scale`)
    const zeroPoint = rewriting.fresh(`${value}_zero_point`)
    rewriting.add(
      node(
        { opType: 'DynamicQuantizeLinear', name: rewriting.fresh(`${value}_QuantizeLinear`) },
        [value],
        [quantized, scale, zeroPoint],
      ),
    )
    return { quantized, scale, zeroPoint }
  })
}

/** A MatMul or Gemm with constant weights, and the Add of its bias. */
export function dynamicProduct(rewriting: QuantizeRewrite, layer: NodeProto): LayerOutcome {
  const product = productOf(rewriting.matching, layer)
  if (typeof product === 'string') return product
  const weights = quantizedMatrix(rewriting, product)
  if (weights === undefined) return NOT_FINITE
  const { fresh } = rewriting
  const x = quantizedByRange(rewriting, product.x)
  const result = product.last.output[0]!
  const hint = layer.name || result
  const [whole, real, scales] = [fresh(`${result}_quantized`), fresh(`${result}_cast`), fresh(`${result}_scales`)]
  rewriting.remove(...product.parts)
  rewriting.add(
    node(
      { opType: 'MatMulInteger', name: fresh(`${hint}_quant`) },
      [x.quantized, weights.values, x.zeroPoint, weights.zeroPoint],
      [whole],
    ),
    node({ opType: 'Cast', name: fresh(`${hint}_cast`) }, [whole], [real], { to: dataTypeOf('float32') }),
    node({ opType: 'Mul', name: fresh(`${hint}_scales_mul`) }, [x.scale, weights.scale], [scales]),
  )
  let at = real
  const step = (opType: string, other: string, isLast: boolean) => {
    const output = isLast ? result : fresh(`${result}_scaled`)
    rewriting.add(node({ opType, name: fresh(`${hint}_${opType.toLowerCase()}`) }, [at, other], [output]))
    at = output
  }
  const bias = biasOf(rewriting.matching, product)
  step('Mul', scales, bias === undefined && product.added === undefined)
  if (bias !== undefined) step('Add', rewriting.initializer(floatTensor(fresh(`${result}_bias`), [bias.length], bias)), true)
  if (product.added !== undefined) step('Add', product.added, true)
  return { precision: 'dynamic', weightSqnrDb: weights.sqnrDb }
}

interface Matrix {
  readonly values: string
  readonly scale: string
  readonly zeroPoint: string
  readonly sqnrDb: number
}

/** The weights as constants [K, N] in 8 bits; once for all layers that share them. */
export function quantizedMatrix(rewriting: QuantizeRewrite, product: Product): Matrix | undefined {
  const { weights, k, n, turned, alpha } = product
  return rewriting.once(`dynamic weights ${weights.name} ${turned} ${alpha}`, () => {
    const { options } = rewriting.choice
    const given = { values: scaledWeights(rewriting.matching, product), shape: weights.shape }
    const quantized = quantizeWeights(given, {
      type: options.weights,
      symmetric: options.weightsSymmetric,
      reduced: options.reduceRange,
      axis: options.perChannel ? (turned ? 0 : 1) : null,
    })
    if (quantized === undefined) return undefined
    const values = turned ? transposeMatrix(quantized.values, n, k) : quantized.values
    return {
      ...addWeights(rewriting, weights.name, { ...quantized, values, shape: [k, n] }),
      sqnrDb: weightSqnrDb(given, quantized),
    }
  })
}

/** Adds quantized weights, their scales and zero points (a scalar each, or one per channel). */
export function addWeights(
  rewriting: QuantizeRewrite,
  name: string,
  { values, shape, scales, zeroPoints, axis }: QuantizedWeights,
) {
  const { fresh, initializer } = rewriting
  const dtype = values instanceof Int8Array ? 'int8' : 'uint8'
  const affineShape = axis === null ? [] : [scales.length]
  return {
    values: initializer(rawTensor(fresh(`${name}_quantized`), dtype, shape, bytesOf(values))),
    scale: initializer(floatTensor(fresh(`${name}_scale`), affineShape, scales)),
    zeroPoint: initializer(rawTensor(fresh(`${name}_zero_point`), dtype, affineShape, bytesOf(zeroPoints))),
  }
}

export function bytesOf(
  array: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
