// What predictions are fed with: the module's own samples, or what --data names, by the rules of read-samples.ts.
import { InputError } from '@whyslow/graph/input-error.ts'
import { ContractError } from './contract.ts'

/** Iterables may be endless, and each of their items large or slow to make. */
const MOST = 10_000
const MOST_BYTES = 512e6
const MOST_MS = 20_000

export interface Samples {
  readonly list: readonly unknown[]
  readonly source: 'module' | 'data' | 'none'
  /** Why there are no more, as a sentence; null: these are all. */
  readonly cut: string | null
}

/** `given`: the target's. Throws ContractError. */
export async function readSamples(given: unknown, data: string | null): Promise<Samples> {
  if (data !== null) return { list: await fromPath(data), source: 'data', cut: null }
  if (given === null || given === undefined) return { list: [undefined], source: 'none', cut: null }
  const { list, why } = await takeItems(given)
  if (list.length === 0) throw new ContractError('samples() gave none')
  const cut = why === null ? null : `of samples() the first ${list.length.toLocaleString('en-US')} are used: ${why}`
  return { list, source: 'module', cut }
}

interface Limits {
  readonly most: number
  readonly mostBytes: number
  readonly now: () => number
}

/** The first items of what it is, or gives, and why there are no more. Throws ContractError. */
export async function takeItems(
  given: unknown,
  { most = MOST, mostBytes = MOST_BYTES, now = () => performance.now() }: Partial<Limits> = {},
): Promise<{ readonly list: readonly unknown[]; readonly why: string | null }> {
  const value: unknown = await (typeof given === 'function' ? given() : given)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    throw new ContractError(
      `samples() gave ${ArrayBuffer.isView(value) ? 'one array of numbers' : typeof value}, not a list or an iterable`,
    )
  }
  const isIterable = Symbol.iterator in value || Symbol.asyncIterator in value
  if (!isIterable) throw new ContractError('samples() gave an object that cannot be iterated')
  const list: unknown[] = []
  const began = now()
  let bytes = 0
  for await (const one of value as AsyncIterable<unknown>) {
    if (list.length === most) return { list, why: 'no more than so many are kept' }
    list.push(one)
    bytes += bytesOf(one)
    if (bytes >= mostBytes) return { list, why: `they hold ${Math.floor(bytes / 1e6)} MB` }
    if (now() - began >= MOST_MS) return { list, why: `making them took ${MOST_MS / 1000} s` }
  }
  return { list, why: null }
}

/** Most elements of a list that are examined. */
const LOOKED_AT = 16
const DEEPEST = 4

/** Bytes of arrays and texts, including those in lists and objects. */
function bytesOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
  if (depth > DEEPEST) return 8
  const items = Array.isArray(value) ? value : Object.values(value)
  if (items.length === 0) return 8
  const step = Math.max(1, Math.floor(items.length / LOOKED_AT))
  const looked = items.filter((_, at) => at % step === 0).slice(0, LOOKED_AT)
  return (looked.reduce((sum: number, one) => sum + bytesOf(one, depth + 1), 0) * items.length) / looked.length
}

/** Read by what nobody needs who has samples of his own. */
async function fromPath(data: string): Promise<unknown[]> {
  const { samplesAt } = await import('./read-samples.ts')
  const { decodeValue } = await import('./decode-value.ts')
  try {
    return samplesAt(data, MOST).map((one) => ('arrays' in one ? decodeValue(one.arrays) : one.plain))
  } catch (error) {
    throw error instanceof InputError ? new ContractError(error.message) : error
  }
}
