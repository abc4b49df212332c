// The user's own files: the one that was named and those that it imports by path.
import fs from 'node:fs'
import path from 'node:path'
import { type ReadSource, readSource } from './source.ts'
import { stripTypes } from './strip-types.ts'

export interface UserFile {
  /** Absolute. */
  readonly path: string
  readonly source: ReadSource
  /** As it is run: without types. */
  readonly text: string
}

const MOST_FILES = 200
/** A bundle above this is not read: nobody's own lines. */
const LARGEST_BYTES = 3e6
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.ts', '/index.mjs']

/** Each once, those that cannot be read or parsed left out. */
export function userFiles(entry: string): readonly UserFile[] {
  const found = new Map<string, UserFile>()
  const todo = [path.resolve(entry)]
  while (todo.length > 0 && found.size < MOST_FILES) {
    const file = todo.shift()!
    if (found.has(file)) continue
    const read = readUserFile(file)
    if (read === null) continue
    found.set(file, read)
    for (const { specifier } of read.source.imports) {
      const target = resolved(specifier, file)
      if (target !== null) todo.push(target)
    }
  }
  return [...found.values()]
}

/** The same text that the hooks put probes in, so that sites have the same numbers. */
function readUserFile(file: string): UserFile | null {
  try {
    if (fs.statSync(file).size > LARGEST_BYTES) return null
    const text = plainText(fs.readFileSync(file, 'utf8'), file)
    const source = text === null ? null : readSource(text, displayPath(file))
    return source === null ? null : { path: file, source, text: text! }
  } catch {
    return null
  }
}

function plainText(text: string, file: string): string | null {
  if (!/\.[cm]?tsx?$/.test(file)) return text
  const stripped = stripTypes(text, file)
  return stripped.ok ? stripped.code : null
}

function resolved(specifier: string, from: string): string | null {
  if (!/^\.{1,2}\//.test(specifier)) return null
  const base = path.resolve(path.dirname(from), specifier)
  const asTypes = base.replace(/\.([cm]?)js$/, '.$1ts')
  const candidates = [...ENDINGS.map((ending) => base + ending), asTypes]
  const isFile = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true
  return candidates.find((file) => /\.[cm]?[jt]sx?$/.test(file) && isFile(file)) ?? null
}

/** As the user would write it: from the working folder, where it is in it. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}
