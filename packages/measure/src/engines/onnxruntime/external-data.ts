// Weight files next to a model. WebAssembly has no file system of ours: it is handed their bytes with the model's.
// https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession.SessionOptions.html (externalData)
import fs from 'node:fs'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { externalRange, isExternal, tensorType } from '@whyslow/graph/tensor-data.ts'
import { holdersOf, tensorsIn } from '@whyslow/graph/walk.ts'
import { ModelProtoSchema } from 'onnx-buf'

/** A file by the name that the model has for it. */
export interface ModelFile {
  readonly name: string
  readonly path: string
}

/** The weight files that the model in `bytes`, read from `modelFile`, names; each is in the same folder, as reading the model has checked. */
export function externalFiles(bytes: Uint8Array, modelFile: string): ModelFile[] {
  const proto = fromBinary(ModelProtoSchema, bytes)
  const names = holdersOf(proto)
    .flatMap(tensorsIn)
    .filter(({ tensor }) => isExternal(tensor))
    .map(({ tensor, name }) => externalRange(tensor, tensorType(tensor, name), name).location)
  return [...new Set(names)].map((name) => ({ name, path: path.join(path.dirname(modelFile), name) }))
}

export interface LoadedModel {
  readonly bytes: Uint8Array
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[]
}

/** The model and its weight files, read. Throws the system's error if one is not there. */
export function loadModel(modelFile: string): LoadedModel {
  const bytes = fs.readFileSync(modelFile)
  const externalData = externalFiles(bytes, modelFile).map((file) => ({ path: file.name, data: fs.readFileSync(file.path) }))
  return { bytes, externalData }
}
