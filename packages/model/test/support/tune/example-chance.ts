// What a search keeps by chance and what it finds, on made-up machines: shares over many seeds, for the tests and for the table of
// docs/method.md.
import { changingHandoff, driftingPace, exampleRemedy, type World } from './example-bench.ts'
import { run, times } from './example-search.ts'

/** Noise of one process, by kind: independent, in states that the handoff shows, drifting from one to the next, or wild. */
export const MACHINES = {
  steady: () => ({ noise: 0.03 }),
  noisy: () => ({ noise: 0.06 }),
  'two states': (seed) => ({ noise: 0.03, handoffNs: changingHandoff(seed, 8000) }),
  drifting: (seed) => ({ noise: 0.015, pace: driftingPace(seed, 0.03, 5000) }),
  wild: () => ({ noise: 0.02, wild: 0.1 }),
} satisfies Readonly<Record<string, (seed: number) => Pick<World, 'noise' | 'handoffNs' | 'pace' | 'wild'>>>

export type Machine = keyof typeof MACHINES

export interface Scene {
  readonly machine: Machine
  /** True speed-ups of the remedies that do something. */
  readonly gains: readonly number[]
  /** How many do nothing. */
  readonly neutral: number
}

export interface Chances {
  /** Neutral remedies in what is shipped, a run. */
  readonly neutralShipped: number
  /** Neutral remedies that pairs alone kept, a run. */
  readonly neutralKept: number
  /** Share of runs that ship anything. */
  readonly changed: number
  /** The share of runs that ship each gain. */
  readonly found: readonly number[]
  /** Readings a run. */
  readonly readings: number
}

/** Runs the search with the seeds 1 to `seeds`. */
export async function chancesOf({ machine, gains, neutral }: Scene, seeds: number): Promise<Chances> {
  const real = gains.map((factor, k) => [`gain ${k}`, factor] as const)
  const neutrals = Array.from({ length: neutral }, (_, k) => [`neutral ${k}`, 1] as const)
  const remedies = [...real.map(([id]) => exampleRemedy(id, { kind: 'rewrite' })), ...neutrals.map(([id]) => exampleRemedy(id))]
  const timeMs = times(Object.fromEntries([...real, ...neutrals]))
  const isNeutral = (id: string) => id.startsWith('neutral')
  let [neutralShipped, neutralKept, changed, readings] = [0, 0, 0, 0]
  const found = gains.map(() => 0)
  for (let seed = 1; seed <= seeds; seed++) {
    const one = await run({ seed, timeMs, ...MACHINES[machine](seed) }, remedies)
    const kept = one.found.kept.map(({ remedy }) => remedy.id)
    neutralShipped += kept.filter(isNeutral).length
    neutralKept += new Set(one.told.filter((row) => row.kept && isNeutral(row.name)).map(({ name }) => name)).size
    if (kept.length > 0) changed++
    readings += one.bench.seen.filter(({ what }) => what.endsWith('reading')).length
    for (const [k, [id]] of real.entries()) if (kept.includes(id)) found[k]!++
  }
  const share = (count: number) => count / seeds
  return {
    neutralShipped: share(neutralShipped),
    neutralKept: share(neutralKept),
    changed: share(changed),
    found: found.map(share),
    readings: share(readings),
  }
}
