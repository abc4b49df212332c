// Many predictions' events -> one row per node: which node ran inside which, how often, and its own time.

import type { Trace, TraceNode } from '../../engines/onnxruntime/facts/trace.ts'
import { median, midmean } from '../../statistics/index.ts'
import type { ProfiledEvent } from './types.ts'

/** Operators whose bodies run inside their own span. */
const HOLDS_SUBGRAPHS = new Set([
  'If',
  'Loop',
  'Scan',
  'SequenceMap',
  'BeamSearch',
  'WhisperBeamSearch',
  'GreedySearch',
  'Sampling',
])

interface Row {
  readonly first: TraceNode
  readonly parent: number | null
  /** Time of its own in each prediction over all rounds, µs. */
  readonly ownUs: number[]
  runs: number
  childRuns: number
}

/** What was added up so far. */
interface Sums {
  readonly rows: Row[]
  readonly byKey: Map<string, number>
  predictions: number
}

/**
 * `skip` predictions at the start of each round are left out: they warm up. Rows are in order of first execution; their times are by
 * round.
 */
export function aggregate(rounds: readonly Trace[], skip: number): { events: ProfiledEvent[]; predictions: number } {
  const sums: Sums = { rows: [], byKey: new Map(), predictions: 0 }
  const ends = rounds.map((trace) => {
    addRound(sums, trace, skip)
    return sums.predictions
  })
  const { rows, predictions } = sums
  return {
    predictions,
    events: rows.map(({ first, parent, ownUs, runs, childRuns }) => ({
      name: first.name,
      nodeIndex: first.nodeIndex,
      opType: first.opType,
      provider: first.provider,
      parent,
      rawMs: ends.map((end, round) => midmean(slice(ownUs, ends[round - 1] ?? 0, end)) / 1000),
      runsPerPrediction: runs / predictions,
      childRunsPerPrediction: childRuns / predictions,
      inputTypes: first.inputTypes,
      outputTypes: first.outputTypes,
    })),
  }
}

/** Predictions in which a node did not run count as 0. */
const slice = (values: readonly number[], from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => values[from + i] ?? 0)

/** A prediction that takes this many times as long as the middle one was interrupted: other programs had the CPU inside one of its nodes. */
const INTERRUPTED = 1.5

function addRound(sums: Sums, trace: Trace, skip: number): void {
  const runs = trace.runs.slice(skip)
  const longest = INTERRUPTED * median(runs.map(({ dur }) => dur))
  let at = 0
  for (const run of runs.filter(({ dur }) => dur <= longest)) {
    while (at < trace.nodes.length && trace.nodes[at]!.ts < run.ts) at++
    const from = at
    while (at < trace.nodes.length && trace.nodes[at]!.ts < run.ts + run.dur) at++
    addPrediction(sums, trace.nodes.slice(from, at))
    sums.predictions++
  }
}

function addPrediction({ rows, byKey, predictions }: Sums, nodes: readonly TraceNode[]): void {
  const open: { row: number; end: number }[] = []
  const ordinals = new Map<string, number>()
  for (const event of nodes) {
    while (open.length && open.at(-1)!.end <= event.ts) open.pop()
    const parent = open.at(-1)?.row ?? null
    const place = `${parent}|${event.nodeIndex}|${event.name}`
    // Nodes of one name at the top are distinguished by their order; inside a body a repetition is the next round.
    const ordinal = parent === null ? (ordinals.get(place) ?? 0) : 0
    ordinals.set(place, ordinal + 1)
    const key = `${place}|${ordinal}`
    let index = byKey.get(key)
    if (index === undefined) {
      index = rows.push({ first: event, parent, ownUs: [], runs: 0, childRuns: 0 }) - 1
      byKey.set(key, index)
    }
    const row = rows[index]!
    row.ownUs[predictions] = (row.ownUs[predictions] ?? 0) + event.dur
    row.runs++
    if (parent !== null) {
      const holder = rows[parent]!
      holder.ownUs[predictions] = (holder.ownUs[predictions] ?? 0) - event.dur
      holder.childRuns++
    }
    if (HOLDS_SUBGRAPHS.has(event.opType)) open.push({ row: index, end: event.ts + event.dur })
  }
}
