// What an engine opens: the user's own file where the engine reads its format, else the graph that was read of it, written in a format
// that the engine reads.
import fs from 'node:fs'
import path from 'node:path'
import { compilableOf } from '../compile/read/index.ts'
import { engineById, offersOf } from '../engines/index.ts'
import { EXACT_SUMS } from '../engines/onnxruntime/int8/exact-sums.ts'
import { encodeLite } from '../formats/tflite/write/index.ts'
import { InputError } from '../graph/input-error.ts'
import type { Model } from '../graph/model.ts'
import { writeModelFolder } from '../ship/index.ts'
import { liteGraphOf } from './lite-model.ts'

/** Writes the model into a new folder and gives the file. */
type Writer = (model: Model, folder: string) => Promise<string>

/** By the format that is written, the first that an engine reads counts. */
const WRITERS: Readonly<Record<string, Writer>> = {
  onnx: async (model, folder) => (await writeModelFolder(model, folder)).file,
  async tflite(model, folder) {
    const bytes = encodeLite(liteGraphOf(model), model.source.file)
    fs.mkdirSync(folder)
    const file = path.join(folder, 'model.tflite')
    fs.writeFileSync(file, bytes)
    return file
  },
}

/** Whether the engine reads the model's file, or a form that it can be written in; of one whose code is written for a model, whether it can be. */
export function canBeGiven(model: Model, engineId: string): boolean {
  const { format } = model.source
  if (!formatsOf(engineId).some((one) => one === format || WRITERS[one] !== undefined)) return false
  return !offersOf(engineId).includes('generated') || compilableOf(model).ok
}

/** The model as this engine can be given it; what is written lies in `folder`, once. Throws InputError where it takes no form of it. */
export async function modelForEngine(model: Model, engineId: string, folder: string): Promise<Model> {
  const { file, format, sha256 } = model.source
  const formats = formatsOf(engineId)
  if (formats.includes(format)) return asRead(model)
  const written = formats.find((one) => WRITERS[one] !== undefined)
  if (written === undefined) {
    const others = `any engine of 'whyslow engines' that reads ${format} takes it`
    throw new InputError(`${file}: ${engineId} reads ${formats.join(', ')} alone, and this is ${format}; ${others}`)
  }
  const own = path.join(folder, `${written}-of-${sha256.slice(0, 16)}`)
  const writtenTo = path.join(own, `model.${written}`)
  if (fs.existsSync(writtenTo)) return { ...model, writtenTo }
  fs.mkdirSync(folder, { recursive: true })
  return { ...model, writtenTo: await WRITERS[written]!(model, own) }
}

/** Configuration entries that the form asks for in which the engine is given the model: integers of TensorFlow Lite are exact on every processor. */
export function entriesForModel({ source: { format } }: Model, engineId: string): Readonly<Record<string, string>> {
  const isConverted = format === 'tflite' && !formatsOf(engineId).includes(format)
  return isConverted && offersOf(engineId).includes('configuration') ? EXACT_SUMS : {}
}

function asRead(model: Model): Model {
  const { writtenTo, ...read } = model
  return writtenTo === undefined ? model : read
}

const formatsOf = (engineId: string): readonly string[] => engineById(engineId)?.formats ?? []
