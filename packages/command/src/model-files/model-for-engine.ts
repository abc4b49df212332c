// What an engine opens: the user's own file where the engine reads its format, else the graph that was read of it, written in a format
// that the engine reads.
import fs from 'node:fs'
import path from 'node:path'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { encodeTfjs, TFJS } from '@whyslow/formats/tfjs/write/index.ts'
import { liteBytesOf } from '@whyslow/formats/tflite/quantize/index.ts'
import { liteGraphOf } from '@whyslow/formats/tflite/write/lite-model.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { engineById, offersOf } from '@whyslow/measure/engines/index.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import { writeModelFolder } from './model-folder.ts'

interface Writer {
  /** What the file is called. */
  readonly file: string
  /** Formats whose owners may run it so: others are written where the engine is named. Absent: all. */
  readonly usualFor?: readonly string[]
  /** Into a new folder. */
  write(model: Model, folder: string): Promise<void>
}

/** Writers keyed by the format that they write; the first format that an engine reads counts. */
const WRITERS: Readonly<Record<string, Writer>> = {
  onnx: {
    file: 'model.onnx',
    async write(model, folder) {
      await writeModelFolder(model, folder)
    },
  },
  tflite: {
    file: 'model.tflite',
    async write(model, folder) {
      writeFiles(folder, [{ name: 'model.tflite', bytes: liteBytesOf(model) }])
    },
  },
  tfjs: {
    file: 'model.json',
    usualFor: ['hdf5', 'keras', 'tflite'],
    async write(model, folder) {
      writeFiles(folder, encodeTfjs(liteGraphOf(model, TFJS), model.source.file).files)
    },
  },
}

function writeFiles(folder: string, files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): void {
  fs.mkdirSync(folder)
  for (const { name, bytes } of files) fs.writeFileSync(path.join(folder, name), bytes)
}

const isUsual = (written: string, format: string): boolean => {
  const writer = WRITERS[written]
  return writer !== undefined && (writer.usualFor?.includes(format) ?? true)
}

/** Whether the engine reads the model's file, or a form that it is usually written in; of one whose code is written for a model, whether it can be. */
export function canRead(model: Model, engineId: string): boolean {
  const { format } = model.source
  if (!formatsOf(engineId).some((one) => one === format || isUsual(one, format))) return false
  return !offersOf(engineId).includes('generated') || compilableOf(model).ok
}

/** The model as this engine can be given it; what is written is in `folder`, once. Throws InputError if it takes no form of it. */
export async function modelForEngine(model: Model, engineId: string, folder: string): Promise<Model> {
  const { file, format, sha256 } = model.source
  const formats = formatsOf(engineId)
  // A runtime that is given the file runs the first graph.
  if (formats.includes(format) && model.signature === undefined) return asRead(model)
  const written = formats.find((one) => WRITERS[one] !== undefined)
  if (written === undefined) {
    const others = `any engine of 'whyslow doctor' that reads ${format} takes it`
    throw new InputError(`${file}: ${engineId} reads ${formats.join(', ')} alone, and this is ${format}; ${others}`)
  }
  const own = path.join(folder, `${written}-of-${sha256.slice(0, 16)}`)
  const writer = WRITERS[written]!
  const writtenTo = path.join(own, writer.file)
  if (fs.existsSync(writtenTo)) return { ...model, writtenTo }
  fs.mkdirSync(folder, { recursive: true })
  await writer.write(model, own)
  return { ...model, writtenTo }
}

/** Writes the model into a new folder, in a format that some engine reads. Throws InputError if it cannot be written. */
export async function writeInFormat(model: Model, folder: string, format = 'onnx'): Promise<{ file: string; sizeBytes: number }> {
  const writer = WRITERS[format]!
  await writer.write(model, folder)
  const sizes = fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)).size)
  return { file: path.join(folder, writer.file), sizeBytes: sizes.reduce((sum, size) => sum + size, 0) }
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
