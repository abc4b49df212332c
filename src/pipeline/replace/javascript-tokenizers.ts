// Tokenizers written by hand in a JavaScript program, beside the library's: a process of its own runs the program for the texts that its functions
// are given (javascript/tokenizer-child.ts).
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '../../engines/compiled-twin.ts'
import type { AlternativeFact } from '../facts.ts'
import { startOf } from '../javascript/exported.ts'
import { parseSource } from '../javascript/syntax.ts'
import { shown, userFiles } from '../javascript/user-files.ts'
import { askOnce } from './ask-once.ts'
import type { TokenizerPlan } from './javascript/tokenizer-child.ts'
import { tokenizerLooks } from './javascript/tokenizer-functions.ts'

export interface TokenizersQuestion {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly data: string | null
  /** Of a script. */
  readonly arguments: readonly string[]
  /** Where models lie. */
  readonly folders: readonly string[]
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
}

const childFile = (): string => fileURLToPath(new URL('./javascript/tokenizer-child.js', compiledTwin(import.meta.url)))

/** Never throws, but for an aborted signal. null: there was nothing to run the program for. */
export async function tryJavascriptTokenizers(question: TokenizersQuestion): Promise<readonly AlternativeFact[] | null> {
  const { file, call, data, folders, limitMs, signal } = question
  const found = userFiles(file).map(
    ({ path: own, text }) => [own, tokenizerLooks(parseSource(text, own.replace(/\.([cm]?)tsx?$/, '.$1js'))!, own)] as const,
  )
  const looks = Object.fromEntries(found.filter(([, all]) => all.length > 0))
  if (Object.keys(looks).length === 0) return null
  const program = { file, call, start: startOf(file, call), arguments: question.arguments }
  const plan: TokenizerPlan = { ...program, data: data === null ? null : path.resolve(data), looks, folders }
  const words = [childFile()]
  const asked = { executable: process.execPath, words, plan: JSON.stringify(plan), answersOn: 'pipe', limitMs, signal } as const
  const told = await askOnce<readonly AlternativeFact[]>(asked)
  return typeof told === 'string' ? [] : told.map((one) => ({ ...one, file: shown(one.file) }))
}
