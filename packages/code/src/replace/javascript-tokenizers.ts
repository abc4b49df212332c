// Tokenizers written by hand in a JavaScript program, compared with the library's: a process of its own runs the program for the texts that its functions
// are given (javascript/tokenizer-child.ts).
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import type { AlternativeFact } from '../facts.ts'
import { startOf } from '../javascript/exported.ts'
import type { Insertion } from '../javascript/prepare.ts'
import { parseSource } from '../javascript/syntax.ts'
import { displayPath, type UserFile, userFiles } from '../javascript/user-files.ts'
import { askOnce } from './ask-once.ts'
import type { TokenizerPlan } from './javascript/tokenizer-child.ts'
import { tokenizerLooks } from './javascript/tokenizer-functions.ts'
import { LIBRARY } from './javascript/vocabularies.ts'

export interface TokenizersQuestion {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly data: string | null
  /** Arguments of a script. */
  readonly arguments: readonly string[]
  /** Where models lie. */
  readonly folders: readonly string[]
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
}

const childFile = (): string => fileURLToPath(new URL('./javascript/tokenizer-child.js', compiledTwin(import.meta.url)))

/** Never throws, but for an aborted signal. null: there was nothing to run the program for. */
export async function tryJavascriptTokenizers(
  question: TokenizersQuestion,
  ask = askOnce,
): Promise<readonly AlternativeFact[] | null> {
  const { file, call, data, folders, limitMs, signal } = question
  if (!hasLibrary(file)) return null
  const found = userFiles(file).map((one) => [one.path, looksOf(one)] as const)
  const looks = Object.fromEntries(found.filter(([, all]) => all.length > 0))
  if (Object.keys(looks).length === 0) return null
  const program = { file, call, start: startOf(file, call), arguments: question.arguments }
  const plan: TokenizerPlan = { ...program, data: data === null ? null : path.resolve(data), looks, folders }
  const words = [childFile()]
  const asked = { executable: process.execPath, words, plan: JSON.stringify(plan), answersOn: 'pipe', limitMs, signal } as const
  const told = await ask<readonly AlternativeFact[]>(asked)
  return typeof told === 'string' ? [] : told.map((one) => ({ ...one, file: displayPath(one.file) }))
}

/** As the process that runs the program finds it. */
function hasLibrary(file: string): boolean {
  try {
    createRequire(file).resolve(LIBRARY)
    return true
  } catch {
    return false
  }
}

/** None in what cannot be read. Exported for its test. */
export function looksOf({ path: own, text }: Pick<UserFile, 'path' | 'text'>): readonly Insertion[] {
  try {
    const program = parseSource(text, own.replace(/\.([cm]?)tsx?$/, '.$1js'))
    return program === null ? [] : tokenizerLooks(program, own)
  } catch {
    return []
  }
}
