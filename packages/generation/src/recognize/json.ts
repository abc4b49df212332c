// JSON files of strangers: read within a limit, and values of it taken only if they have the type that is needed.
import fs from 'node:fs'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { isObject, type JsonObject, parseJson } from '@whyslow/graph/json.ts'

/** The largest tokenizer.json of models in use has 35 MB. */
const LIMIT_BYTES = 256 * 2 ** 20

/** The object in the file; null: there is no such file. Throws InputError if it is not one object of JSON. */
export function readJson(file: string): JsonObject | null {
  let text: string
  try {
    const { size } = fs.statSync(file)
    if (size > LIMIT_BYTES) throw new InputError(`${file} has ${size} bytes, more than such a file ever needs; download it again`)
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new InputError(`${file} cannot be read (${code}); check its permissions`)
  }
  const value = parseJson(text, (words) => new InputError(`${file} is not valid JSON (${firstLineOf(words)}); download it again`))
  if (isObject(value)) return value
  throw new InputError(`${file} does not hold one JSON object; download it again`)
}

/** A positive whole number. */
export const wholeOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null
