// Reading a model, whatever the file is: looks at it, chooses the reader, and says what it is if there is none.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readCatboost } from './catboost.ts'
import { adviceOnFolder } from './folder.ts'
import { type FileFormat, identifyFile } from './identify.ts'
import { readKeras } from './keras.ts'
import { readLightgbm } from './lightgbm.ts'
import { readOnnx } from './onnx.ts'
import type { ReadOptions } from './read-options.ts'
import { readSkops } from './skops.ts'
import { readTfjs } from './tfjs.ts'
import { readTflite } from './tflite.ts'
import { readXgboost } from './xgboost.ts'

export { type FileFormat, type Identity, identify, identifyFile } from './identify.ts'
export { readOnnx } from './onnx.ts'
export type { ReadOptions } from './read-options.ts'
export { tabularGraph } from './tabular/tabular-model.ts'

/** Readers by format, as identify.ts calls it. */
export const READERS: Readonly<Partial<Record<FileFormat, (file: string, options: ReadOptions) => Promise<Model>>>> = {
  onnx: readOnnx,
  tfjs: readTfjs,
  hdf5: readKeras,
  keras: readKeras,
  tflite: readTflite,
  xgboost: readXgboost,
  lightgbm: readLightgbm,
  catboost: readCatboost,
  skops: readSkops,
}

/**
 * The model in `file`. Throws InputError, one line that says what the file is and what to do, where it does not exist, is a
 * directory, is empty, cut off or damaged, is of a kind that cannot be read, or names weights that are missing or outside its folder; and
 * where options name what the file has none of.
 */
export async function readModel(file: string, options: ReadOptions = {}): Promise<Model> {
  if (isDirectory(file)) throw new InputError(adviceOnFolder(file))
  const { format, says, next } = identifyFile(file)
  const read = READERS[format]
  if (read === undefined) throw new InputError(`${file} is ${says}; ${next}`)
  if (typeof options.signature === 'string' && format !== 'tflite')
    throw new InputError(`--signature ${options.signature}: ${file} is ${says}, which has no signatures; leave it out`)
  return read(file, options)
}

function isDirectory(file: string): boolean {
  try {
    return fs.statSync(file).isDirectory()
  } catch {
    return false
  }
}
