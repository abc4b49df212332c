// Documents that were saved and are read again: JSON, checked by the code that scripts/make-validators.mjs makes of their types.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'

/** Documents whose types are in report/documents. */
export type SavedDocument = 'baseline' | 'saved-report' | 'saved-machine' | 'history-entry'

/** What of ajv's error objects is read: https://ajv.js.org/api.html#error-objects */
interface Fault {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

interface Validator {
  (value: unknown): boolean
  readonly errors?: readonly Fault[] | null
}

/** The content of a JSON file, with `revive` as of JSON.parse. InputError, in the given words, if it is none. */
export function readJson(
  file: string,
  words: { readonly what: string; readonly hint: string },
  revive?: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'), revive)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const known: Readonly<Record<string, string>> = { ENOENT: 'no such file', EISDIR: 'this is a folder' }
    const reason = code === undefined ? 'this is not JSON' : (known[code] ?? `cannot be read (${code})`)
    throw new InputError(`${words.what}: ${reason}; ${words.hint}`)
  }
}

/** What is wrong with a document, as in 'latency.p50Ms is not a number'; undefined if it has its type. */
export const faultIn = (kind: SavedDocument, value: unknown): string | undefined =>
  faultBy(new URL(`./validators/${kind}.cjs`, compiledTwin(import.meta.url)), value)

/** As `faultIn`, by the validator that a room keeps for a type of its own. */
export function faultBy(validator: URL, value: unknown): string | undefined {
  const validate = createRequire(import.meta.url)(fileURLToPath(validator)) as Validator
  return validate(value) ? undefined : wordsOf(deepest(validate.errors ?? []))
}

/** The deepest fault: what a value that fits none of several types lacks of the type that it is nearest to. */
function deepest(faults: readonly Fault[]): Fault {
  const depth = ({ instancePath, keyword, params }: Fault) =>
    instancePath.split('/').length - (keyword === 'anyOf' || params.type === 'null' ? 0.5 : 0)
  return faults.reduce((a, b) => (depth(b) > depth(a) ? b : a))
}

function wordsOf({ instancePath, keyword, params }: Fault): string {
  const names = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const at = (more: readonly string[] = []) => [...names, ...more].join('.') || 'it'
  switch (keyword) {
    case 'required':
      return `${at([String(params.missingProperty)])} is missing`
    case 'type':
      return `${at()} is not of type ${[params.type].flat().join(' or ')}`
    case 'const':
      return `${at()} is not ${params.allowedValue}`
    case 'enum':
      return `${at()} is none of ${[params.allowedValues].flat().join(', ')}`
    case 'exclusiveMinimum':
      return `${at()} is not above ${params.limit}`
    default:
      return `${at()} has the wrong type`
  }
}
