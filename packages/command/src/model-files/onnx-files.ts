// A model as an ONNX file, with its weights next to it. Protobuf ends at 2 GB, so weights that would lead beyond it go into a file of their own.

import { EXTERNALIZED_FROM_BYTES } from '@whyslow/graph/externalize-weights.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { TensorProto } from 'onnx-buf'
import { encodeModel, sizeOf } from './encode-model.ts'
import type { Folder } from './folder.ts'
import { relocateWeights } from './relocate.ts'

export const MODEL_FILE = 'model.onnx'
/** Lengths in protobuf are 31 bits. */
const PROTOBUF_LIMIT_BYTES = 2 ** 31 - 1

/**
 * Writes `model.onnx` (or `name`) and, if it has external data or would pass `limitBytes`, `model.onnx.data` next to it. Throws InputError if it passes the limit even
 * so.
 */
export async function writeModelFiles(
  model: Model,
  folder: Folder,
  limitBytes = PROTOBUF_LIMIT_BYTES,
  name = MODEL_FILE,
): Promise<void> {
  let relocated = relocateWeights(model, name, new Set())
  let chunks = encodeModel(relocated.proto)
  if (sizeOf(chunks) > limitBytes) {
    relocated = relocateWeights(model, name, largeInitializers(model))
    chunks = encodeModel(relocated.proto)
  }
  if (sizeOf(chunks) > limitBytes) {
    const from = model.source.file
    throw new InputError(`${from}: the model would be above 2 GB without its weights; save its constants as initializers`)
  }
  await folder.add(name, 'model', chunks)
  for (const { path, chunks } of relocated.files) await folder.add(path, 'weights', chunks)
}

function largeInitializers({ proto }: Model): Set<TensorProto> {
  const initializers = proto.graph?.initializer ?? []
  return new Set(initializers.filter(({ rawData }) => rawData.byteLength >= EXTERNALIZED_FROM_BYTES))
}
