// What --data names, as samples for a program of any language: the rows of an array, the members of an archive side by side, the objects of a
// JSON list, the lines of a table or a text. A folder gives one sample for each of its files, in the order of their names. Numbers of one axis
// alone, in an array or a list, are one sample; a file of any other kind is its absolute path, and the program does its own reading of images and
// sound. The collector reads by the same rules (packages/measure/src/python/collector/whyslow_collector/samples.py).
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { parseJson } from '@whyslow/graph/json.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { readNpy } from '@whyslow/measure/samples/npy.ts'
import { readNpz } from '@whyslow/measure/samples/npz.ts'
import { rowsOf } from '@whyslow/measure/samples/records.ts'
import type { Encoded, ValueTree } from './value.ts'

const KINDS = '.npz, .npy, .json, .jsonl, .csv, .tsv, .txt, another file, or a folder of files'

/** As it was read: what JSON and texts say as it is, arrays as a program is sent them. */
export type ReadSample = { readonly plain: unknown } | { readonly arrays: Encoded }

/** Reads at most `most` samples, as they are sent. Throws InputError if nothing is there, or nothing that is read. */
export const readSamples = (path: string, most: number): Encoded[] =>
  samplesAt(path, most).map((one) => ('arrays' in one ? one.arrays : ofPlain(one.plain)))

/** The same as they were read. */
export function samplesAt(path: string, most: number): ReadSample[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new InputError(`--data ${path}: there is no such file or folder; give ${KINDS}`)
  const samples = stat.isDirectory() ? ofFolder(path, most) : ofFile(path, most)
  if (samples.length === 0) throw new InputError(`--data ${path}: no sample in it; give at least one`)
  return samples
}

const plain = (value: unknown): ReadSample => ({ plain: value })

function ofFile(path: string, most: number): ReadSample[] {
  const where = basename(path)
  switch (extname(path).toLowerCase()) {
    case '.npz':
      return ofArrays(readNpz(bytesOf(path), where), most)
    case '.npy':
      return ofArrays(new Map([['', readNpy(bytesOf(path), where)]]), most)
    case '.json': {
      const content = parsed(textOf(path), where)
      return (Array.isArray(content) && !isNumbers(content) ? content.slice(0, most) : [content]).map(plain)
    }
    case '.jsonl':
    case '.ndjson':
      return linesOf(path, most).map((line, k) => plain(parsed(line, `${where}, line ${k + 1}`)))
    case '.csv':
    case '.tsv':
      return ofTable(path, most)
    case '.txt':
      return linesOf(path, most).map(plain)
    default:
      return [plain(resolve(path))]
  }
}

function ofFolder(path: string, most: number): ReadSample[] {
  const names = readdirSync(path).filter((name) => !name.startsWith('.'))
  const files = names.sort().map((name) => resolve(join(path, name)))
  return files
    .filter((file) => statSync(file).isFile())
    .slice(0, most)
    .map(ofFileInFolder)
}

function ofFileInFolder(file: string): ReadSample {
  const where = basename(file)
  switch (extname(file).toLowerCase()) {
    case '.json':
      return plain(parsed(textOf(file), where))
    case '.txt':
      return plain(textOf(file))
    case '.npy':
      return { arrays: ofTensor(readNpy(bytesOf(file), where)) }
    case '.npz':
      return { arrays: ofMembers([...readNpz(bytesOf(file), where)]) }
    default:
      return plain(file)
  }
}

