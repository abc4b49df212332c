// Many predictions' events -> one row per node: which node ran inside which, how often, and its own time.
import type { TensorType } from '../../graph/types.ts'
import { midmean } from '../statistics.ts'
import type { ProfiledEvent } from '../tasks.ts'
import type { Trace, TraceNode } from './trace.ts'

/** Operators whose bodies run inside their own span. */
const HOLDS_SUBGRAPHS = new Set(['If', 'Loop', 'Scan', 'SequenceMap', 'BeamSearch', 'GreedySearch', 'Sampling'])

interface Row {
  readonly first: TraceNode
  readonly parent: number | null
  readonly ownUs: number[]
  readonly runs: number[]
  readonly childRuns: number[]
  inputTypes: readonly TensorType[]
  outputTypes: readonly TensorType[]
}

/** `skip` predictions at the start are left out: they warm up. Rows are in order of first execution. */
export function aggregate(trace: Trace, skip: number): { events: ProfiledEvent[]; predictions: number } {
  const runs = trace.runs.slice(skip)
  const rows: Row[] = []
  const byKey = new Map<string, number>()
  let at = 0
  runs.forEach((run, prediction) => {
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
        index =
          rows.push({
            first: event,
            parent,
            ownUs: [],
            runs: [],
            childRuns: [],
            inputTypes: event.inputTypes,
            outputTypes: event.outputTypes,
          }) - 1
        byKey.set(key, index)
      }
      const row = rows[index]!
      row.ownUs[prediction] = (row.ownUs[prediction] ?? 0) + event.dur
      row.runs[prediction] = (row.runs[prediction] ?? 0) + 1
      if (parent !== null) {
        const holder = rows[parent]!
        holder.ownUs[prediction] = (holder.ownUs[prediction] ?? 0) - event.dur
        holder.childRuns[prediction] = (holder.childRuns[prediction] ?? 0) + 1
      }
      if (HOLDS_SUBGRAPHS.has(event.opType)) open.push({ row: index, end: event.ts + event.dur })
    }
  })
  const perPrediction = (values: readonly number[]): number[] => Array.from({ length: runs.length }, (_, i) => values[i] ?? 0)
  const mean = (values: readonly number[]): number => perPrediction(values).reduce((a, b) => a + b, 0) / runs.length
  return {
    predictions: runs.length,
    events: rows.map((row) => ({
      name: row.first.name,
      nodeIndex: row.first.nodeIndex,
      opType: row.first.opType,
      provider: row.first.provider,
      parent: row.parent,
      rawMs: midmean(perPrediction(row.ownUs)) / 1000,
      runsPerPrediction: mean(row.runs),
      childRunsPerPrediction: mean(row.childRuns),
      inputTypes: row.inputTypes,
      outputTypes: row.outputTypes,
    })),
  }
}
