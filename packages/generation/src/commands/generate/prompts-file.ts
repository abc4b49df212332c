// The user's prompts: a text file with one prompt a line, a JSON array, or JSON lines; a prompt is a string or an object that has one.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'

const FIELDS = ['prompt', 'text', 'input', 'content'] as const
const MOST_BYTES = 50_000_000

/** Throws InputError, one line, if the file holds none. */
export function readPrompts(file: string): readonly string[] {
  const size = fs.statSync(file, { throwIfNoEntry: false })
  if (size === undefined) throw new InputError(`--prompts ${file}: no such file`)
  if (!size.isFile()) throw new InputError(`--prompts ${file}: is not a file; give a text file with one prompt a line, or JSON`)
  if (size.size > MOST_BYTES)
    throw new InputError(`--prompts ${file}: ${Math.round(size.size / 1e6)} MB is too large; 50 MB are enough`)
  return promptsIn(fs.readFileSync(file, 'utf8'), file)
}

export function promptsIn(text: string, file: string): readonly string[] {
  const start = text.trimStart()[0]
  const found = start === '[' ? fromArray(text, file) : start === '{' ? fromLines(text, file) : linesOf(text)
  if (found.length === 0) throw new InputError(`--prompts ${file}: holds no prompt`)
  return found
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '')

function fromArray(text: string, file: string): string[] {
  const parsed = parse(text, `--prompts ${file}`)
  return (parsed as unknown[]).map((one, k) => promptOf(one, `--prompts ${file}, entry ${k + 1}`))
}

const fromLines = (text: string, file: string): string[] =>
  linesOf(text).map((line, k) => promptOf(parse(line, `--prompts ${file}, line ${k + 1}`), `--prompts ${file}, line ${k + 1}`))

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError(`${place}: is not valid JSON`)
  }
}

function promptOf(value: unknown, place: string): string {
  const found =
    typeof value === 'object' && value !== null
      ? FIELDS.map((name) => (value as Record<string, unknown>)[name]).find((one) => one !== undefined)
      : value
  if (typeof found === 'string' && found.trim() !== '') return found
  throw new InputError(`${place}: has no prompt; give a string, or an object with a field prompt`)
}