/** One array: its rows. Several of one length: an object for each row; arrays of one axis alone are one sample together. */
function ofArrays(tensors: ReadonlyMap<string, TensorValue>, most: number): ReadSample[] {
  const all = [...tensors]
  const rows = all[0]![1].shape[0] ?? 1
  const haveRows = all.every(([, { shape }]) => shape[0] === rows) && all.some(([, { shape }]) => shape.length > 1)
  const member = (take: (tensor: TensorValue) => TensorValue): ReadSample => ({
    arrays: all.length === 1 ? ofTensor(take(all[0]![1])) : ofMembers(all.map(([name, tensor]) => [name, take(tensor)] as const)),
  })
  if (!haveRows) return [member((tensor) => tensor)]
  return Array.from({ length: Math.min(rows, most) }, (_, row) =>
    member((tensor) => {
      const cut = rowsOf(tensor, row, row + 1)
      return { ...cut, shape: cut.shape.slice(1) }
    }),
  )
}

function ofTensor({ dtype, shape, data }: TensorValue): Encoded {
  if (!ArrayBuffer.isView(data)) {
    const items = Array.from(data, (value): ValueTree => ({ kind: 'text', type: 'str', value }))
    return { tree: shape.length === 0 ? items[0]! : { kind: 'list', type: 'list', items }, buffers: [] }
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  return { tree: { kind: 'array', type: 'ndarray', dtype, shape, buffer: 0 }, buffers: [bytes] }
}

const ofMembers = (members: readonly (readonly [string, TensorValue])[]): Encoded =>
  merged(members.map(([name, tensor]) => [name, ofTensor(tensor)]))

function merged(members: readonly (readonly [string, Encoded])[]): Encoded {
  const buffers: Uint8Array[] = []
  const values = members.map(([, { tree, buffers: own }]) => {
    buffers.push(...own)
    return tree.kind === 'array' ? { ...tree, buffer: buffers.length - 1 } : tree
  })
  return { tree: { kind: 'map', type: 'dict', keys: members.map(([name]) => name), values }, buffers }
}

/** What JSON can say. */
function ofPlain(value: unknown): Encoded {
  const buffers: Uint8Array[] = []
  const tree = (one: unknown): ValueTree => {
    if (one === null || one === undefined) return { kind: 'nothing', type: 'None' }
    if (typeof one === 'boolean') return { kind: 'truth', type: 'bool', value: one }
    if (typeof one === 'number') return { kind: 'number', type: 'number', value: one }
    if (typeof one === 'string') return { kind: 'text', type: 'str', value: one }
    if (Array.isArray(one)) return isNumbers(one) ? numbers(one) : { kind: 'list', type: 'list', items: one.map(tree) }
    const entries = Object.entries(one)
    return { kind: 'map', type: 'dict', keys: entries.map(([key]) => key), values: entries.map(([, member]) => tree(member)) }
  }
  const numbers = (list: readonly number[]): ValueTree => {
    const whole = list.every((one) => Number.isSafeInteger(one))
    const data = whole ? BigInt64Array.from(list, BigInt) : Float64Array.from(list)
    const at = buffers.push(new Uint8Array(data.buffer)) - 1
    return { kind: 'array', type: 'list', dtype: whole ? 'int64' : 'float64', shape: [list.length], buffer: at }
  }
  return { tree: tree(value), buffers }
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number')

/** A row is an object by the names of the first line; what reads as a number is one. */
function ofTable(path: string, most: number): ReadSample[] {
  const [head, ...rows] = csvRows(textOf(path), extname(path).toLowerCase() === '.tsv' ? '\t' : ',')
  if (head === undefined) return []
  return rows.slice(0, most).map((cells) => plain(Object.fromEntries(head.map((name, k) => [name, numeric(cells[k] ?? '')]))))
}

/** As Python reads a number, but for its underscores. */
const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/

const numeric = (cell: string): number | string => (NUMBER.test(cell) ? Number(cell) : cell)

const linesOf = (path: string, most: number): string[] =>
  textOf(path)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, most)

const parsed = (text: string, where: string): unknown =>
  parseJson(text, (words) => new InputError(`--data ${where}: not JSON (${words.slice(0, 80)})`))

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new InputError(`--data ${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`)
  }
}

const textOf = (path: string): string => new TextDecoder().decode(bytesOf(path))
