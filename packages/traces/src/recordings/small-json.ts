// Profiles that are JSON and never gigabytes: read at once, checked member by member by whoever looks for one.

import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, type JsonObject, jsonValue } from '@whyslow/graph/json.ts'
import { type TraceSource, wholeOf } from './source.ts'

/** A JavaScript string holds 512 MiB, and what is parsed takes several times that. */
const MOST_BYTES = 256 * 2 ** 20

/** The object in a file. InputError if it is not a JSON object, or too large. */
export async function readObject(source: TraceSource): Promise<JsonObject> {
  const text = (await wholeOf(source, MOST_BYTES)).toString('utf8').replace(/^\ufeff/, '')
  const value = jsonValue(text)
  if (value === undefined) throw new InputError(`${source.file}: this JSON is damaged or cut off; record the profile again`)
  if (!isObject(value)) throw new InputError(`${source.file}: no object in this JSON; give a profile`)
  return value
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
/** A finite number, or what represents none. */
export const numberOf = (value: unknown, none = 0): number => (typeof value === 'number' && Number.isFinite(value) ? value : none)

/** InputError in the words of damage. */
export function damageError(file: string, what: string): InputError {
  return new InputError(`${file}: damaged (${what}); record the profile again`)
}
