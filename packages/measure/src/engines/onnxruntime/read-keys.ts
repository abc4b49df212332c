// Which configuration keys an installed onnxruntime reads. The table knows most; beyond it the engine's own code tells, whose text holds
// every key that it reads.
import fs from 'node:fs'
import path from 'node:path'
import { knowsKey } from './facts/config-keys.ts'

const LIBRARY = /onnxruntime[^/\\]*\.(so(\.\d+)*|dll|dylib)$|\.wasm$/
/** Keys of execution providers, which the engine puts together from the provider's name. */
const PROVIDER_KEY = /^ep\./

/** `from`: the folder of the engine's package. Where its code is not found, the key is believed. */
export function readsKey({ version, from }: { readonly version: string; readonly from: string }, key: string): boolean {
  if (knowsKey(version, key) || PROVIDER_KEY.test(key)) return true
  const libraries = librariesIn(from)
  return libraries.length === 0 || libraries.some((file) => holdsKey(fs.readFileSync(file), key))
}

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
