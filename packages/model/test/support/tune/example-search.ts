// Searches on made-up machines, for the tests of the search.
import type { Remedy, RemedyEvidence, RemedyTools } from '../../../src/remedies/kit/remedy.ts'
import type { Bench } from '../../../src/tune/bench.ts'
import { type SearchOutcome, search } from '../../../src/tune/search.ts'
import type { SearchPlan } from '../../../src/tune/state.ts'
import { exampleBench, exampleEvidence, exampleSetup, type Has, keyOf, type World } from './example-bench.ts'

export const original = exampleSetup()

export interface Ran {
  readonly found: SearchOutcome
  readonly bench: ReturnType<typeof exampleBench>
  readonly told: SearchOutcome['tried']
}

export type Rest = Partial<Pick<SearchPlan, 'budgetMs' | 'dryRun' | 'only'>> & {
  readonly evidence?: Partial<RemedyEvidence>
  /** What remedies may use on this machine. */
  readonly tools?: Partial<RemedyTools>
}

export async function run(world: Partial<World>, remedies: readonly Remedy[], rest: Rest = {}): Promise<Ran> {
  const bench = exampleBench({ seed: 1, timeMs: () => 10, noise: 0.01, ...world })
  return runOn(bench, bench, remedies, rest)
}

export async function runOn(bench: Bench, made: Ran['bench'], remedies: readonly Remedy[], rest: Rest = {}): Promise<Ran> {
  const told: SearchOutcome['tried'][number][] = []
  const found = await search({ ...planOn(bench, remedies, rest), onTried: (one) => told.push(one) })
  return { found, bench: made, told }
}

export const planOn = (bench: Bench, remedies: readonly Remedy[], { evidence, tools, ...rest }: Rest = {}): SearchPlan => ({
  bench,
  remedies,
  original,
  evidence: exampleEvidence(evidence),
  tools: { optimize: () => Promise.reject(new Error('not on this machine')), ...tools },
  only: null,
  budgetMs: 75_000,
  dryRun: false,
  onTried: () => {},
  onStep: () => {},
  ...rest,
})

/** Time of 10 over the factors of what is in the setup. */
export const times = (factors: Readonly<Record<string, number>>) => (has: Has) =>
  Object.entries(factors).reduce((time, [id, factor]) => (has(id) ? time / factor : time), 10)

export const shipped = ({ found }: Ran): string => keyOf(found.setup)
export const outcomeOf = ({ found }: Ran, name: string) => found.tried.filter((row) => row.name === name).at(-1)
