// Tables of a SQLite database, row by row (https://www.sqlite.org/fileformat2.html): the pages of a table's tree and what its records hold.
// Nothing is queried, indexed or written; a file of gigabytes is read page by page, and every number in it is checked before it is used.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { RandomAccess } from './source.ts'

export type Cell = null | number | bigint | string | Buffer
export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** Values of the columns, in their order. */
  rows(): Generator<readonly Cell[]>
}

interface Database {
  readonly file: string
  readonly access: RandomAccess
  readonly pageSize: number
  /** Bytes of a page, without what is reserved at its end. */
  readonly usable: number
  readonly pages: number
}

/** Deeper, a tree of pages is none. */
const MOST_DEPTH = 40
const MOST_RECORD = 1 << 26

export const isSqlite = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 15) === 'SQLite format 3' && bytes[15] === 0

/** The tables of a database. InputError if it is damaged, or not in UTF-8. */
export function openTables(file: string, access: RandomAccess): Map<string, Table> {
  const header = access.read(0, 100)
  if (header.length < 100 || !isSqlite(header)) throw damaged(file, 'no header')
  const told = header.readUInt16BE(16)
  const pageSize = told === 1 ? 65_536 : told
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) throw damaged(file, 'pages of no size that there is')
  if (header.readUInt32BE(56) > 1) throw new InputError(`${file}: a database in UTF-16; export it again`)
  const database = { file, access, pageSize, usable: pageSize - header[20]!, pages: Math.ceil(access.size / pageSize) }
  const tables = new Map<string, Table>()
  for (const { cells } of rowsOf(database, 1)) {
    const [type, name, , root, sql] = cells
    if (type !== 'table' || typeof name !== 'string' || typeof root !== 'number' || typeof sql !== 'string') continue
    tables.set(name, tableOf(database, name, root, sql))
  }
  return tables
}

const damaged = (file: string, what: string): InputError => new InputError(`${file}: damaged database (${what}); export it again`)

function tableOf(database: Database, name: string, root: number, sql: string): Table {
  const columns = columnsOf(sql)
  // A whole number that is the key is not in the record: it is the row's own.
  const key = columns.findIndex(({ isKey }) => isKey)
  return {
    name,
    columns: columns.map((column) => column.name),
    *rows() {
      for (const { id, cells } of rowsOf(database, root)) {
        const row = columns.map((_, at) => cells[at] ?? null)
        if (key >= 0 && row[key] === null) row[key] = id
        yield row
      }
    },
  }
}

/** Names of CREATE TABLE's columns, and which is the row's own number. */
function columnsOf(sql: string): { name: string; isKey: boolean }[] {
  const body = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'))
  const parts: string[] = []
  let [depth, from] = [0, 0]
  for (let i = 0; i <= body.length; i++) {
    if (body[i] === '(') depth++
    else if (body[i] === ')') depth--
    else if (i === body.length || (body[i] === ',' && depth === 0)) {
      parts.push(body.slice(from, i).trim())
      from = i + 1
    }
  }
  return parts
    .filter((part) => part !== '' && !/^(CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN)\b/i.test(part))
    .map((part) => {
      const name = /^(?:"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|(\S+))/.exec(part)
      return {
        name: name?.slice(1).find((one) => one !== undefined) ?? part,
        isKey: /\bINTEGER\b.*\bPRIMARY\s+KEY\b/i.test(part),
      }
    })
}

interface Row {
  readonly id: number
  readonly cells: readonly Cell[]
}

function* rowsOf(database: Database, root: number, depth = 0): Generator<Row> {
  if (depth > MOST_DEPTH) throw damaged(database.file, 'pages in a circle')
  const page = pageAt(database, root)
  const start = root === 1 ? 100 : 0
  const type = page[start]
  const isLeaf = type === 0x0d
  if (!isLeaf && type !== 0x05) throw damaged(database.file, `page ${root} is none of a table`)
  const count = page.readUInt16BE(start + 3)
  const pointers = start + (isLeaf ? 8 : 12)
  if (pointers + 2 * count > page.length) throw damaged(database.file, `page ${root} says that it holds too much`)
  for (let i = 0; i < count; i++) {
    const at = page.readUInt16BE(pointers + 2 * i)
    if (at + 4 > page.length) throw damaged(database.file, `a cell beyond page ${root}`)
    if (isLeaf) yield rowAt(database, page, at)
    else yield* rowsOf(database, page.readUInt32BE(at), depth + 1)
  }
  if (!isLeaf) yield* rowsOf(database, page.readUInt32BE(start + 8), depth + 1)
}

function pageAt({ file, access, pageSize, pages }: Database, number: number): Buffer {
  if (number < 1 || number > pages) throw damaged(file, `page ${number} is not there`)
  const page = access.read((number - 1) * pageSize, pageSize)
  if (page.length < pageSize) throw damaged(file, 'cut off')
  return page
}

function rowAt(database: Database, page: Buffer, at: number): Row {
  const length = varint(page, at)
  const id = varint(page, length.end)
  if (length.value > MOST_RECORD) throw damaged(database.file, 'a record too long')
  return { id: id.value, cells: cellsOf(database.file, payload(database, page, id.end, length.value)) }
}

/** A record that does not fit goes on in a chain of pages. */
function payload(database: Database, page: Buffer, from: number, length: number): Buffer {
  const { usable, file } = database
  const most = usable - 35
  if (length <= most) return page.subarray(from, from + length)
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (usable - 4))
  const here = fitting <= most ? fitting : least
  if (from + here + 4 > page.length) throw damaged(file, 'a record beyond its page')
  const parts = [page.subarray(from, from + here)]
  let left = length - here
  let next = page.readUInt32BE(from + here)
  for (let pages = 0; left > 0; pages++) {
    if (pages > database.pages) throw damaged(file, 'a record in a circle')
    const more = pageAt(database, next)
    const size = Math.min(left, usable - 4)
    parts.push(Buffer.from(more.subarray(4, 4 + size)))
    left -= size
    next = more.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

function cellsOf(file: string, record: Buffer): Cell[] {
  const header = varint(record, 0)
  let at = header.value
  const cells: Cell[] = []
  for (let i = header.end; i < header.value; ) {
    const type = varint(record, i)
    i = type.end
    const size = sizeOf(type.value)
    if (at + size > record.length) throw damaged(file, 'a value beyond its record')
    cells.push(cellAt(record, at, type.value))
    at += size
  }
  return cells
}

const sizeOf = (type: number): number => (type >= 12 ? Math.floor((type - 12) / 2) : [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type]!)

function cellAt(record: Buffer, at: number, type: number): Cell {
  if (type === 0) return null
  if (type <= 5) return record.readIntBE(at, sizeOf(type))
  if (type === 6) {
    const value = record.readBigInt64BE(at)
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  }
  if (type === 7) return record.readDoubleBE(at)
  if (type <= 11) return type === 9 ? 1 : 0
  const bytes = record.subarray(at, at + sizeOf(type))
  return type % 2 === 1 ? bytes.toString('utf8') : Buffer.from(bytes)
}

/** Big-endian groups of seven bits; the ninth byte has eight. */
function varint(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, end: at + i + 1 }
  }
  return { value: value * 256 + (bytes[at + 8] ?? 0), end: at + 9 }
}
