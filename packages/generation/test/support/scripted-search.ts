// A search whose engines, models and times are scripted.
import type { Trial } from '@whyslow/measure/trials/port.ts'
import type { Answer, FedText } from '../../src/prove/answers.ts'
import type { Bench } from '../../src/prove/bench.ts'
import type { Candidate, CandidateContext } from '../../src/prove/candidate.ts'
import type { SearchPlan } from '../../src/prove/search.ts'
import { type GeneratorSetup, PLAIN_OPTIONS } from '../../src/prove/setup.ts'

/** A setup is told by the threads of its options: what is scripted is by that number. */
export const setupOf = (threads: number): GeneratorSetup => ({
  engine: 'e',
  source: 's',
  options: { ...PLAIN_OPTIONS, threads },
  loop: null,
})
export const idOf = ({ options }: GeneratorSetup): number => options.threads!

export interface Script {
  readonly perTokenMs?: number
  readonly firstMs?: number
  /** Ids that differ from the original's from this index on. */
  readonly differsFrom?: number
  readonly gap?: number
  readonly nats?: number
  readonly fails?: string
}

export const measured = <T>(value: T): Trial<T> => ({ outcome: 'measured', value })
export const PROMPTS = [
  [1, 2],
  [3, 4],
  [5, 6],
]
export const ANSWERS: Answer[] = PROMPTS.map((prompt) => ({ prompt, ids: Array.from({ length: 16 }, (_, k) => k) }))

export function benchOf(scripts: Readonly<Record<number, Script>>): { bench: Bench; timed: number[] } {
  const timed: number[] = []
  const of = (setup: GeneratorSetup) => scripts[idOf(setup)] ?? {}
  const bench: Bench = {
    async times(setup) {
      timed.push(idOf(setup))
      const { perTokenMs = 10, firstMs = 100, fails } = of(setup)
      if (fails !== undefined) return { outcome: 'crashed', reason: fails }
      // One process is not like the next.
      const noise = 1 + 0.01 * (timed.length % 3)
      return measured({ openMs: 1, coldFirstMs: 200, firstMs: firstMs * noise, perTokenMs: perTokenMs * noise })
    },
    async answers(setup, prompts, tokens) {
      const { differsFrom = Number.POSITIVE_INFINITY } = of(setup)
      const ids = Array.from({ length: tokens }, (_, k) => (k >= differsFrom ? 99 : k))
      return measured(prompts.map((prompt) => ({ prompt, ids })))
    },
    async rating(setup, texts: readonly FedText[]) {
      const { nats = 1000 } = of(setup)
      return measured({
        nats,
        tokens: 1000,
        gaps: texts.flatMap(({ divergence }) => (divergence === null ? [] : [of(setupOf(3)).gap ?? 0])),
      })
    },
    curve: async () => measured([]),
    encoded: async () => measured([]),
  }
  return { bench, timed }
}

export const known: CandidateContext = {
  original: setupOf(1),
  answers: ANSWERS,
  texts: [[1, 2, 3]],
  curve: async () => null,
  usableCpus: 2,
  folder: () => '',
}

/** Sets the number; each candidate knows the one before it only by what it is applied to. */
export const candidate = (id: string, to: number, effect: Candidate['effect'] = 'lossless'): Candidate => ({
  ...{ id, title: id, effect },
  apply: async (setup) =>
    idOf(setup) === to ? { reason: 'it is so' } : { setup: { ...setup, options: setupOf(to).options }, changes: [`now ${to}`] },
})

export const planWith = (bench: Bench, candidates: readonly Candidate[], changes: Partial<SearchPlan> = {}): SearchPlan => ({
  bench,
  base: setupOf(1),
  reference: setupOf(1),
  candidates,
  look: { prompts: PROMPTS.slice(0, 2), tokens: 8 },
  duel: { promptsOf: () => PROMPTS, tokens: 8, most: 6, endsEarly: true },
  gate: { maxLoss: 0.01, allowsOthers: false },
  metric: null,
  known,
  hasTime: () => true,
  ...changes,
})
