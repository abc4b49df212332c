// Single steps of an engine whose loop is ours, timed at several depths and with several tokens at once. All have their turns, so that what
// changes on the machine meets all alike. A cache is cut back by as many tokens as the turn before fed.
import type { Clock } from '@whyslow/measure/engines/sampler.ts'
import { median, medianOrNull, turns } from '@whyslow/measure/statistics/index.ts'
import type { Step as FedStep, Sequence } from '../generator.ts'
import type { PrefillTimes, StepTimes } from './types.ts'

/** Timed steps of one turn; their middle one is at the depth. */
const STEPS = 3
/** A prompt is fed in pieces of this many tokens: attention of a whole long prompt takes memory by its square. */
const PIECE = 512

/** What of an engine call is kept: its logits are not. */
type Step = Pick<FedStep, 'runMs' | 'feedsMs' | 'logitsMs'>

export interface Steps {
  readonly start: () => Sequence
  /** Any ids that end no text. */
  readonly ids: (many: number) => readonly number[]
  readonly now: Clock
}

interface Filled {
  readonly sequence: Sequence
  /** Tokens to go back to before a turn. */
  readonly base: number
}

/** Tokens fed before the timed steps, so that the middle one of them is at the depth; the first step after a cut is not timed. */
const baseOf = (depth: number): number => Math.max(0, depth - 1 - (STEPS - 1) / 2)
const depthOf = (base: number): number => base + 1 + (STEPS - 1) / 2

async function fill({ start, ids }: Steps, base: number): Promise<Filled> {
  const sequence = start()
  for (let left = base; left > 0; left -= PIECE) await sequence.feed(ids(Math.min(left, PIECE)), 'none')
  return { sequence, base }
}

export interface DepthTimes {
  readonly times: readonly StepTimes[]
  /** Why deeper ones are missing; null: none is. */
  readonly reason: string | null
}

/** Steps at each depth, ascending. Filling stops if the next cache would take the time beyond `fillMs`. */
export async function timeDepths(
  steps: Steps,
  depths: readonly number[],
  { rounds, fillMs }: { readonly rounds: number; readonly fillMs: number },
): Promise<DepthTimes> {
  const { now, ids } = steps
  const filled: Filled[] = []
  const began = now()
  let perTokenMs = 0
  let reason: string | null = null
  try {
    for (const depth of depths) {
      const base = baseOf(depth)
      if (now() - began + perTokenMs * base > fillMs) {
        reason = `a context of ${depth} tokens would take too long to fill`
        break
      }
      const from = now()
      try {
        filled.push(await fill(steps, base))
      } catch (error) {
        if (filled.length === 0) throw error
        reason = `the engine holds no cache of ${depth} tokens next to the others: ${wordsOf(error)}`
        break
      }
      if (base > 0) perTokenMs = (now() - from) / base
    }
    const samples = filled.map(() => ({ ms: [] as number[], run: [] as number[] }))
    for (let round = 0; round < rounds; round++) {
      for (const index of turns(filled.length, round)) {
        const { sequence, base } = filled[index]!
        if (sequence.length > base) sequence.cut(base)
        await sequence.feed(ids(1), 'last')
        for (let step = 0; step < STEPS; step++) {
          const from = now()
          const { runMs } = await sequence.feed(ids(1), 'last')
          samples[index]!.ms.push(now() - from)
          samples[index]!.run.push(runMs)
        }
      }
    }
    const times = filled.map(({ base }, k) => ({
      depth: depthOf(base),
      tokens: 1,
      samplesMs: samples[k]!.ms,
      runMs: samples[k]!.run,
    }))
    return { times, reason }
  } finally {
    for (const { sequence } of filled) sequence.close()
  }
}

/** A whole prompt at once into an empty cache, as a call does it: what is around the engine's call cannot be told from a call's sums. */
export async function timePrefill({ start, ids }: Steps, tokens: number, rounds: number): Promise<PrefillTimes> {
  const steps: Step[] = []
  for (let round = 0; round < rounds; round++) {
    const sequence = start()
    try {
      const { runMs, feedsMs, logitsMs } = await sequence.feed(ids(tokens), 'last')
      steps.push({ runMs, feedsMs, ...(logitsMs === undefined ? {} : { logitsMs }) })
    } finally {
      sequence.close()
    }
  }
  return {
    runMs: median(steps.map(({ runMs }) => runMs)),
    feedsMs: median(steps.map(({ feedsMs }) => feedsMs)),
    logitsMs: medianOrNull(steps.flatMap(({ logitsMs }) => logitsMs ?? [])),
  }
}

/** Engine calls that feed several tokens and give the logits of each, as a step of speculation does, all at one depth. */
export async function timeSeveral(steps: Steps, several: readonly number[], depth: number, rounds: number): Promise<StepTimes[]> {
  const { now, ids } = steps
  const base = Math.max(0, depth - 1)
  const { sequence } = await fill(steps, base)
  try {
    const samples = several.map(() => ({ ms: [] as number[], run: [] as number[] }))
    for (let round = 0; round < rounds; round++) {
      for (const index of turns(several.length, round)) {
        if (sequence.length > base) sequence.cut(base)
        await sequence.feed(ids(1), 'last')
        const from = now()
        const { runMs } = await sequence.feed(ids(several[index]!), 'all')
        samples[index]!.ms.push(now() - from)
        samples[index]!.run.push(runMs)
      }
    }
    return several.map((tokens, k) => ({ depth: base + 1, tokens, samplesMs: samples[k]!.ms, runMs: samples[k]!.run }))
  } finally {
    sequence.close()
  }
}

/** The middle of a process's samples of each depth, or of each count of tokens. */
export const middleMs = ({ samplesMs }: Pick<StepTimes, 'samplesMs'>): number => median(samplesMs)

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
