// The profiled pass: V8's sampling profiler over predictions that are not timed for anything else, or over a whole script. What it saw is
// left in a file as V8 gives it; which line it is of is worked out by who reads the sources.
// https://chromedevtools.github.io/devtools-protocol/tot/Profiler/

import fs from 'node:fs'
import { Session } from 'node:inspector'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Plan } from '../protocol.ts'
import { send, type Whereabouts } from './channel.ts'
import type { Interval } from './collections.ts'
import type { CpuProfile, RawProfile } from './cpu-profile.ts'
import { modulesOf } from './import-times.ts'
import type { Predictions } from './predictions.ts'
import { warmUp } from './time-pass.ts'

export interface ProfileEnvironment {
  /** null: the file is a script, which has ended. */
  readonly open: () => Promise<Predictions | null>
  readonly onScriptEnd: (what: () => void) => void
  readonly whereabouts: Whereabouts
}

export async function profilePass(plan: Plan, { open, onScriptEnd }: ProfileEnvironment): Promise<void> {
  const profiler = new Profiler(plan)
  const isStages = { known: false }
  // A script has ended by the time that it is known to be one.
  profiler.start()
  const began = performance.now()
  onScriptEnd(() => {
    if (!isStages.known) profiler.save([], 1, performance.now() - began)
  })
  const predictions = await open()
  if (predictions === null) return
  // It goes on: code that was compiled within a loop before is not told to a profiler that is started later.
  isStages.known = true
  await warmUp(predictions, plan)
  predictions.whereabouts.enter('profiled')
  const intervals: Interval[][] = predictions.stages.map(() => [])
  const { totalMs } = await predictions.block(true, plan.budgetMs, Math.ceil(plan.minCalls / 2), ({ start, marks }) => {
    for (const [stage, end] of marks.entries()) intervals[stage]!.push({ start: marks[stage - 1] ?? start, end })
  })
  profiler.save(intervals, totalMs.length, median(totalMs))
}

class Profiler {
  private readonly session = new Session()

  private readonly plan: Plan

  constructor(plan: Plan) {
    this.plan = plan
    this.session.connect()
    this.post('Profiler.enable')
    // Not possible while it runs.
    this.post('Profiler.setSamplingInterval', { interval: plan.intervalUs })
  }

  start(): void {
    this.post('Profiler.start')
  }

  stop(): CpuProfile {
    return (this.post('Profiler.stop') as { profile: CpuProfile }).profile
  }

  save(intervals: readonly (readonly Interval[])[], predictions: number, p50Ms: number): void {
    const profile = this.stop()
    if (intervals.length > 0) send({ kind: 'imports', imports: modulesOf(profile) })
    const toUs = (ms: number) => ms * 1000 + originUs
    const intervalsUs = intervals.map((of) => of.map(({ start, end }) => [toUs(start), toUs(end)] as const))
    const file = `${this.plan.stateFile}.cpuprofile`
    const raw: RawProfile = { profile, intervalsUs, predictions }
    fs.writeFileSync(file, JSON.stringify(raw))
    send({ kind: 'raw', what: 'cpu-profile', file, predictions, p50Ms })
  }

  /** Within one thread the answer is there when the call is over. */
  private post(method: string, parameters: object = {}): unknown {
    let answer: unknown
    this.session.post(method, parameters, (error, result) => {
      if (error) throw error
      answer = result
    })
    return answer
  }
}

/** The profile's clock, which is `process.hrtime`'s, when `performance.now()` was 0; µs. */
const originUs = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000
