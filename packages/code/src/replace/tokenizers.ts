// Tokenizers that the user wrote by hand and that take much of the time, compared with those of a library: on the texts that they were given, ids compared,
// in turns, in a process of its own.
import { dirname } from 'node:path'
import { findInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { AlternativeFact } from '../facts.ts'
import { askOnce } from './ask-once.ts'
import { tryJavascriptTokenizers } from './javascript-tokenizers.ts'
import { tryPythonTokenizers } from './python-tokenizers.ts'
import type { ReplaceGiven } from './replacements.ts'

const LIMIT_MS = 120_000

/** Never throws, but for an aborted signal; none if the library is not there, and then the program is not run. */
export async function tryTokenizers(
  evidence: PipelineEvidence,
  given: ReplaceGiven,
  ask = askOnce,
): Promise<readonly AlternativeFact[]> {
  const { language, patterns = [] } = evidence
  const { file, call, data, python, signal, onRun } = given
  const models = (evidence.sessions ?? []).flatMap(({ modelFile }) => (modelFile === null ? [] : [dirname(modelFile)]))
  const folders = [...new Set(models)]
  const program = { file, call, data, arguments: given.arguments ?? [], folders, limitMs: LIMIT_MS, signal }
  let told: readonly AlternativeFact[] | null = null
  if (language === 'javascript') told = await tryJavascriptTokenizers(program, ask)
  else {
    const places = patterns.filter(({ pattern }) => pattern === 'hand-tokenizer')
    if (places.length === 0) return []
    const found = findInterpreter({ named: python, beside: file }, pythonEnvironment())
    if (!found.ok) return []
    const { executable, arguments: before } = found.interpreter
    const isScript = evidence.target.kind === 'script'
    told = await tryPythonTokenizers({ ...program, isScript, places, interpreter: [executable, ...before] }, ask)
  }
  if (told !== null) onRun?.()
  return told ?? []
}
