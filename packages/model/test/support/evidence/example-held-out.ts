// How often a quantized model is accepted whose true loss is twice what is allowed, on made-up rows: for the test and for the table of
// docs/method.md.
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { DecisionCounts } from '@whyslow/measure/outputs/decision-loss.ts'
import { type Agreement, verdict } from '@whyslow/measure/outputs/index.ts'
import { heldOut, rowsToProve } from '../../../src/evidence/held-out.ts'

export const LIMIT = 0.01
/** Shares of the rows that become wrong and that become right: a loss of 0.02. */
const FRESH = { worse: 0.03, better: 0.01 }
/** The same on the rows that ranges were found on, where nothing is clipped. */
const CALIBRATED = { worse: 0.02, better: 0.01 }
/** Sets of layers and recipes, as many as restoring accuracy tries; the first that seems right is taken. */
const CANDIDATES = 6
/** Share of its rows on which a candidate does as the one before. */
const ALIKE = 0.5

/** Share of `seeds` in which some candidate is accepted. `together`: the rows that choose also prove. */
export function sharePassing(rows: number, seeds: number, together: boolean): number {
  const ones = new Array<number>(rows).fill(1)
  const all = ones.map((_, row) => row)
  const parts = together ? { choose: all, prove: all } : heldOut(ones, rowsToProve(LIMIT, true))
  if (parts === null) throw new Error(`${rows} rows are too few to hold some out`)
  const chose = new Set(parts.choose)
  const shares = all.map((row) => (chose.has(row) ? CALIBRATED : FRESH))
  let accepted = 0
  for (let seed = 1; seed <= seeds; seed++) if (isAccepted(shares, mulberry32(seed), parts)) accepted++
  return accepted / seeds
}

type Parts = NonNullable<ReturnType<typeof heldOut>>

function isAccepted(shares: readonly (typeof FRESH)[], random: () => number, { choose, prove }: Parts): boolean {
  /** 1: wrong now; -1: right now. */
  const changes = new Int8Array(shares.length)
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    for (const [row, { worse, better }] of shares.entries()) {
      if (candidate > 0 && random() < ALIKE) continue
      const drawn = random()
      changes[row] = drawn < worse ? 1 : drawn < worse + better ? -1 : 0
    }
    if (isHeld(changes, choose)) return isHeld(changes, prove)
  }
  return false
}

/** By counts: most seeds come to the same few. */
const verdicts = new Map<string, boolean>()

function isHeld(changes: Int8Array, rows: readonly number[]): boolean {
  const decisions = { rows: rows.length, worse: 0, better: 0 }
  for (const row of rows) {
    if (changes[row] === 1) decisions.worse++
    else if (changes[row] === -1) decisions.better++
  }
  const key = Object.values(decisions).join(' ')
  const known = verdicts.get(key) ?? verdictOf(decisions)
  verdicts.set(key, known)
  return known
}

function verdictOf(decisions: DecisionCounts): boolean {
  const after = 0.9 - (decisions.worse - decisions.better) / decisions.rows
  const agreement: Agreement = {
    mismatch: null,
    equal: false,
    maxAbs: 1,
    maxRelative: 1,
    cosine: 1,
    sqnrDb: null,
    top1: null,
    noMetric: null,
    outputs: [],
    metric: { name: 'accuracy', before: 0.9, after, decisions },
  }
  return verdict(agreement, 'approximate', LIMIT).ok
}
