// A model written as a .tflite file that LiteRT and TensorFlow Lite run: float, or as formats/tflite/quantize changes the graph between.
import type { Model } from '@whyslow/graph/model.ts'
import { encode } from './encode.ts'
import { fold } from './fold.ts'
import { type LiteGraph, withSharedConstants } from './lite-graph.ts'
import { lower, type WriteTypes } from './lower.ts'
import { type Target, TFLITE } from './target.ts'

export { type LiteGraph, type LiteOperator, type LiteTensor, type Quantization, readersOf } from './lite-graph.ts'
export type { WriteTypes } from './lower.ts'
export type { WriteType } from './lowerer.ts'
export type { Target } from './target.ts'

/** The model with TFLite's operators, folded. `types`: of its values. Throws InputError, one line, if it cannot be written. */
export const liteGraph = (model: Model, types: WriteTypes, target: Target = TFLITE): LiteGraph =>
  fold(lower(model, types, target))

/** The bytes of the file. */
export const encodeLite = (graph: LiteGraph, file: string): Uint8Array<ArrayBuffer> => encode(withSharedConstants(graph), file)
