// The model's file in a shipped folder: the user's own bytes if nothing in the model changed, else the model encoded.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import type { Folder } from '@whyslow/command/model-files/folder.ts'
import { writeModelFiles } from '@whyslow/command/model-files/onnx-files.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { LIBRARIES } from './libraries.ts'
import type { ShipPlan } from './plan.ts'

const CHUNK_BYTES = 16 * 2 ** 20

const formatOf = ({ library }: ShipPlan['engine']) => (library === undefined ? 'onnx' : LIBRARIES[library.name].format)

/** What the model is called in a folder that predicts with this. */
export const modelFileOf = (engine: ShipPlan['engine']): string => `model.${formatOf(engine)}`

/**
 * Writes the model of the plan into the folder: the original's own bytes where they are of the format that is wanted and nothing in it was
 * changed. Throws InputError if it cannot be written.
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
  else await writeModelFiles(setup.model, folder, undefined, name)
}

/** The file's bytes; throws InputError at the end if they are not those that were read before. */
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
