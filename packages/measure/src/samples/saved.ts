// Inputs kept on disk, to be replayed and to cross to another process: `inputs.json`, and next to it the raw little-endian bytes.
//   { "samples": [[{ "name", "dtype", "shape", "file" }]] }     one inner list a sample; `file` is relative to the folder
// Strings are a JSON array. A file is named by its content, so that equal tensors share one and no file ever changes.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fieldsOf, parseJson } from '@whyslow/graph/json.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { writeWhole } from '../machine/files.ts'
import { byteLength, elementCount, viewAs } from './dtype-arrays.ts'

interface SavedTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly file: string
}

const INDEX_FILE = 'inputs.json'

/**
 * Writes the samples into a folder, made if it is absent, and gives the path of its `inputs.json`. The index is written last and
 * every file under another name first, so that nothing half-written is ever read. Throws an InputError if it cannot write.
 */
export function saveInputs(dir: string, samples: readonly Feeds[]): string {
  const files = new Map<TensorValue, string>()
  try {
    mkdirSync(dir, { recursive: true })
    const index = samples.map((feeds) =>
      Object.entries(feeds).map(([name, tensor]): SavedTensor => {
        const file = files.get(tensor) ?? writeTensor(dir, tensor)
        files.set(tensor, file)
        return { name, dtype: tensor.dtype, shape: tensor.shape, file }
      }),
    )
    writeWhole(join(dir, INDEX_FILE), JSON.stringify({ samples: index }))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    throw new InputError(`${dir}: the inputs cannot be saved there (${code}); give a folder that can be written to`)
  }
  return join(dir, INDEX_FILE)
}

/**
 * Reads what `saveInputs` wrote; tensors see the bytes of their file, and share them where they share the file.
 * Throws an InputError if the index or a file is missing, damaged or outside the folder.
 */
export function loadInputs(inputsJsonPath: string): readonly Feeds[] {
  const bad = badInputs(inputsJsonPath)
  const contents = new Map<string, Uint8Array>()
  return parseIndex(inputsJsonPath, bad).map((sample) => feedsOf(sample, dirname(inputsJsonPath), contents, bad))
}

/** Samples on disk, each read when it is requested; what was read for one is not kept for the next. */
export interface OpenedInputs {
  readonly count: number
  /** Throws as `loadInputs` does. */
  read(k: number): Feeds
}

/** Samples as a task has them: on disk, by the path of their index, or themselves, where they are small. */
export type TaskInputs = string | readonly Feeds[]

/** A file for each tensor costs more than small tensors take on their way to another process. */
const SMALL_BYTES = 32 * 2 ** 20

/** Saves the samples in the folder where they are large. Throws as `saveInputs` does. */
export function taskInputs(dir: string, samples: readonly Feeds[]): TaskInputs {
  const tensors = new Set(samples.flatMap((feeds) => Object.values(feeds)))
  const bytes = [...tensors].reduce(
    (sum, { data }) => sum + (ArrayBuffer.isView(data) ? data.byteLength : JSON.stringify(data).length),
    0,
  )
  return bytes <= SMALL_BYTES ? samples : saveInputs(dir, samples)
}

/** Throws as `loadInputs` does. */
export function openInputs(inputs: TaskInputs): OpenedInputs {
  return typeof inputs === 'string' ? openSaved(inputs) : { count: inputs.length, read: (k) => inputs[k]! }
}

function openSaved(inputsJsonPath: string): OpenedInputs {
  const bad = badInputs(inputsJsonPath)
  const samples = parseIndex(inputsJsonPath, bad)
  return { count: samples.length, read: (k) => feedsOf(samples[k]!, dirname(inputsJsonPath), new Map(), bad) }
}

type Bad = (reason: string) => InputError

const badInputs =
  (path: string): Bad =>
  (reason) =>
    new InputError(`${path}: ${reason}; save the inputs again with --save-inputs`)

/** `contents`: of files that were read before. */
function feedsOf(sample: readonly SavedTensor[], folder: string, contents: Map<string, Uint8Array>, bad: Bad): Feeds {
  return Object.fromEntries(
    sample.map((tensor) => {
      const { name, dtype, shape, file } = tensor
      if (!/^[^/\\]+$/.test(file) || file === '..') throw bad(`'${file}' lies outside the folder`)
      const bytes = contents.get(file) ?? readWhole(ownFile(folder, file, bad), bad)
      contents.set(file, bytes)
      return [name, { dtype, shape, data: decode(tensor, bytes, bad) }]
    }),
  )
}

/** A link may lead anywhere. */
function ownFile(folder: string, file: string, bad: Bad): string {
  const path = join(folder, file)
  if (existsSync(path) && dirname(realpathSync(path)) !== realpathSync(folder))
    throw bad(`'${file}' is a link that leaves the folder`)
  return path
}

function parseIndex(path: string, bad: Bad): readonly (readonly SavedTensor[])[] {
  const content = parseJson(new TextDecoder().decode(readWhole(path, bad)), () => bad('it is not JSON'))
  const { samples } = fieldsOf(content)
  const isTensor = (value: unknown): boolean => {
    const { name, dtype, shape, file } = (value ?? {}) as Partial<Record<string, unknown>>
    const sized = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0)
    return sized && typeof name === 'string' && typeof file === 'string' && typeof dtype === 'string'
  }
  if (!Array.isArray(samples) || !samples.every((sample) => Array.isArray(sample) && sample.every(isTensor))) {
    throw bad('it is not { "samples": [[{ "name", "dtype", "shape", "file" }]] }')
  }
  return samples
}

function decode({ dtype, shape, file }: SavedTensor, bytes: Uint8Array, bad: Bad): TensorValue['data'] {
  const count = elementCount(shape)
  if (dtype === 'string') {
    const strings = parseJson(new TextDecoder().decode(bytes), () => bad(`'${file}' is not a JSON array of strings`))
    if (Array.isArray(strings) && strings.length === count && strings.every((text) => typeof text === 'string')) return strings
    throw bad(`'${file}' is not a JSON array of ${count} strings`)
  }
  const expected = byteLength(dtype, count)
  if (expected === undefined) throw bad(`'${dtype}' is not a type of tensor`)
  if (expected !== bytes.length) throw bad(`'${file}' has ${bytes.length} bytes, ${dtype} [${shape.join(',')}] takes ${expected}`)
  return viewAs(dtype, bytes, count)
}

function writeTensor(dir: string, tensor: TensorValue): string {
  const isText = tensor.dtype === 'string'
  const view = tensor.data as ArrayBufferView
  const bytes = isText ? JSON.stringify(tensor.data) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 24)
  const file = `input-${hash}.${isText ? 'json' : 'bin'}`
  const path = join(dir, file)
  if (!existsSync(path)) writeWhole(path, bytes)
  return file
}

function readWhole(path: string, bad: Bad): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw bad(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`)
  }
}
