// JSON files of strangers: read within a limit, and values of it taken only if they have the type that is needed.
import fs from 'node:fs'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'

/** The largest tokenizer.json of models in use has 35 MB. */
const LIMIT_BYTES = 256 * 2 ** 20

/** The object in the file; null: there is no such file. Throws InputError if it is not one object of JSON. */
export function readJson(file: string): Readonly<Record<string, unknown>> | null {
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
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InputError(`${file} is not valid JSON (${firstLineOf(error)}); download it again`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${file} does not hold one JSON object; download it again`)
  return value as Readonly<Record<string, unknown>>
}

export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** A positive whole number. */
export const wholeOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null
