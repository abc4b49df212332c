// The model's file in a shipped folder: the user's own bytes if nothing in the model changed, else the model encoded.
import { createHash } from 'node:crypto'
import { copiedFile } from '@whyslow/command/model-files/copied-file.ts'
import type { Folder } from '@whyslow/command/model-files/folder.ts'
import { writeModelFiles } from '@whyslow/command/model-files/onnx-files.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { LIBRARIES } from './libraries.ts'
import type { ShipPlan } from './plan.ts'

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
  for (const bytes of copiedFile(file)) {
    hash.update(bytes)
    yield bytes
  }
  if (hash.digest('hex') !== sha256) throw new InputError(`${file} changed while whyslow ran; start again`)
}
