// Whether a file is an input: the sample is its path, holds it, or names it. packages/measure/src/python/collector/whyslow_collector/inputs.py is the same for Python.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A longer text is no path. */
const LONGEST = 4096
const MOST_MEMBERS = 64
const DEEPEST = 3

/** `file`: a path or its URL, which was opened while the sample was predicted. */
export function isInput(file: unknown, sample: unknown, depth = 0): boolean {
  const [own, name] = [pathOf(file), pathOf(sample)]
  if (own === null) return false
  if (name !== null) return isNamed(own, name)
  if (typeof sample !== 'object' || sample === null || ArrayBuffer.isView(sample) || depth >= DEEPEST) return false
  return Object.values(sample)
    .slice(0, MOST_MEMBERS)
    .some((one) => isInput(file, one, depth + 1))
}

/** null: it is none. */
export function pathOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  return value instanceof URL && value.protocol === 'file:' ? fileURLToPath(value) : null
}

/** The path itself, a file in the folder, or a file of that name wherever it lies: images/0001.png of the sample 0001. */
function isNamed(file: string, name: string): boolean {
  if (name === '' || name.length > LONGEST || name.includes('\n')) return false
  const [own, given] = [path.resolve(file), path.resolve(name)]
  return own === given || own.startsWith(given + path.sep) || path.parse(own).name === path.parse(given).name
}
