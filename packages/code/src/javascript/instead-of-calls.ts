// Single calls of the user's code that can be done in another way, in turns, on what they were given: JSON of many numbers against their bytes,
// a file that is read each time against what was read once. Which call it is of, who reads the sources knows; tried is what the argument allows.
import fs from 'node:fs'
import type { AlternativeFact } from '../facts.ts'
import { inTurns, type TimedFunction } from './in-turns.ts'

/** A first argument, and whether all calls had the same. */
export interface FirstArgument {
  readonly value: unknown
  same: boolean
}

/** An alternative without its place; `of`: callees that it is one of. */
export interface CallAlternative extends Omit<AlternativeFact, 'file' | 'line' | 'function'> {
  readonly of: 'JSON.parse' | 'JSON.stringify' | 'readFile' | 'decode'
}

/** Fewer numbers are text in no time. */
const LEAST_NUMBERS = 256

/** null: there is no other way, or it cannot be tried. */
export async function insteadOf({ value, same }: FirstArgument, calls: number): Promise<CallAlternative | null> {
  try {
    if (typeof value === 'string' && /^\s*[[{]/.test(value)) return await parsed(value)
    if ((typeof value === 'string' || value instanceof URL) && same && calls > 1) return await readOnce(value, calls)
    if (typeof value === 'object' && value !== null) return await written(value)
  } catch {
    // It cannot be asked so.
  }
  return null
}

/** Whether a callee is what an alternative is of. */
export function isOf(callee: string, { of }: Pick<CallAlternative, 'of'>): boolean {
  if (of === 'readFile') return /(^|\.)readFile(Sync)?$/.test(callee)
  return of === 'decode' ? /(^|\.)(decode|read|parse)$/.test(callee) : callee === of
}

// JSON ---------------------------------------------------------------------------------------------------------------------------------

async function parsed(text: string): Promise<CallAlternative | null> {
  const { lists, rest } = apart(JSON.parse(text))
  if (lists.length === 0) return null
  const header = JSON.stringify(rest)
  const bodies = lists.map((list) => new Uint8Array(Float64Array.from(list).buffer))
  const instead = () => {
    JSON.parse(header)
    return bodies.map((body) => new Float64Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength)))
  }
  const equal = alike(lists, instead())
  const on = `${count(lists)} numbers in ${Math.round(text.length / 1000).toLocaleString('en')} kB of text`
  const code = ['const x = new Float64Array(await body.arrayBuffer()) // who sends it sends new Float64Array(x)']
  return tried('JSON.parse', 'JSON.parse(text)', { equal, on, code }, [() => JSON.parse(text), instead])
}

async function written(value: object): Promise<CallAlternative | null> {
  const { lists, rest } = apart(value)
  if (lists.length === 0) return null
  const instead = () => [JSON.stringify(rest), ...lists.map((list) => Float64Array.from(list))]
  const equal = alike(lists, instead().slice(1) as Float64Array[])
  const code = ['const body = Float64Array.from(x) // its bytes; read by new Float64Array(await body.arrayBuffer())']
  const told = { equal, on: `${count(lists)} numbers`, code }
  return tried('JSON.stringify', 'JSON.stringify(value)', told, [() => JSON.stringify(value), instead])
}

type Told = Pick<CallAlternative, 'equal' | 'on' | 'code'>

async function tried(
  of: CallAlternative['of'],
  now: string,
  told: Told,
  [before, after]: readonly [TimedFunction, TimedFunction],
): Promise<CallAlternative> {
  const rule = 'json-in-the-loop'
  return { of, rule, now, instead: 'the bytes of the numbers', ...told, ...(await inTurns(before, after)) }
}

const count = (lists: readonly (readonly number[])[]): string =>
  lists.reduce((sum, { length }) => sum + length, 0).toLocaleString('en')

const alike = (lists: readonly (readonly number[])[], arrays: readonly Float64Array[]): CallAlternative['equal'] =>
  lists.every((list, at) => list.every((number, k) => Object.is(number, arrays[at]![k]))) ? 'bits' : 'different'

/** Lists of numbers, in their order, and what is left without them. */
function apart(value: unknown): { readonly lists: readonly (readonly number[])[]; readonly rest: unknown } {
  if (isNumbers(value)) return { lists: [value], rest: null }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return { lists: [], rest: value }
  const inner = Object.entries(value).map(([key, one]) => [key, apart(one)] as const)
  const lists = inner.flatMap(([, one]) => one.lists)
  const rest = Array.isArray(value)
    ? inner.map(([, one]) => one.rest)
    : Object.fromEntries(inner.map(([key, one]) => [key, one.rest]))
  return { lists, rest }
}

/** As JSON has them: of NaN and infinities it makes null. */
const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length >= LEAST_NUMBERS && value.every((one) => typeof one === 'number' && Number.isFinite(one))

// Files --------------------------------------------------------------------------------------------------------------------------------

async function readOnce(file: string | URL, calls: number): Promise<CallAlternative | null> {
  if (!fs.statSync(file).isFile()) return null
  const kept = fs.readFileSync(file)
  const equal = kept.equals(fs.readFileSync(file)) ? ('bits' as const) : ('different' as const)
  const on = `a file of ${Math.round(kept.length / 1000).toLocaleString('en')} kB, the same in ${calls} calls`
  const code = ['const kept = readFileSync(file) // once, when the module is loaded']
  const turns = await inTurns(
    () => fs.readFileSync(file),
    () => kept,
  )
  return { of: 'readFile', rule: 'file-in-the-loop', now: 'readFile', instead: 'what was read once', equal, on, code, ...turns }
}
