// How much longer, or shorter, the parts of a prediction take on another machine: arithmetic by the roof of its precision, memory by the
// bandwidth of the level that holds the data there, starts and calls by what one thread does of scalar functions, which the roofs hold.
import type { SavedMachine, SavedRoofs } from '@whyslow/report/documents/saved-report.ts'

const LEVELS = ['L1', 'L2', 'L3', 'DRAM'] as const
const SIZES = { L1: 'L1d', L2: 'L2', L3: 'L3' } as const

export interface Scales {
  /** Time there over time here. */
  arithmetic(dtype: 'float32' | 'int8'): number
  memory(bytes: number): number
  readonly fixed: number
  /** What represents what is not known. */
  readonly notes: readonly string[]
}

type WithRoofs = Pick<SavedMachine, 'caches' | 'roofs'>

/** The machine's roofs that were measured with as many threads; else its first. */
const roofsFor = ({ roofs }: WithRoofs, threads: number): SavedRoofs => roofs.find((one) => one.threads === threads) ?? roofs[0]!

/** Both have roofs. `threads`: of the prediction. */
export function machineScales(here: WithRoofs, there: WithRoofs, threads: number): Scales {
  const [own, other] = [roofsFor(here, threads), roofsFor(there, threads)]
  const float32 = ratio(own.flopsPerSecond.float32, other.flopsPerSecond.float32) ?? 1
  const fixed = scalarRatio(own, other)
  const perThread = (float32 * other.threads) / own.threads
  return {
    arithmetic: (dtype) => ratio(own.flopsPerSecond[dtype], other.flopsPerSecond[dtype]) ?? float32,
    memory: (bytes) => ratio(bandwidth(here, own, bytes), bandwidth(there, other, bytes)) ?? float32,
    fixed: fixed ?? perThread,
    notes: [
      ...(fixed === null ? ["starts and calls are scaled by one thread's arithmetic: no rates of functions were measured"] : []),
      ...(own.threads === other.threads ? [] : [`roofs here are of ${own.threads} threads, there of ${other.threads}`]),
    ],
  }
}

const ratio = (a: number | null | undefined, b: number | null | undefined): number | undefined => (a && b ? a / b : undefined)

/** Geometric mean over the functions that were measured on both, one thread against one thread. */
function scalarRatio(own: SavedRoofs, other: SavedRoofs): number | null {
  const logs = Object.entries(own.elementsPerSecond ?? {}).flatMap(([name, rate]) => {
    const there = other.elementsPerSecond?.[name]
    return there ? [Math.log(rate / own.threads / (there / other.threads))] : []
  })
  return logs.length === 0 ? null : Math.exp(logs.reduce((sum, one) => sum + one, 0) / logs.length)
}

/** Bandwidth of the nearest level that holds this many bytes and has a bandwidth. */
function bandwidth({ caches }: WithRoofs, { threads, bytesPerSecond }: SavedRoofs, bytes: number): number | undefined {
  for (const level of LEVELS) {
    const perSecond = bytesPerSecond[level]
    const size = level === 'DRAM' ? Number.POSITIVE_INFINITY : (caches[SIZES[level]] ?? 0) * (level === 'L3' ? 1 : threads)
    if (perSecond && bytes <= size) return perSecond
  }
  return undefined
}
