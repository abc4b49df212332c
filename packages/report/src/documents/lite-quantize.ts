// What `whyslow quantize -o name.tflite --json` writes: the file in fewer bits, and how its outputs agree with those of the float model.
import type { ConvertedFile } from './convert.ts'

export interface LiteQuantizeDocument {
  readonly schema: 'whyslow-quantize-tflite/1'
  readonly tool: { readonly version: string }
  readonly from: ConvertedFile
  readonly to: QuantizedFile
  readonly method: 'dynamic' | 'static' | 'float16'
  /** Operators written, by their names. */
  readonly operators: Readonly<Record<string, number>>
  /** Operators that compute on activations in float32. */
  readonly inFloat: Readonly<Record<string, number>>
  /** Constants of a quantized type, and those that stay float32 with as many elements as would pay. */
  readonly weights: { readonly small: number; readonly float: number }
  /** Samples that ranges of activations were found on; null if none are needed. */
  readonly calibration: { readonly samples: number; readonly source: 'data' | 'synthetic' } | null
  /** Outputs of the file, as this tool reads it, against those of the float model on the same samples; null if that could not be had. */
  readonly agreement: {
    readonly samples: number
    readonly source: 'data' | 'synthetic'
    readonly outputs: readonly {
      readonly name: string
      /** Over the size of the float model's numbers. */
      readonly maxRelative: number
      readonly sqnrDb: number | null
      readonly cosine: number | null
      /** Share of decisions that are the same; null for outputs that decide nothing. */
      readonly top1: number | null
    }[]
  } | null
  /** What is not known, each with its reason. */
  readonly unknown: readonly string[]
}

export interface QuantizedFile extends ConvertedFile {
  readonly floatSizeBytes: number // of the same model as .tflite in float32
}
