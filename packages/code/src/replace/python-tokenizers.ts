// Tokenizers written by hand in a Python program, compared with those of the package `tokenizers`: run by the program's own interpreter, for the texts that its
// functions are given (python/tokenizing.py).

import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { COLLECTOR } from '@whyslow/measure/python/collector.ts'
import { turnTimes } from '@whyslow/measure/statistics/index.ts'
import type { AlternativeFact, PairedAlternative, SourcePattern } from '../facts.ts'
import { displayPath } from '../javascript/user-files.ts'
import { askOnce } from './ask-once.ts'
import type { TokenizersQuestion } from './javascript-tokenizers.ts'

interface PythonQuestion extends TokenizersQuestion {
  readonly isScript: boolean
  /** Where tokenizers stand. */
  readonly places: readonly SourcePattern[]
  /** What runs it: an executable, and the arguments in front of the file. */
  readonly interpreter: readonly string[]
  /** An empty folder that the library's tokenizer is written to, where its ids are the same; absent: it is not. */
  readonly ship?: string
}

const runner = fileURLToPath(new URL('./python/tokenizing.py', import.meta.url))

/** Never throws, but for an aborted signal. null: the program was not run, since the library is not there. */
export async function tryPythonTokenizers(question: PythonQuestion, ask = askOnce): Promise<readonly AlternativeFact[] | null> {
  const { file, call, data, isScript, places, folders, interpreter, limitMs, signal, ship } = question
  const plan = { file, call, isScript, arguments: question.arguments, places, folders, data: data && path.resolve(data), ship }
  const [executable, ...before] = interpreter
  const words = [...before, runner, COLLECTOR]
  const asked = { executable: executable!, words, plan: JSON.stringify(plan), answersOn: 'output', limitMs, signal } as const
  const told = await ask<{ readonly ran: boolean; readonly rows: readonly PairedAlternative[] }>(asked)
  if (typeof told === 'string') return []
  return told.ran
    ? told.rows.map(({ pairsMs, ...one }) => ({ ...one, ...turnTimes(pairsMs), file: displayPath(one.file) }))
    : null
}
