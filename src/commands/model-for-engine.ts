// What an engine opens: the user's own file where the engine reads its format, else the graph that was read of it, written as ONNX.
import fs from 'node:fs'
import path from 'node:path'
import { engineById } from '../engines/index.ts'
import { InputError } from '../graph/input-error.ts'
import type { Model } from '../graph/model.ts'
import { writeModelFolder } from '../ship/index.ts'

/** The model as this engine can be given it; what is written lies in `folder`, once. Throws InputError where it takes neither form. */
export async function modelForEngine(model: Model, engineId: string, folder: string): Promise<Model> {
  const { file, format, sha256 } = model.source
  const formats = engineById(engineId)?.formats ?? []
  if (formats.includes(format)) return model
  if (!formats.includes('onnx')) throw new InputError(`${file}: ${engineId} reads ${formats.join(', ')}, and this is ${format}`)
  const own = path.join(folder, `onnx-of-${sha256.slice(0, 16)}`)
  const writtenTo = path.join(own, 'model.onnx')
  if (fs.existsSync(writtenTo)) return { ...model, writtenTo }
  fs.mkdirSync(folder, { recursive: true })
  return { ...model, writtenTo: (await writeModelFolder(model, own)).file }
}
