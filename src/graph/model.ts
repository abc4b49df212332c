// A model in memory: ONNX's own ModelProto, where it came from, and how to reach weights that are not in it.
import type { ModelProto, NodeProto } from 'onnx-buf'

/** Reads bytes of one external weight file. Opened by `formats/`; nothing is read before it is asked for. */
export interface WeightSource {
  readonly sizeBytes: number
  /** `length` bytes from `offset`. Throws a RangeError where the file is shorter. */
  read(offset: number, length: number): Uint8Array
}

export interface ModelSource {
  /** The path as the user gave it. */
  readonly file: string
  readonly format: string
  /** Of the model file itself, lower-case hex. */
  readonly sha256: string
  /** Model file and its external data together, bytes. */
  readonly sizeBytes: number
}

export interface Model {
  readonly proto: ModelProto
  readonly source: ModelSource
  /** The name each node bears in the source file, for formats whose nodes are made by conversion. */
  readonly origins: ReadonlyMap<NodeProto, string>
  /** By the `location` written in the model. */
  readonly weights: ReadonlyMap<string, WeightSource>
  /** This model as ONNX, where the engine does not read the source's format: commands write it when they open the model. */
  readonly writtenTo?: string
}

/** What an engine is given of a model as it was read. The source's path is for what is said to the reader. */
export const fileForEngine = ({ writtenTo, source }: Model): string => writtenTo ?? source.file
