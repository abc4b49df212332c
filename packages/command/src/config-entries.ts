// Entries of --session-config. The engine takes a key that it does not know without a word, so that a misspelled one would be measured as if it
// did nothing: it is refused before anything is measured.

import { InputError } from '@whyslow/graph/input-error.ts'
import { configKeys, knowsKey, whyInvalidValue } from '@whyslow/measure/engines/onnxruntime/facts/config-keys.ts'
import { readsKey } from '@whyslow/measure/engines/onnxruntime/read-keys.ts'
import type { Availability } from '@whyslow/measure/engines/types.ts'
import { nearest } from './nearest.ts'

/** What is known of an installed engine. `from`: the folder of its package. */
type Found = Pick<Extract<Availability, { ok: true }>, 'version' | 'from' | 'configuration'>

/** Throws InputError for a key that the engine does not read, and for a value that the key cannot have. */
export function checkConfig(entries: Readonly<Record<string, string>>, engine: string, found: Found): void {
  if (found.configuration !== undefined) {
    checkOwn(entries, `${engine} ${found.version}`, found.configuration)
    return
  }
  for (const [key, value] of Object.entries(entries)) {
    const invalid = whyInvalidValue(key, value)
    if (invalid !== null) throw new InputError(`--session-config ${key}=${value}: ${invalid}; give another value`)
    if (readsKey(found, key)) continue
    const known = configKeys.map(({ name }) => name).filter((name) => knowsKey(found.version, name))
    const meant = nearest(key, known)
    const next = meant === undefined ? 'leave it out, or see its list of session configuration keys' : `did you mean ${meant}?`
    throw new InputError(`--session-config ${key}: ${engine} ${found.version} reads no such key; ${next}`)
  }
}

/** Checks entries by what the engine itself lists. */
function checkOwn(entries: Readonly<Record<string, string>>, engine: string, own: NonNullable<Found['configuration']>): void {
  for (const [key, value] of Object.entries(entries)) {
    const values = own[key]
    if (values === undefined) {
      const meant = nearest(key, Object.keys(own))
      throw new InputError(
        `--session-config ${key}: ${engine} takes no such property; ${meant === undefined ? 'leave it out' : `did you mean ${meant}?`}`,
      )
    }
    if (values !== null && !values.some((one) => one === value || (one === '<n>' && /^\d+$/.test(value))))
      throw new InputError(`--session-config ${key}=${value}: ${key} takes ${values.join(' or ')}; give another value`)
  }
}

/** Checks entries for several engines, each with keys of its own: an entry belongs to one of them at least. Throws as `checkConfig` does. */
export function checkConfigOfAny(
  entries: Readonly<Record<string, string>>,
  all: readonly { readonly id: string; readonly engine: Found }[],
): void {
  for (const [key, value] of Object.entries(entries)) {
    const refusals = all.map(({ id, engine }) => refusal(() => checkConfig({ [key]: value }, id, engine)))
    if (refusals.length > 0 && !refusals.includes(null)) throw refusals.find((one) => one !== null)
  }
}

function refusal(check: () => void): unknown {
  try {
    check()
    return null
  } catch (error) {
    return error
  }
}
