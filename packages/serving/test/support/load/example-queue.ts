// Queues that are known, simulated exactly: first come, first served, by so many workers.
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { MeasuredRun } from '../../../src/load/measured-run.ts'
import { makeRecords, recordsIn } from '../../../src/load/records.ts'
import { makeTimeline } from '../../../src/load/timeline.ts'

export interface ExampleQueue {
  readonly utilisation: number
  readonly workers?: number
  /** Mean, ms; exponential unless `fixed`. */
  readonly serviceMs?: number
  readonly fixed?: boolean
  readonly measuredMs?: number
  readonly seed?: number
  /** Nothing is begun in the first so many ms of every so many. */
  readonly stall?: { readonly everyMs: number; readonly lastsMs: number }
}

/** A run of the generator against it, with no time of its own. */
export function exampleRun(queue: ExampleQueue): MeasuredRun {
  const { utilisation, workers = 1, serviceMs = 10, fixed = false, measuredMs = 20_000, seed = 1, stall } = queue
  const ratePerSecond = (utilisation * workers * 1000) / serviceMs
  const warmUpMs = measuredMs / 5
  const { dueMs, measuredFrom } = makeTimeline({ arrivals: { kind: 'poisson' }, ratePerSecond, warmUpMs, measuredMs, seed })
  const records = recordsIn(makeRecords(dueMs.length))
  const random = mulberry32(seed + 1000)
  const freeAt = new Array<number>(workers).fill(0)
  for (const [k, due] of dueMs.entries()) {
    const worker = freeAt.indexOf(Math.min(...freeAt))
    let start = Math.max(due, freeAt[worker]!)
    if (stall !== undefined && start % stall.everyMs < stall.lastsMs) start += stall.lastsMs - (start % stall.everyMs)
    const done = start + (fixed ? serviceMs : -Math.log(1 - random()) * serviceMs)
    freeAt[worker] = done
    records.dueMs[k] = due
    records.sentMs[k] = due
    records.openMs[k] = due
    records.firstByteMs[k] = done
    records.doneMs[k] = done
    records.outcome[k] = 200
  }
  const window = { measuredFrom, fromMs: warmUpMs, toMs: warmUpMs + measuredMs, ratePerSecond, clients: null }
  return { records, sent: dueMs.length, toldNames: [], repeated: 0, seed, timeoutMs: 10_000, ...window }
}
