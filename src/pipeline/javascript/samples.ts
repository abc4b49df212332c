// What predictions are fed with: the module's own samples, or what --data names. A folder gives one sample for each of its files, in the
// order of their names. `.json` is a list of samples or one, `.jsonl` one a line, `.csv` rows as objects, `.txt` lines; of any other file the
// sample is its path, and of one in a folder, too.
import fs from 'node:fs'
import path from 'node:path'
import { ContractError } from './contract.ts'

/** Iterables may be endless. */
const MOST = 10_000

export interface Samples {
  readonly list: readonly unknown[]
  readonly source: 'module' | 'data' | 'none'
}

/** Throws ContractError. */
export async function readSamples(given: unknown, data: string | null): Promise<Samples> {
  if (data !== null) return { list: fromPath(data), source: 'data' }
  if (given === null || given === undefined) return { list: [undefined], source: 'none' }
  const value = await (typeof given === 'function' ? given() : given)
  const list = await take(value)
  if (list.length === 0) throw new ContractError('samples() gave none')
  return { list, source: 'module' }
}

async function take(value: unknown): Promise<unknown[]> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    throw new ContractError(
      `samples() gave ${ArrayBuffer.isView(value) ? 'one array of numbers' : typeof value}, not a list or an iterable`,
    )
  }
  const isIterable = Symbol.iterator in value || Symbol.asyncIterator in value
  if (!isIterable) throw new ContractError('samples() gave an object that cannot be iterated')
  const list: unknown[] = []
  for await (const one of value as AsyncIterable<unknown>) {
    list.push(one)
    if (list.length === MOST) break
  }
  return list
}

function fromPath(data: string): unknown[] {
  const stat = fs.statSync(data, { throwIfNoEntry: false })
  if (stat === undefined) throw new ContractError(`--data ${data}: there is no such file or folder`)
  const found = stat.isDirectory() ? fromFolder(data) : fromFile(data)
  if (found.length === 0) throw new ContractError(`--data ${data}: there are no samples in it`)
  return found.slice(0, MOST)
}

function fromFolder(folder: string): unknown[] {
  const names = fs.readdirSync(folder).filter((name) => !name.startsWith('.'))
  const files = names.sort().map((name) => path.join(folder, name))
  return files.filter((file) => fs.statSync(file).isFile()).map((file) => fromFileInFolder(file))
}

function fromFileInFolder(file: string): unknown {
  const ending = path.extname(file).toLowerCase()
  if (ending === '.json') return json(file)
  if (ending === '.txt') return text(file)
  return file
}

function fromFile(file: string): unknown[] {
  const lines = () =>
    text(file)
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
  switch (path.extname(file).toLowerCase()) {
    case '.json': {
      const found = json(file)
      return Array.isArray(found) ? found : [found]
    }
    case '.jsonl':
    case '.ndjson':
      return lines().map((line, at) => parsed(line, `${file}:${at + 1}`))
    case '.csv':
      return rows(lines())
    case '.txt':
      return lines()
    default:
      return [file]
  }
}

const json = (file: string): unknown => parsed(text(file), file)

function parsed(source: string, where: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new ContractError(`--data ${where} is not JSON: ${(error as Error).message}`)
  }
}

const text = (file: string): string => fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')

function rows(lines: readonly string[]): unknown[] {
  const [head = [], ...rest] = lines.map(cells)
  return rest.map((row) => Object.fromEntries(head.map((name, at) => [name, numberOr(row[at] ?? '')])))
}

/** RFC 4180, but for line ends in quotes. */
function cells(line: string): string[] {
  const found = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
  return found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}

const numberOr = (cell: string): string | number => (cell.trim() !== '' && Number.isFinite(Number(cell)) ? Number(cell) : cell)
