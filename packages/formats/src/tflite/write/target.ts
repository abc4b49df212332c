// Which runtime a channels-last graph is written for: TFLite, or another that runs NHWC.
import type { DType } from '@whyslow/graph/types.ts'
import type { OperatorName } from '../operator-codes.ts'
import { hasKernel } from './element-types.ts'

export interface Target {
  /** As messages call it. */
  readonly name: string
  /** Whether its operator computes with a first input of this type. */
  computes(code: OperatorName, dtype: DType): boolean
}

export const TFLITE: Target = { name: 'TFLite', computes: hasKernel }
