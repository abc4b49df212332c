// Element types as TFLite numbers them, and which its kernels compute with.
import type { DType } from '@whyslow/graph/types.ts'
import type { OperatorName } from '../operator-codes.ts'
import { TENSOR_TYPES } from '../schema.ts'

/** The place of the type in the schema's list; undefined if TFLite has none such. */
export function typeNumber(dtype: DType): number | undefined {
  const number = (TENSOR_TYPES as readonly string[]).indexOf(dtype.toUpperCase())
  return number < 0 ? undefined : number
}

/** Types of their first input that LiteRT's kernels do not compute with, where exporters of ONNX have them. */
const WITHOUT_KERNEL: Readonly<Partial<Record<OperatorName, readonly DType[]>>> = {
  ABS: ['int64'],
  ARG_MAX: ['int64'],
  ARG_MIN: ['int64'],
  BATCH_MATMUL: ['int32', 'int64'],
  DIV: ['int64'],
  POW: ['int64'],
  RELU: ['int32', 'int64'],
  SIGN: ['int64'],
}

export const hasKernel = (code: OperatorName, dtype: DType): boolean => WITHOUT_KERNEL[code]?.includes(dtype) !== true
