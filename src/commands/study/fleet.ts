// `fleet`: every model on every engine and batch, one after the other on this machine; the study at the end. What cannot be measured is a
// failure with its reason, and the others are still measured.
import { InputError } from '../../graph/input-error.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { StudyDocument } from '../../report/documents/study.ts'
import { DEFAULTS, type WhyOptions } from '../options.ts'
import { checkEngine } from '../run.ts'
import { openStore } from '../store/store.ts'
import { trialOf } from '../store/trial-store.ts'
import { why } from '../why.ts'
import { studyOf } from './study.ts'

export interface FleetOptions extends Omit<WhyOptions, 'batch' | 'engine'> {
  readonly engines: readonly string[]
  /** null: as the model has it. */
  readonly batches: readonly (number | null)[]
  readonly prices: ReadonlyMap<string, number>
  /** Each report is kept there as soon as it is there; null: nowhere. */
  readonly store: string | null
}

const { batch: _batch, engine, ...others } = DEFAULTS
export const FLEET_DEFAULTS: FleetOptions = { ...others, engines: [engine], batches: [null], prices: new Map(), store: null }

/** What one trial measures. */
export interface Combination {
  readonly model: string
  readonly engine: string
  readonly batch: number | null
}

/** Throws InputError where nothing could be measured or the options cannot be used, and the signal's reason where it is aborted. */
export async function fleet(files: readonly string[], given: Partial<FleetOptions> = {}): Promise<StudyDocument> {
  const { engines, batches, prices, store: where, onProgress, ...options } = { ...FLEET_DEFAULTS, ...given }
  const combinations = combinationsOf(files, engines, batches)
  const reports: ReportDocument[] = []
  const failures: StudyDocument['failures'] = []
  const store = where === null ? null : await openStore(where, { make: true })
  try {
    for (const [done, { model, engine, batch }] of combinations.entries()) {
      options.signal?.throwIfAborted()
      const name = `${model} on ${engine}${batch === null ? '' : `, batch ${batch}`} (${done + 1} of ${combinations.length})`
      try {
        const progress = ({ stage, ...rest }: { stage: string; done: number; of: number }) =>
          onProgress?.({ stage: `${name}: ${stage}`, ...rest })
        const { report } = await why(model, { ...options, engine, batch, onProgress: progress })
        reports.push(report)
        await store?.insertIfAbsent(trialOf(report), report)
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!(error instanceof InputError)) throw error
        failures.push({ model, engine, batch, machine: null, reason: error.message })
      }
    }
  } finally {
    await store?.close()
  }
  if (reports.length === 0) throw new InputError(`nothing could be measured: ${failures.map(({ reason }) => reason).join('; ')}`)
  return studyOf({ reports, failures, warnings: [], prices, reference: null })
}

/** Throws InputError where there is nothing to measure, or something twice. */
export function combinationsOf(
  files: readonly string[],
  engines: readonly string[],
  batches: readonly (number | null)[],
): readonly Combination[] {
  if (files.length === 0) throw new InputError('nothing to measure: give models, as in: whyslow fleet models/*.onnx')
  for (const [what, list] of [
    ['model', files],
    ['engine', engines],
    ['batch', batches],
  ] as const) {
    const twice = list.find((one, i) => (list as readonly unknown[]).indexOf(one) !== i)
    if (twice !== undefined) throw new InputError(`${what} ${twice} is given twice; give each once`)
  }
  for (const engine of engines) checkEngine(engine, '--engines')
  return files.flatMap((model) => engines.flatMap((engine) => batches.map((batch) => ({ model, engine, batch }))))
}
