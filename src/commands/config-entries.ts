// Entries of --config. The engine takes a key that it does not know without a word, so that a misspelled one would be measured as if it
// did nothing: it is refused before anything is measured.
import { configKeys, knowsKey, whyInvalidValue } from '../engines/onnxruntime/facts/config-keys.ts'
import { readsKey } from '../engines/onnxruntime/read-keys.ts'
import { InputError } from '../graph/input-error.ts'
import { nearest } from './nearest.ts'

/** `from`: the folder of the engine's package. Throws InputError for a key that it does not read, and for a value that the key cannot have. */
export function checkConfig(
  entries: Readonly<Record<string, string>>,
  engine: string,
  found: { readonly version: string; readonly from: string },
): void {
  for (const [key, value] of Object.entries(entries)) {
    const invalid = whyInvalidValue(key, value)
    if (invalid !== null) throw new InputError(`--config ${key}=${value}: ${invalid}; give another value`)
    if (readsKey(found, key)) continue
    const known = configKeys.map(({ name }) => name).filter((name) => knowsKey(found.version, name))
    const meant = nearest(key, known)
    const next = meant === undefined ? 'leave it out, or see its list of session configuration keys' : `did you mean ${meant}?`
    throw new InputError(`--config ${key}: ${engine} ${found.version} reads no such key; ${next}`)
  }
}
