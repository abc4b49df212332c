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
  /** As the generator says it. */
  readonly sequences: number | undefined
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
  try {
    for (let left = base; left > 0; left -= PIECE) await sequence.feed(ids(Math.min(left, PIECE)), 'none')
    return { sequence, base }
  } catch (error) {
    sequence.close()
    throw error
  }
}

export interface DepthTimes {
  readonly times: readonly StepTimes[]
  /** Why deeper ones are missing; null: none is. */
  readonly reason: string | null
}

export interface DepthPlan {
  /** Ascending. */
  readonly depths: readonly number[]
  readonly rounds: number
  /** Filling stops if the next cache would take the time beyond it. */
  readonly fillMs: number
}

/** Steps at each depth: each has a sequence of its own, or, of an engine that holds a single one, a sequence passes all of them in each round. */
export function timeDepths(steps: Steps, plan: DepthPlan): Promise<DepthTimes> {
  return steps.sequences === 1 ? inOneSequence(steps, plan) : inOwnSequences(steps, plan)
}

const tooLong = (depth: number): string => `a context of ${depth} tokens would take too long to fill`

async function inOwnSequences(steps: Steps, { depths, rounds, fillMs }: DepthPlan): Promise<DepthTimes> {
  const { now } = steps
  const filled: Filled[] = []
  const began = now()
  let perTokenMs = 0
  let reason: string | null = null
  try {
    for (const depth of depths) {
      const base = baseOf(depth)
      if (now() - began + perTokenMs * base > fillMs) {
        reason = tooLong(depth)
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
    const rows = filled.map(({ base }) => rowAt(base))
    for (let round = 0; round < rounds; round++) {
      for (const index of turns(filled.length, round)) {
        const { sequence, base } = filled[index]!
        if (sequence.length > base) sequence.cut(base)
        await timeSteps(steps, sequence, rows[index]!)
      }
    }
    return { times: rows, reason }
  } finally {
    for (const { sequence } of filled) sequence.close()
  }
}

async function inOneSequence(steps: Steps, { depths, rounds, fillMs }: DepthPlan): Promise<DepthTimes> {
  const { now, start, ids } = steps
  const rows = depths.map((depth) => rowAt(baseOf(depth)))
  let within = rows.length
  for (let round = 0; round < rounds; round++) {
    const sequence = start()
    const began = now()
    try {
      for (const [index, depth] of depths.slice(0, within).entries()) {
        const more = baseOf(depth) - sequence.length
        const perTokenMs = sequence.length === 0 ? 0 : (now() - began) / sequence.length
        if (round === 0 && now() - began + more * perTokenMs > fillMs) {
          within = index
          break
        }
        for (let left = more; left > 0; left -= PIECE) await sequence.feed(ids(Math.min(left, PIECE)), 'none')
        await timeSteps(steps, sequence, rows[index]!)
      }
    } finally {
      sequence.close()
    }
  }
  return { times: rows.slice(0, within), reason: within < depths.length ? tooLong(depths[within]!) : null }
}

interface Row extends StepTimes {
  readonly samplesMs: number[]
  readonly runMs: number[]
}

const rowAt = (base: number, tokens = 1): Row => ({ depth: depthOf(base), tokens, samplesMs: [], runMs: [] })

/** What the engine says that a step took: some give logits in a second evaluation, which nobody else would make. */
const stepMs = ({ runMs, feedsMs, logitsMs = 0 }: Step): number => runMs + feedsMs + logitsMs

/** One step that is not timed, and those that are. */
async function timeSteps({ ids }: Steps, sequence: Sequence, row: Row): Promise<void> {
  await sequence.feed(ids(1), 'last')
  for (let step = 0; step < STEPS; step++) {
    const fed = await sequence.feed(ids(1), 'last')
    row.samplesMs.push(stepMs(fed))
    row.runMs.push(fed.runMs)
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

export interface SeveralPlan {
  readonly several: readonly number[]
  /** All at one. */
  readonly depth: number
  readonly rounds: number
}

/** Engine calls that feed several tokens. */
export async function timeSeveral(steps: Steps, { several, depth, rounds }: SeveralPlan): Promise<StepTimes[]> {
  const { ids } = steps
  const base = Math.max(0, depth - 1)
  const { sequence } = await fill(steps, base)
  const rows = several.map((tokens): Row => ({ ...rowAt(base, tokens), depth: base + 1 }))
  try {
    for (let round = 0; round < rounds; round++) {
      for (const index of turns(several.length, round)) {
        if (sequence.length > base) sequence.cut(base)
        await sequence.feed(ids(1), 'last')
        const fed = await sequence.feed(ids(several[index]!), 'last')
        rows[index]!.samplesMs.push(stepMs(fed))
        rows[index]!.runMs.push(fed.runMs)
      }
    }
    return rows
  } finally {
    sequence.close()
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
