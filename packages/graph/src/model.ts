// A model in memory: ONNX's own ModelProto, where it came from, and how to reach weights that are not in it.
import type { ModelProto, NodeProto } from 'onnx-buf'
import type { TabularModel } from './forest/types.ts'

/** Reads bytes of one external weight file. Opened by `formats/`; nothing is read before it is requested. */
export interface WeightSource {
  readonly sizeBytes: number
  /** `length` bytes from `offset`. Throws a RangeError if the file is shorter. */
  read(offset: number, length: number): Uint8Array
}

export interface ModelSource {
  /** The path as the user gave it. */
  readonly file: string
  readonly format: string
  /** Hash of the model file itself, lower-case hex. */
  readonly sha256: string
  /** Model file and its external data together, bytes. */
  readonly sizeBytes: number
}

export interface Model {
  readonly proto: ModelProto
  readonly source: ModelSource
  /** The name each node bears in the source file, for formats whose nodes are made by conversion. */
  readonly origins: ReadonlyMap<NodeProto, string>
  /** External weights, keyed by the `location` written in the model. */
  readonly weights: ReadonlyMap<string, WeightSource>
  /** What the file of a tree or linear model says, exactly. `of` is the graph that was written of it: a changed graph means something else. */
  readonly tabular?: { readonly of: ModelProto; readonly model: TabularModel }
  /** The signature that was read from a file with several, if a runtime of the format runs another by default. */
  readonly signature?: string
  /** What of the file is not in the model, one line each. */
  readonly notes?: readonly string[]
  /** NumPy arrays (.npz) of inputs that the source has as an example: used where the user names none. */
  readonly example?: string
  /** This model as ONNX, where the engine does not read the source's format: commands write it when they open the model. */
  readonly writtenTo?: string
}

/** What an engine is given of a model as it was read. The source's path is for what is said to the reader. */
export const fileForEngine = ({ writtenTo, source }: Model): string => writtenTo ?? source.file

/** The user's own file: for an engine that was asked whether it reads the source's format. */
export const fileAsGiven = ({ source }: Pick<Model, 'source'>): string => source.file

/** The tabular model that this model is, as its file says it; undefined if it was read of none, or its graph was changed since. */
export const tabularOf = ({ tabular, proto }: Pick<Model, 'tabular' | 'proto'>): TabularModel | undefined =>
  tabular?.of === proto ? tabular.model : undefined
