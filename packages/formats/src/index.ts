// Reading a model, whatever the file is: looks at it, chooses the reader, and says what it is if there is none.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { onDemand } from '@whyslow/graph/on-demand.ts'
import { adviceOnFolder } from './folder.ts'
import { type FileFormat, identifyFile } from './identify.ts'
import { readOnnx } from './onnx.ts'
import type { ReadOptions } from './read-options.ts'

export { type FileFormat, type Identity, identify, identifyFile } from './identify.ts'
export { readOnnx } from './onnx.ts'
export type { ReadOptions } from './read-options.ts'

/** Readers by format, as identify.ts calls it. That of ONNX, which most models are, is loaded with this module, the others at the moment of use. */
export const READERS: Readonly<Partial<Record<FileFormat, (file: string, options: ReadOptions) => Promise<Model>>>> = {
  onnx: readOnnx,
  tfjs: onDemand('readTfjs', () => import('./tfjs.ts')),
  hdf5: onDemand('readKeras', () => import('./keras.ts')),
  keras: onDemand('readKeras', () => import('./keras.ts')),
  tflite: onDemand('readTflite', () => import('./tflite.ts')),
  xgboost: onDemand('readXgboost', () => import('./xgboost.ts')),
  lightgbm: onDemand('readLightgbm', () => import('./lightgbm.ts')),
  catboost: onDemand('readCatboost', () => import('./catboost.ts')),
  skops: onDemand('readSkops', () => import('./skops.ts')),
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
