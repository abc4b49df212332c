// Blocks from several fresh processes -> one latency that can be trusted, or the reasons why not. Two-thread latency of one model
// differs up to three times between processes on shared machines; what tracks it is the time of a handoff between two threads,
// so blocks are told apart by it and never averaged across it.
import { type SummedCpus, stolenMs, throttledMs } from './disturbance.ts'
import { tellRegimes, UNTOLD } from './regimes.ts'
import { median, p50Interval, percentile } from './statistics.ts'
import type { Latency, LatencyBlock } from './types.ts'

/** Run-queue wait over wall time from which a neighbour is felt. */
const WAIT_SHARE = 0.05
const STEAL_SHARE = 0.02
const THROTTLE_SHARE = 0.01
/** The clock chain's own repeatability is about 2 %. */
const CLOCK_DRIFT = 0.08
/** Interval half widths for the grades, relative to the p50. */
const NARROW_INTERVAL = 0.05
const WIDE_INTERVAL = 0.15
const FEW_PROCESSES = 5
/** Of one process alone: fewer have no interval that means anything. */
const LEAST_SAMPLES = 3

/** Needs at least one block. `threads`: what the engine works with. */
export function summarize(measured: readonly LatencyBlock[], threads: number, cpus: SummedCpus): Latency {
  const blocks = tellRegimes(measured, threads)
  const regimes = new Map<string, LatencyBlock[]>()
  for (const block of blocks) regimes.set(block.regime, [...(regimes.get(block.regime) ?? []), block])
  const ranked = [...regimes].sort(
    ([a, x], [b, y]) => Number(UNTOLD.has(a)) - Number(UNTOLD.has(b)) || y.length - x.length || p50Of(x) - p50Of(y),
  )
  const [regime, chosen] = ranked[0]!
  const samplesMs = chosen.flatMap((block) => block.samplesMs)
  const p50s = chosen.map((block) => block.p50Ms)
  const p50Ms = median(p50s)
  const interval = p50Interval(chosen)
  const width = (interval.high - interval.low) / 2 / p50Ms
  return {
    loadMs: median(blocks.map((b) => b.loadMs)),
    firstMs: median(blocks.map((b) => b.firstMs)),
    warmupMs: median(blocks.map((b) => b.warmupMs)),
    p50Ms,
    p90Ms: percentile(samplesMs, 0.9),
    p95Ms: percentile(samplesMs, 0.95),
    p99Ms: percentile(samplesMs, 0.99),
    ciLowMs: interval.low,
    ciHighMs: interval.high,
    samplesMs,
    blocks,
    regime,
    otherRegimes: Object.fromEntries(ranked.slice(1).map(([name, of]) => [name, p50Of(of)])),
    ...grade({ blocks, chosen, width, threads, cpus }),
  }
}

const p50Of = (blocks: readonly LatencyBlock[]): number => median(blocks.map((block) => block.p50Ms))

const GRADES = ['A', 'B', 'C', 'D'] as const

/** What the p50 is from. */
interface Basis {
  readonly blocks: readonly LatencyBlock[]
  /** Those of the regime that is reported. */
  readonly chosen: readonly LatencyBlock[]
  /** Half of the p50's interval, relative to it. */
  readonly width: number
  readonly threads: number
  readonly cpus: SummedCpus
}

function grade({ blocks, chosen, width, threads, cpus }: Basis): Pick<Latency, 'trust' | 'reasons'> {
  const reasons: string[] = []
  let worst = 0
  const lower = (to: 1 | 2 | 3, reason: string) => {
    worst = Math.max(worst, to)
    reasons.push(reason)
  }
  const total = (of: (block: LatencyBlock) => number): number => blocks.reduce((sum, block) => sum + of(block), 0)
  const wallMs = total((b) => b.wallMs) || 1e-9
  if (chosen.length < blocks.length)
    lower(2, `the handoff between threads changed during the run: ${chosen.length} of ${blocks.length} processes agree`)
  const samples = chosen.reduce((sum, { samplesMs }) => sum + samplesMs.length, 0)
  if (chosen.length === 1 && samples < LEAST_SAMPLES)
    lower(3, `the p50 is from ${samples === 1 ? 'one prediction' : `${samples} predictions`} of one process`)
  if (blocks.length === 1) lower(2, 'the p50 is from one process: its interval does not hold what differs between processes')
  else if (chosen.length < FEW_PROCESSES)
    lower(
      chosen.length < 3 ? 2 : 1,
      `the p50 is from ${chosen.length === 1 ? 'one process' : `${chosen.length} processes`}, not from ${FEW_PROCESSES}`,
    )
  const differ =
    blocks.length === 1
      ? `its interval is ±${percent(width)} of the p50`
      : `the processes differ by ±${percent(width)} of the p50`
  if (width > WIDE_INTERVAL) lower(3, differ)
  else if (width > NARROW_INTERVAL) lower(width > 2 * NARROW_INTERVAL ? 2 : 1, differ)
  const waited = total((b) => b.waitedMs) / wallMs / threads
  if (waited > WAIT_SHARE) lower(waited > 4 * WAIT_SHARE ? 3 : 2, `threads waited for a CPU ${percent(waited)} of the time`)
  const stolen = total((b) => stolenMs(b, cpus)) / wallMs
  if (stolen > STEAL_SHARE) lower(2, `the hypervisor took ${percent(stolen)} of the time`)
  const throttled = total((b) => throttledMs(b, threads, cpus)) / wallMs
  if (throttled > THROTTLE_SHARE) lower(2, `the CPU quota stopped the process ${percent(throttled)} of the time`)
  if (total((b) => b.majorFaults) > 0) lower(1, `${total((b) => b.majorFaults)} pages were read from disk while predicting`)
  const clocks = blocks.flatMap((b) => (b.clockRatio === null ? [] : [b.clockRatio]))
  const drift = Math.max(0, ...clocks.map((ratio) => Math.abs(ratio - 1)))
  if (drift > CLOCK_DRIFT) lower(1, `the clock rate changed by up to ${percent(drift)} within a process`)
  return { trust: GRADES[worst]!, reasons }
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
