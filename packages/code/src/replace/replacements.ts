// What stands in place of hot places of the user's own code: for each that is hot and for which a replacement can be generated, it is run on the
// values that the code saw, compared, and timed in turns.
import { resolve } from 'node:path'
import { findInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import type { PipelineEvidence, Replacement } from '../evidence.ts'
import type { PatternName } from '../facts.ts'
import { displayPath } from '../javascript/user-files.ts'
import { type JavascriptQuestion, replaceJavascriptLoops } from './javascript-loops.ts'
import { LEAST_FACTOR, type LoopReplacement, type LoopsAnswer } from './loop-replacement.ts'
import { type LoopsQuestion, replacePythonLoops } from './python-loops.ts'

export interface ReplaceGiven {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly data: string | null
  readonly python: string | null
  /** Arguments of a script. */
  readonly arguments?: readonly string[]
  /** Called where the program was run again. */
  readonly onRun?: (() => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Less of a prediction is not worth other code. */
const HOT_SHARE = 0.05
const PATTERNS: readonly PatternName[] = [
  'elementwise-loop',
  'reduction-loop',
  'layout-loop',
  'array-iteration',
  'list-grown',
  'list-to-array',
  'array-regrown',
  'dataframe-rows',
]
/** Which finding is cured, by what the source says of the place. */
const LOOP_RULES: Readonly<Partial<Record<PatternName, string>>> = {
  'elementwise-loop': 'scalar-loop',
  'reduction-loop': 'scalar-loop',
  'array-iteration': 'scalar-loop',
  'layout-loop': 'layout-shuffle',
  'array-regrown': 'growing-array',
}
const RULES = {
  python: { ...LOOP_RULES, 'dataframe-rows': 'dataframe-per-row' } as Readonly<Partial<Record<PatternName, string>>>,
  javascript: {
    ...LOOP_RULES,
    'list-grown': 'growing-array',
    'list-to-array': 'array-of-numbers-input',
  } as Readonly<Partial<Record<PatternName, string>>>,
} as const
const BUDGET_MS = 8_000
const LIMIT_MS = 180_000

/** The ports that run them. */
export interface ReplacementHosts {
  readonly python: (question: LoopsQuestion) => Promise<LoopsAnswer>
  readonly javascript: (question: JavascriptQuestion) => Promise<LoopsAnswer>
}

/** Never throws, but for an aborted signal; no replacement if there is none, or if trying failed. */
export async function tryReplacements(
  evidence: PipelineEvidence,
  given: ReplaceGiven,
  others: ReplacementHosts = { python: replacePythonLoops, javascript: replaceJavascriptLoops },
): Promise<readonly Replacement[]> {
  const replacements =
    evidence.language === 'python' ? await ofPython(evidence, given, others) : await ofJavascript(evidence, given, others)
  return [...replacements.flatMap((one) => cured(one, evidence, given.file)), ...ofAlternatives(evidence)]
}

/** What was tried in the program's own process and has lines to paste. Exported for its test. */
export function ofAlternatives({ alternatives, language }: Pick<PipelineEvidence, 'alternatives' | 'language'>): Replacement[] {
  return alternatives.flatMap(({ equal, code, on, instead, ...one }) => {
    if (code === undefined || on === undefined || equal === 'different' || one.ratioLow < LEAST_FACTOR) return []
    const { rule, file, line, function: name, nowMs, insteadMs, ratio, ratioLow, ratioHigh } = one
    const times = { beforeMs: nowMs, afterMs: insteadMs, factor: ratio, factorLow: ratioLow, factorHigh: ratioHigh }
    return [{ rule, language, file, line, function: name, code, form: instead, equal, on, ...times }]
  })
}

async function ofPython(
  evidence: PipelineEvidence,
  given: ReplaceGiven,
  { python }: ReplacementHosts,
): Promise<readonly LoopReplacement[]> {
  const lines = hotLines(evidence, given.file)
  const modules = hotModules(evidence, given.file)
  if (lines.length === 0 && modules.length === 0) return []
  const found = findInterpreter({ named: given.python, beside: given.file }, pythonEnvironment())
  if (!found.ok) return []
  const { executable, arguments: before } = found.interpreter
  const { replacements, ran } = await python({
    file: given.file,
    call: given.call,
    // As it was measured: what a file alone says may be otherwise.
    isScript: evidence.target.kind === 'script',
    arguments: given.arguments ?? [],
    data: given.data === null ? null : resolve(given.data),
    lines,
    modules,
    interpreter: [executable, ...before],
    budgetMs: BUDGET_MS,
    limitMs: LIMIT_MS,
    ...(given.signal === undefined ? {} : { signal: given.signal }),
  })
  if (ran) given.onRun?.()
  return replacements
}

async function ofJavascript(
  evidence: PipelineEvidence,
  given: ReplaceGiven,
  { javascript }: ReplacementHosts,
): Promise<readonly LoopReplacement[]> {
  const { file, call, data, signal, onRun } = given
  const hot = (of: string) => hotLines(evidence, of)
  const program = { file, call, data, arguments: given.arguments ?? [] }
  const { replacements, ran } = await javascript({ ...program, hot, budgetMs: BUDGET_MS, limitMs: LIMIT_MS, signal })
  if (ran) onRun?.()
  return replacements
}

/** As the evidence calls the file: a finding stands at its pattern's line. */
function cured({ endLine, ...one }: LoopReplacement, evidence: PipelineEvidence, entry: string): readonly Replacement[] {
  const found = (evidence.patterns ?? []).filter(
    ({ file, line }) => resolve(file) === one.file && line >= one.line && line <= endLine,
  )
  const all = found.flatMap(({ pattern, file, line }) => {
    const rule = RULES[evidence.language][pattern]
    return rule === undefined ? [] : [{ ...one, rule, file, line }]
  })
  return all.length === 0 ? [{ ...one, file: one.file === entry ? evidence.file : displayPath(one.file) }] : all
}

/** Files of the user's own other than `file` that have hot lines. Exported for its test. */
export function hotModules(evidence: Pick<PipelineEvidence, 'lines' | 'patterns' | 'latency'>, file: string) {
  const files = new Set([...(evidence.lines ?? []), ...(evidence.patterns ?? [])].map((one) => resolve(one.file)))
  files.delete(file)
  return [...files].flatMap((one) => {
    const lines = hotLines(evidence, one)
    return lines.length === 0 ? [] : [{ file: one, lines }]
  })
}

/** Lines of the user's file that take their share, and of loops that hold such. Exported for its test. */
export function hotLines(
  { lines = [], patterns = [], latency }: Pick<PipelineEvidence, 'lines' | 'patterns' | 'latency'>,
  file: string,
): number[] {
  const isOwn = (one: { readonly file: string }) => resolve(one.file) === file
  const own = lines.filter(isOwn)
  const isHot = (timeMs: number) => timeMs >= HOT_SHARE * latency.p50Ms
  const loops = patterns.filter((one) => isOwn(one) && PATTERNS.includes(one.pattern))
  const inLoop = loops.flatMap(({ line, endLine, loop }) => {
    const [first, last] = loop === null ? [line, endLine] : [loop.line, loop.endLine]
    const timeMs = own.filter((one) => one.line >= first && one.line <= last).reduce((sum, one) => sum + one.selfMs, 0)
    return isHot(timeMs) ? [first] : []
  })
  return [...new Set([...own.filter(({ selfMs }) => isHot(selfMs)).map(({ line }) => line), ...inLoop])].sort((a, b) => a - b)
}
