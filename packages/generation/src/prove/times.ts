// How long a generator takes in one process, as `generate` measures it: the first call apart, then calls on prompts of their own, always as many tokens.
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Generator } from '../generator.ts'
import type { CostPoint } from '../loop/lookup.ts'
import { measuredCall } from '../measure/calls.ts'
import { timeSeveral } from '../measure/steps.ts'
import { type Sources, sourcesOf } from './source.ts'

export interface ProcessTimes {
  readonly openMs: number
  /** The first call's first token. */
  readonly coldFirstMs: number
  /** Medians over the calls after it. */
  readonly firstMs: number
  readonly perTokenMs: number
}

/** The cold call says when the first token comes, and warms up what the others do. */
export const COLD_TOKENS = 4

/** `prompts`: at least two, the first for the cold call, of which few tokens are generated. Throws if a call gives fewer than two tokens. */
export async function timesOf(
  generator: Generator,
  prompts: readonly (readonly number[])[],
  newTokens: number,
  sources: Sources = sourcesOf(generator, {}),
): Promise<Omit<ProcessTimes, 'openMs'>> {
  const around = { now: () => performance.now(), garbageMs: async () => 0 }
  const calls = []
  for (const [at, prompt] of prompts.entries()) {
    const asked = at === 0 ? Math.min(COLD_TOKENS, newTokens) : newTokens
    calls.push(await measuredCall(generator, sources(prompt), { newTokens: asked, ignoreEnd: true, plain: true }, around))
  }
  const perToken = calls.slice(1).map(({ perTokenMs }) => {
    if (perTokenMs === null) throw new Error('one token was generated, and the time between tokens takes two')
    return perTokenMs
  })
  const [cold, ...warm] = calls.map(({ firstMs }) => firstMs)
  return { coldFirstMs: cold!, firstMs: median(warm), perTokenMs: median(perToken) }
}

/** Tokens fed at once, and how often each is timed. */
const AT_ONCE = [1, 2, 4, 8]
const ROUNDS = 7

/** Time of one call over the number of tokens that it feeds, after `prompt`. Throws if the engine's loop is its own. */
export async function costCurve(generator: Generator, prompt: readonly number[]): Promise<readonly CostPoint[]> {
  if (generator.start === null) throw new Error(`engine ${generator.engine} feeds no tokens one by one`)
  const ids = (many: number) => Array.from({ length: many }, (_, at) => prompt[at % prompt.length]!)
  const steps = { start: generator.start, now: () => performance.now(), ids, sequences: generator.sequences }
  const timed = await timeSeveral(steps, { several: AT_ONCE, depth: prompt.length, rounds: ROUNDS })
  const [one] = timed.map(({ samplesMs }) => median(samplesMs))
  return timed.map(({ tokens, samplesMs }) => ({ tokens, ratio: median(samplesMs) / one! }))
}
