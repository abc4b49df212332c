// How often a quantized model is accepted whose true loss is twice what is allowed, on made-up rows: for the test and for the table of
// docs/method.md.
import { mulberry32 } from '../graph/random.ts'
import { type Agreement, verdict } from '../measure/outputs/index.ts'
import { heldOut, rowsToProve } from './held-out.ts'

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
  let accepted = 0
  for (let seed = 1; seed <= seeds; seed++) if (isAccepted(rows, mulberry32(seed), together)) accepted++
  return accepted / seeds
}

function isAccepted(rows: number, random: () => number, together: boolean): boolean {
  const ones = new Array<number>(rows).fill(1)
  const all = ones.map((_, row) => row)
  const parts = together ? { choose: all, prove: all } : heldOut(ones, rowsToProve(LIMIT, true))
  if (parts === null) throw new Error(`${rows} rows are too few to hold some out`)
  const chose = new Set(parts.choose)
  /** 1: wrong now; -1: right now. */
  let changes = all.map(() => 0)
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    changes = changes.map((before, row) => {
      const { worse, better } = chose.has(row) ? CALIBRATED : FRESH
      if (candidate > 0 && random() < ALIKE) return before
      const drawn = random()
      return drawn < worse ? 1 : drawn < worse + better ? -1 : 0
    })
    if (isHeld(changes, parts.choose)) return isHeld(changes, parts.prove)
  }
  return false
}

function isHeld(changes: readonly number[], rows: readonly number[]): boolean {
  const count = (change: number) => rows.filter((row) => changes[row] === change).length
  const decisions = { rows: rows.length, worse: count(1), better: count(-1) }
  const after = 0.9 - (decisions.worse - decisions.better) / rows.length
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
