// The files that a model is made of.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { holdersOf, tensorsIn } from '@whyslow/graph/walk.ts'

const ONE_FILE = new Set(['onnx', 'keras', 'tflite'])

/** The model, and where its external weights are. Throws InputError if they are in another folder, or in formats of several files. */
export function modelFiles({ source, proto }: Model): readonly string[] {
  const { file, format } = source
  if (!ONE_FILE.has(format))
    throw new InputError(
      `${file}: a ${format} model is several files, and a queue takes one; whyslow convert ${file} -o model.onnx`,
    )
  if (format !== 'onnx') return [file]
  const folder = path.dirname(file)
  const beside = new Set<string>()
  for (const { tensor } of holdersOf(proto).flatMap(tensorsIn))
    for (const { key, value } of tensor.externalData) if (key === 'location' && value !== '') beside.add(value)
  for (const name of beside)
    if (path.basename(name) !== name || !existsSync(path.join(folder, name)))
      throw new InputError(`${file}: its weights in ${name} must be in the same folder, so that a queue can send them`)
  return [file, ...[...beside].map((name) => path.join(folder, name))]
}
