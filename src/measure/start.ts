// How long a fresh process takes from opening the model to its first result, and which of two setups starts faster. The model's bytes
// are in the operating system's page cache: each side starts once before times count, so what is compared is parsing, optimizing and
// repacking, not the disk. The import of the engine's package is timed apart, since it is the same for both.
import { engineOf, feedsOf, openSession } from './open.ts'
import { logInterval, median } from './statistics.ts'
import type { ModelTask, StartTimes } from './tasks.ts'
import { runTrial, type TrialLimits } from './trial.ts'
import type { Trial } from './types.ts'

/** Runs in the trial's process. `firstMs` includes turning the feeds into what the engine takes. */
export async function startTask(task: ModelTask): Promise<StartTimes> {
  const [feeds] = feedsOf(task)
  if (feeds === undefined) throw new Error('no sample to start with')
  const start = performance.now()
  const engine = await engineOf(task.engine).available(task.options)
  if (!engine.ok) throw new Error(`${engine.reason}; ${engine.fix}`)
  const imported = performance.now()
  const session = await openSession(task)
  const loaded = performance.now()
  await session.prepare(feeds)()
  const end = performance.now()
  await session.close()
  return { importMs: imported - start, loadMs: loaded - imported, firstMs: end - loaded, totalMs: end - imported }
}

export interface PairedStart {
  /** Medians of each part over the pairs. */
  readonly base: StartTimes
  readonly changed: StartTimes
  /** changed / base of the total, median over pairs, with its 95 % interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly pairs: number
}

/** One start in a process of its own. */
export type MeasureStart = (task: ModelTask) => Promise<Trial<StartTimes>>

/** Starts alternate (A B B A), each in a fresh process, after one of each that does not count. Not measured where either side fails. */
export async function measurePairedStart(
  base: ModelTask,
  changed: ModelTask,
  pairs: number,
  limits: TrialLimits,
  measure: MeasureStart = (task) => runTrial('start', task, limits),
): Promise<Trial<PairedStart>> {
  for (const side of [base, changed]) {
    const trial = await measure(side)
    if (trial.outcome !== 'measured') return trial
  }
  const times: { readonly base: StartTimes; readonly changed: StartTimes }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [base, changed] : [changed, base]
    const seen: StartTimes[] = []
    for (const side of order) {
      const trial = await measure(side)
      if (trial.outcome !== 'measured') return trial
      seen.push(trial.value)
    }
    times.push(pair % 2 === 0 ? { base: seen[0]!, changed: seen[1]! } : { base: seen[1]!, changed: seen[0]! })
  }
  const ratios = times.map((one) => one.changed.totalMs / one.base.totalMs)
  const { low, high } = logInterval(ratios)
  return {
    outcome: 'measured',
    value: {
      base: medians(times.map((one) => one.base)),
      changed: medians(times.map((one) => one.changed)),
      ratio: median(ratios),
      ratioLow: low,
      ratioHigh: high,
      pairs,
    },
  }
}

function medians(times: readonly StartTimes[]): StartTimes {
  const of = (part: keyof StartTimes) => median(times.map((one) => one[part]))
  return { importMs: of('importMs'), loadMs: of('loadMs'), firstMs: of('firstMs'), totalMs: of('totalMs') }
}
