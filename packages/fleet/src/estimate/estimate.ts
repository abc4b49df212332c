// One report and another machine's roofs -> what the prediction would take there. Each node keeps how far above its floor it was; its floor,
// and with it what is above, is scaled by the roof that bounds it. What starts nodes, the call, and what nothing explains are scaled by
// what one thread does.
import type { EstimateDocument } from '@whyslow/report/documents/foretold.ts'
import type { SavedMachine, SavedNode, SavedReport } from '@whyslow/report/documents/saved-report.ts'
import { machineScales, type Scales } from './scales.ts'

export interface Estimate {
  readonly p50Ms: number
  readonly parts: EstimateDocument['parts']
  /** If all of it became as much slower as the part that gains least, or most. */
  readonly lowMs: number
  readonly highMs: number
  readonly notes: readonly string[]
}

type Part = EstimateDocument['parts'][number]['part']

/** The part of a breakdown that is what the engine takes to start operators. */
export const STARTS = 'starting operators'

/** Operators whose arithmetic is int8's. */
const INT8 = /^(QLinear|QAttention|QGemm|MatMulInteger|ConvInteger|DynamicQuantize|MatMulNBits)/

/** `report` has nodes with times. */
export function estimate(
  { nodes, latency, breakdown, machine, engine }: Pick<SavedReport, 'nodes' | 'latency' | 'breakdown' | 'machine' | 'engine'>,
  there: Pick<SavedMachine, 'caches' | 'roofs'>,
): Estimate {
  const threads = engine.options.threads ?? machine.roofs[0]?.threads ?? 1
  const scales = machineScales(machine, there, threads)
  const runs = nodes.reduce((sum, { runsPerPrediction }) => sum + runsPerPrediction, 0)
  const startMs = (breakdown.find(({ part }) => part === STARTS)?.timeMs ?? 0) / Math.max(1, runs)
  const here: Record<Part, number> = { arithmetic: 0, memory: 0, 'starts and calls': 0 }
  const then = { ...here }
  const used: number[] = []
  const add = (part: Part, timeMs: number, scale: number) => {
    here[part] += timeMs
    then[part] += timeMs * scale
    if (timeMs > 0) used.push(scale)
  }
  for (const node of nodes) for (const [part, timeMs, scale] of partsOf(node, startMs, scales)) add(part, timeMs, scale)
  // The call and what is not explained: signed, as it is.
  add('starts and calls', latency.p50Ms - nodes.reduce((sum, { timeMs }) => sum + timeMs, 0), scales.fixed)
  const parts = (Object.keys(here) as Part[]).map((part) => ({ part, hereMs: here[part], thereMs: then[part] }))
  return {
    p50Ms: parts.reduce((sum, { thereMs }) => sum + thereMs, 0),
    parts,
    lowMs: latency.ciLowMs * Math.min(...used, Number.POSITIVE_INFINITY),
    highMs: latency.ciHighMs * Math.max(...used, 0),
    notes: scales.notes,
  }
}

function partsOf(
  { opType, timeMs, bytes, floorMs, bound, runsPerPrediction }: SavedNode,
  startMs: number,
  scales: Scales,
): readonly (readonly [Part, number, number])[] {
  const floor = Math.min(floorMs ?? 0, timeMs)
  const start = Math.min(timeMs - floor, startMs * runsPerPrediction)
  const arithmetic = scales.arithmetic(INT8.test(opType) ? 'int8' : 'float32')
  if (bound === 'memory')
    return [
      ['memory', timeMs - start, scales.memory(bytes ?? 0)],
      ['starts and calls', start, scales.fixed],
    ]
  if (bound === 'compute')
    return [
      ['arithmetic', timeMs - start, arithmetic],
      ['starts and calls', start, scales.fixed],
    ]
  return [
    ['arithmetic', floor, arithmetic],
    ['starts and calls', timeMs - floor, scales.fixed],
  ]
}
