// Which files a folder needs of a setup: the model's own first, then those that say how its texts become tokens.
import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { GeneratorSetup } from '../prove/setup.ts'
import { chosenVariant, generatorFiles } from '../recognize/folder.ts'
import { filesBeside } from '../recognize/sibling-files.ts'
import type { CopiedFile } from './plan.ts'

/** `original`: what the user named, whose folder has the tokenizer if that of the setup has none. */
export async function filesToShip(setup: GeneratorSetup, original: string): Promise<readonly CopiedFile[]> {
  const files = generatorFiles(setup.source)
  // Of a GGUF file the tokenizer is inside.
  const read = files === null ? null : chosenVariant(files, setup.options.dtype)
  const models = read === null ? [setup.source] : [read.model, read.first, read.encoder].filter((file) => file !== null)
  const folders = [
    files?.folder ?? path.dirname(setup.source),
    fs.statSync(original).isDirectory() ? original : path.dirname(original),
  ]
  const beside = new Map<string, string>()
  for (const folder of files === null ? [] : folders)
    for (const name of filesBeside(folder)) if (!beside.has(name)) beside.set(name, path.join(folder, name))
  const parts = await Promise.all(
    models.map(async (model) => {
      const weights = files === null ? [] : await externalFiles(model)
      return [path.basename(model), ...weights].map((name) => ({ name, from: path.join(path.dirname(model), name) }))
    }),
  )
  return [...parts.flat(), ...[...beside].map(([name, from]) => ({ name, from }))]
}

/** Files next to the model that hold weights of it. Throws InputError if one is in a folder below it. */
async function externalFiles(model: string): Promise<readonly string[]> {
  const names = [...(await readOnnx(model)).weights.keys()]
  const below = names.find((name) => path.basename(name) !== name)
  if (below !== undefined) throw new InputError(`${model} has weights in ${below}; save them next to the model`)
  return names
}
