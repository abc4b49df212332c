// A metric of the user's own: a module whose default export scores answers. It runs in a process of its own, as all code of the user's does.
//
//   // score.mjs: higher is better, unless it exports `lowerIsBetter = true`
//   export default (answers) => answers.filter(({ prompt, text }) => …).length / answers.length
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError } from '@whyslow/graph/input-error.ts'
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import { defineTask, type RunTrial, reasonOf, type TrialLimits } from '@whyslow/measure/trials/port.ts'
import type { GenerationMetric } from '@whyslow/report/documents/generation.ts'

/** The most of the user's prompts whose answers a metric scores. */
const METRIC_PROMPTS = 100

/** What the user's function is given of each prompt. */
export interface AnswerText {
  readonly prompt: string
  readonly text: string
}

export interface Score {
  readonly value: number
  readonly lowerIsBetter: boolean
}

/** What scores the texts of answers. Throws InputError, one line, if the module or what it returns is no metric. */
export interface Metric {
  /** As the user calls it: the name of its file. */
  readonly name: string
  /** How many of the answers are scored: those to the user's own prompts, which come first. */
  readonly count: number
  score(texts: readonly string[]): Promise<Score>
}

interface Scored {
  readonly file: string
  /** null: it is only looked whether the module is a metric. */
  readonly answers: readonly AnswerText[] | null
}

export const metricTask = defineTask('generator-metric', import.meta.url, async ({ file, answers }: Scored): Promise<Score> => {
  const module = (await import(pathToFileURL(path.resolve(file)).href)) as Readonly<Record<string, unknown>>
  const { default: score, lowerIsBetter } = module
  if (typeof score !== 'function') throw new InputError('it has no default export that is a function')
  const value: unknown = answers === null ? 0 : await score(answers)
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new InputError(`it gave ${typeof value === 'number' ? value : `a value of type ${typeof value}`}, not a finite number`)
  return { value, lowerIsBetter: lowerIsBetter === true }
})

/** Throws InputError if the file is no metric: before anything is measured. */
export async function userMetric(file: string, users: readonly string[], run: RunTrial, limits: TrialLimits): Promise<Metric> {
  const prompts = users.slice(0, METRIC_PROMPTS)
  if (!fs.existsSync(file)) throw new InputError(`--metric ${file}: no such file`)
  const scored = async (answers: Scored['answers']): Promise<Score> => {
    const trial = await run(metricTask, { file, answers }, limits)
    if (trial.outcome === 'measured') return trial.value
    const [reason] = reasonOf(trial).split('\n')
    throw new InputError(`--metric ${file}: ${reason}; give a module like: export default (answers) => number`)
  }
  await scored(null)
  return {
    name: path.basename(file),
    count: prompts.length,
    score: (texts) => scored(prompts.map((prompt, at) => ({ prompt, text: texts[at]! }))),
  }
}

/** How much worse the other scores, in the metric's own unit; below 0 it is better. */
export const lossOf = (before: Score, after: Score): number =>
  before.lowerIsBetter ? after.value - before.value : before.value - after.value

/** 'score.mjs 0.82 to 0.81'. */
export const metricText = ({ name, before, after }: GenerationMetric): string =>
  `${name} ${significant(before, 3)} to ${significant(after, 3)}`
