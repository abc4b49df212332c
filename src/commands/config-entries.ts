// Entries of --config. The engine takes a key that it does not know without a word, so that a misspelled one would be measured as if it
// did nothing: it is refused before anything is measured.
import fs from 'node:fs'
import path from 'node:path'
import { configKeys, knowsKey, whyInvalidValue } from '../engines/onnxruntime/facts/config-keys.ts'
import { InputError } from '../graph/input-error.ts'
import { nearest } from './nearest.ts'

/** The engine's own code: its text holds every key that it reads. */
const LIBRARY = /onnxruntime[^/\\]*\.(so(\.\d+)*|dll|dylib)$|\.wasm$/
/** Keys of execution providers, which the engine puts together from the provider's name. */
const PROVIDER_KEY = /^ep\./

/** `from`: the folder of the engine's package. Throws InputError for a key that it does not read, and for a value that the key cannot have. */
export function checkConfig(
  entries: Readonly<Record<string, string>>,
  engine: string,
  { version, from }: { readonly version: string; readonly from: string },
): void {
  let libraries: readonly string[] | undefined
  for (const [key, value] of Object.entries(entries)) {
    const invalid = whyInvalidValue(key, value)
    if (invalid !== null) throw new InputError(`--config ${key}=${value}: ${invalid}; give another value`)
    if (knowsKey(version, key) || PROVIDER_KEY.test(key)) continue
    libraries ??= librariesIn(from)
    if (libraries.length === 0 || libraries.some((file) => holdsKey(fs.readFileSync(file), key))) continue
    const known = configKeys.map(({ name }) => name).filter((name) => knowsKey(version, name))
    const meant = nearest(key, known)
    const next = meant === undefined ? 'leave it out, or see its list of session configuration keys' : `did you mean ${meant}?`
    throw new InputError(`--config ${key}: ${engine} ${version} reads no such key; ${next}`)
  }
}

/** None where the folder cannot be looked into: the engine is then believed. */
function librariesIn(folder: string): readonly string[] {
  if (!fs.existsSync(folder)) return []
  const found = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => LIBRARY.test(name))
  return found.map((name) => path.join(folder, name))
}

/** Whole, and not as a part of a longer key. */
export function holdsKey(code: Uint8Array, key: string): boolean {
  const text = Buffer.from(code.buffer, code.byteOffset, code.byteLength)
  const isPart = (byte: number | undefined): boolean => byte !== undefined && /[\w.-]/.test(String.fromCharCode(byte))
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1))
    if (!isPart(text[at - 1]) && !isPart(text[at + Buffer.byteLength(key)])) return true
  return false
}
