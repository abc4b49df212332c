// The user's prompts: a text file with one prompt per line, a JSON array, or JSON lines; a prompt is a string or an object that has one.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import { parseJson } from '@whyslow/graph/json.ts'

const FIELDS = ['prompt', 'text', 'input', 'content'] as const
const MOST_BYTES = 50_000_000

/** Throws InputError, one line, if the file holds none. `flag`: what it was given with. */
export function readPrompts(file: string, flag = '--prompts'): readonly string[] {
  const size = fs.statSync(file, { throwIfNoEntry: false })
  if (size === undefined) throw new InputError(`${flag} ${file}: no such file`)
  if (!size.isFile())
    throw new InputError(`${flag} ${file}: is not a file; give a text file with one ${wordOf(flag)} per line, or JSON`)
  if (size.size > MOST_BYTES)
    throw new InputError(`${flag} ${file}: ${Math.round(size.size / 1e6)} MB is too large; 50 MB are enough`)
  return promptsIn(fs.readFileSync(file, 'utf8'), file, flag)
}

/** 'prompt' of '--prompts FILE'. */
const wordOf = (place: string): string => /^--(\w+)s\b/.exec(place)?.[1] ?? 'text'

export function promptsIn(text: string, file: string, flag = '--prompts'): readonly string[] {
  const place = `${flag} ${file}`
  const start = text.trimStart()[0]
  const found = start === '[' ? fromArray(text, place) : start === '{' ? fromLines(text, place) : linesOf(text)
  if (found.length === 0) throw new InputError(`${place}: holds no ${wordOf(place)}`)
  return found
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '')

function fromArray(text: string, place: string): string[] {
  const parsed = parse(text, place)
  return (parsed as unknown[]).map((one, k) => promptOf(one, `${place}, entry ${k + 1}`))
}

const fromLines = (text: string, place: string): string[] =>
  linesOf(text).map((line, k) => promptOf(parse(line, `${place}, line ${k + 1}`), `${place}, line ${k + 1}`))

const parse = (text: string, place: string): unknown => parseJson(text, () => new InputError(`${place}: is not valid JSON`))

function promptOf(value: unknown, place: string): string {
  const found =
    typeof value === 'object' && value !== null
      ? FIELDS.map((name) => (value as Record<string, unknown>)[name]).find((one) => one !== undefined)
      : value
  if (typeof found === 'string' && found.trim() !== '') return found
  throw new InputError(`${place}: has no ${wordOf(place)}; give a string, or an object with a field ${wordOf(place)}`)
}
