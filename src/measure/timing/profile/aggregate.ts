// Many predictions' events -> one row per node: which node ran inside which, how often, and its own time.

import type { Trace, TraceNode } from '../../../engines/onnxruntime/facts/trace.ts'
import { midmean } from '../statistics.ts'
import type { ProfiledEvent } from './types.ts'

/** Operators whose bodies run inside their own span. */
const HOLDS_SUBGRAPHS = new Set(['If', 'Loop', 'Scan', 'SequenceMap', 'BeamSearch', 'GreedySearch', 'Sampling'])

interface Row {
  readonly first: TraceNode
  readonly parent: number | null
  /** By prediction over all rounds. */
  readonly ownUs: number[]
  runs: number
  childRuns: number
}

/**
 * `skip` predictions at the start of each round are left out: they warm up. Rows are in order of first execution; their times are by
 * round.
 */
export function aggregate(rounds: readonly Trace[], skip: number): { events: ProfiledEvent[]; predictions: number } {
  const rows: Row[] = []
  const byKey = new Map<string, number>()
  const ends: number[] = []
  let predictions = 0
  for (const trace of rounds) {
    predictions = addRound(trace, skip, predictions, rows, byKey)
    ends.push(predictions)
  }
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

/** Adds the events of one trace to `rows`; returns the number of predictions so far. */
function addRound(trace: Trace, skip: number, before: number, rows: Row[], byKey: Map<string, number>): number {
  let at = 0
  let prediction = before
  for (const run of trace.runs.slice(skip)) {
    const end = run.ts + run.dur
    while (at < trace.nodes.length && trace.nodes[at]!.ts < run.ts) at++
    const open: { row: number; end: number }[] = []
    const ordinals = new Map<string, number>()
    for (; at < trace.nodes.length && trace.nodes[at]!.ts < end; at++) {
      const event = trace.nodes[at]!
      while (open.length && open.at(-1)!.end <= event.ts) open.pop()
      const parent = open.at(-1)?.row ?? null
      const place = `${parent}|${event.nodeIndex}|${event.name}`
      // Nodes of one name at the top are told apart by their order; inside a body a repetition is the next round.
      const ordinal = parent === null ? (ordinals.get(place) ?? 0) : 0
      ordinals.set(place, ordinal + 1)
      const key = `${place}|${ordinal}`
      let index = byKey.get(key)
      if (index === undefined) {
        index = rows.push({ first: event, parent, ownUs: [], runs: 0, childRuns: 0 }) - 1
        byKey.set(key, index)
      }
      const row = rows[index]!
      row.ownUs[prediction] = (row.ownUs[prediction] ?? 0) + event.dur
      row.runs++
      if (parent !== null) {
        const holder = rows[parent]!
        holder.ownUs[prediction] = (holder.ownUs[prediction] ?? 0) - event.dur
        holder.childRuns++
      }
      if (HOLDS_SUBGRAPHS.has(event.opType)) open.push({ row: index, end: event.ts + event.dur })
    }
    prediction++
  }
  return prediction
}
