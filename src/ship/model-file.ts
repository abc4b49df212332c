// The model's file, and weights next to it. Protobuf ends at 2 GB, so weights that would lead beyond it go into a file of their own.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import type { TensorProto } from 'onnx-buf'
import { EXTERNALIZED_FROM_BYTES } from '../graph/externalize-weights.ts'
import { InputError } from '../graph/input-error.ts'
import type { Model } from '../graph/model.ts'
import { encodeModel, sizeOf } from './encode-model.ts'
import type { Folder } from './folder.ts'
import { LIBRARIES } from './libraries.ts'
import type { ShipPlan } from './plan.ts'
import { relocateWeights } from './relocate.ts'

export const MODEL_FILE = 'model.onnx'
/** Lengths in protobuf are 31 bits. */
const PROTOBUF_LIMIT_BYTES = 2 ** 31 - 1
const CHUNK_BYTES = 16 * 2 ** 20

const formatOf = ({ library }: ShipPlan['engine']) => (library === undefined ? 'onnx' : LIBRARIES[library.name].format)

/** What the model is called in a folder that predicts with this. */
export const modelFileOf = (engine: ShipPlan['engine']): string => `model.${formatOf(engine)}`

/**
 * Writes the model of the plan into the folder: the original's own bytes where they are of the format that is wanted and nothing in it was
 * changed. Throws InputError where it cannot be written.
 */
export async function writeModelOf(
  { setup, original, engine, encode }: Pick<ShipPlan, 'setup' | 'original' | 'engine' | 'encode'>,
  folder: Folder,
  name = modelFileOf(engine),
): Promise<void> {
  const { proto, source, weights, signature } = setup.model
  // Of a signature that a runtime does not run by itself the file is another model.
  const untouched =
    proto === original.proto && source.format === formatOf(engine) && weights.size === 0 && signature === undefined
  if (untouched) await folder.add(name, 'model', copied(original.file, original.sha256))
  else if (encode !== undefined) await folder.add(name, 'model', [encode()])
  else await writeModelFiles(setup.model, folder, PROTOBUF_LIMIT_BYTES, name)
}

/**
 * Writes `model.onnx` (or `name`) and, where it has external data or would pass `limitBytes`, `model.onnx.data` beside it. Throws InputError where it
 * passes the limit even so.
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

/** The file's bytes; throws InputError at the end where they are not those that were read before. */
function* copied(file: string, sha256: string): Iterable<Uint8Array> {
  const hash = createHash('sha256')
  const descriptor = attempt(file, () => fs.openSync(file, 'r'))
  try {
    for (let count = -1; count !== 0; ) {
      const chunk = new Uint8Array(CHUNK_BYTES)
      count = attempt(file, () => fs.readSync(descriptor, chunk))
      const bytes = chunk.subarray(0, count)
      hash.update(bytes)
      if (count > 0) yield bytes
    }
  } finally {
    fs.closeSync(descriptor)
  }
  if (hash.digest('hex') !== sha256) throw new InputError(`${file} changed while whyslow ran; start again`)
}

function attempt(file: string, read: () => number): number {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(`${file} can no longer be read (${code}); put it back and start again`, { cause: error })
  }
}
