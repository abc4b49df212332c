// A file of the user's made ready to run: types stripped, probes put in.
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withProbes } from './probe.ts'
import { stripTypes } from './strip-types.ts'

const OWN = fileURLToPath(new URL('..', import.meta.url))

/** A file of the user's own: not of a package, not of whyslow. */
export const isUsers = (file: string): boolean => !/[\\/]node_modules[\\/]/.test(file) && !file.startsWith(OWN)

/** What is put into the user's code: nothing, probes wherever they can be, or texts at places of files, by absolute path, in their order. */
export type Change = 'none' | 'probes' | Readonly<Record<string, readonly Insertion[]>>

export interface Insertion {
  /** Offset in the text without its types. */
  readonly at: number
  readonly text: string
}

/** Throws SyntaxError if types cannot be stripped. */
export function prepareSource(text: string, file: string, change: Change): string {
  const plain = /\.[cm]?tsx?$/.test(file) ? stripped(text, file) : text
  if (change === 'none') return plain
  if (change === 'probes') return withProbes(plain, file.replace(/\.([cm]?)tsx?$/, '.$1js'), file)
  const parts: string[] = []
  let from = 0
  for (const { at, text: put } of change[file] ?? []) {
    parts.push(plain.slice(from, at), put)
    from = at
  }
  return [...parts, plain.slice(from)].join('')
}

function stripped(text: string, file: string): string {
  const found = stripTypes(text, file)
  if (found.ok) return found.code
  const what = `${basename(file)}:${found.line} has ${found.reason}, which is more than types`
  throw new SyntaxError(`${what}; give the JavaScript that your build makes of it`)
}
