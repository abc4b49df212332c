// Words that documents of a divided median have in common, text generation and embeddings, on the terminal and on the page alike.
import { timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, Measured } from '../../documents/generation.ts'

export interface PartRow<Id extends string = string> {
  readonly id: Id
  readonly name: string
  readonly ms: number
  readonly share: string
  readonly how: string
}

export const measured = ({ value, low, high }: Measured): string => timeWithInterval(value, low, high)

type Engine = Pick<GenerationDocument['engine'], 'title' | 'versions'>

export const engineWords = ({ title, versions }: Engine): string =>
  [title, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)].join(', ')

type WithRun = Pick<GenerationDocument['findings'][number], 'run'>

/** What to type for a finding, unless one before it says the same. */
export function nextOf(findings: readonly WithRun[], at: number): WithRun['run'] {
  const { run } = findings[at]!
  const same = (one: typeof run) => JSON.stringify(one) === JSON.stringify(run)
  return run === null || findings.findIndex((one) => same(one.run)) < at ? null : run
}
