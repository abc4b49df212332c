// Blocks from several fresh processes -> one latency that can be trusted, or the reasons why not. Two-thread latency of one model
// differs up to three times between processes on shared machines; what tracks it is the time of a handoff between two threads,
// so blocks are distinguished by it and never averaged across it.

import { median, p50Interval, type Reservation, reservationsOf, trustOf } from '../statistics/index.ts'
import { type SummedCpus, stolenMs, throttledMs } from './disturbance.ts'
import { tellRegimes, UNKNOWN_REGIMES } from './regimes.ts'
import type { Latency, LatencyBlock } from './types.ts'

/** Run-queue wait over wall time from which a neighbour is felt. */
const WAIT_SHARE = 0.05
const STEAL_SHARE = 0.02
const THROTTLE_SHARE = 0.01
/** The clock chain's own repeatability is about 2 %. */
const CLOCK_DRIFT = 0.08

/** Needs at least one block. `threads`: what the engine works with. */
export function summarize(measured: readonly LatencyBlock[], threads: number, cpus: SummedCpus): Latency {
  const blocks = tellRegimes(measured, threads)
  const regimes = new Map<string, LatencyBlock[]>()
  for (const block of blocks) regimes.set(block.regime, [...(regimes.get(block.regime) ?? []), block])
  const ranked = [...regimes].sort(
    ([a, x], [b, y]) =>
      Number(UNKNOWN_REGIMES.has(a)) - Number(UNKNOWN_REGIMES.has(b)) || y.length - x.length || p50Of(x) - p50Of(y),
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
    ciLowMs: interval.low,
    ciHighMs: interval.high,
    samplesMs,
    blocks,
    regime,
    otherRegimes: Object.fromEntries(ranked.slice(1).map(([name, of]) => [name, p50Of(of)])),
    ...trustOf(reservations({ blocks, chosen, width, threads, cpus })),
  }
}

const p50Of = (blocks: readonly LatencyBlock[]): number => median(blocks.map((block) => block.p50Ms))

/** What the p50 is from. */
interface Measured {
  readonly blocks: readonly LatencyBlock[]
  /** Those of the regime that is reported. */
  readonly chosen: readonly LatencyBlock[]
  /** Half of the p50's interval, relative to it. */
  readonly width: number
  readonly threads: number
  readonly cpus: SummedCpus
}

/** What the p50 is from, and what disturbed the processes. */
function reservations({ blocks, chosen, width, threads, cpus }: Measured): readonly Reservation[] {
  const total = (of: (block: LatencyBlock) => number): number => blocks.reduce((sum, block) => sum + of(block), 0)
  const wallMs = total((b) => b.wallMs) || 1e-9
  const samples = chosen.reduce((sum, { samplesMs }) => sum + samplesMs.length, 0)
  const found: Reservation[] = []
  if (chosen.length < blocks.length) {
    const used = `${chosen.length} of ${blocks.length} processes ${chosen.length === 1 ? 'is' : 'agree and are'} used`
    found.push({
      grade: 'C',
      reason: `unstable machine: thread wake-ups changed speed during the run (common on shared VMs); ${used}`,
    })
  }
  found.push(...reservationsOf({ processes: chosen.length, measured: blocks.length, samples, width, unit: 'prediction' }))
  const waited = total((b) => b.waitedMs) / wallMs / threads
  if (waited > WAIT_SHARE)
    found.push({
      grade: waited > 4 * WAIT_SHARE ? 'D' : 'C',
      reason: `busy machine: threads waited for a CPU ${percent(waited)} of the time, while other programs ran`,
    })
  const stolen = total((b) => stolenMs(b, cpus)) / wallMs
  if (stolen > STEAL_SHARE)
    found.push({
      grade: 'C',
      reason: `shared VM: the hypervisor gave the CPUs to other guests ${percent(stolen)} of the time (steal time)`,
    })
  const throttled = total((b) => throttledMs(b, threads, cpus)) / wallMs
  if (throttled > THROTTLE_SHARE)
    found.push({ grade: 'C', reason: `CPU limit: the container's quota throttled the process ${percent(throttled)} of the time` })
  const faults = total((b) => b.majorFaults)
  if (faults > 0)
    found.push({
      grade: 'B',
      reason: `low memory: ${faults} ${faults === 1 ? 'page was' : 'pages were'} read from disk while predicting (page faults)`,
    })
  const clocks = blocks.flatMap((b) => (b.clockRatio === null ? [] : [b.clockRatio]))
  const drift = Math.max(0, ...clocks.map((ratio) => Math.abs(ratio - 1)))
  if (drift > CLOCK_DRIFT)
    found.push({
      grade: 'B',
      reason: `unstable clock rate: the CPU frequency changed by up to ${percent(drift)} while a process was timed`,
    })
  return found
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
