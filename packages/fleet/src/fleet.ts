// `fleet`: every model on every engine and batch, one after the other on this machine; the study at the end. What cannot be measured is a
// failure with its reason, and the others are still measured.

import { checkEngine } from '@whyslow/command/engine-options.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { Why } from '@whyslow/command/why-port.ts'
import type { ReadOptions } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyDocument, StudyFailure } from '@whyslow/report/documents/study.ts'
import { checkSizes, type Size, shapesOfSizes, sizeName } from './sizes.ts'
import { openStore, storeName } from './store/store.ts'
import { trialOf } from './store/trial-store.ts'
import { studyOf } from './study/study.ts'

export interface FleetOptions extends Omit<WhyOptions, 'batch' | 'engine'> {
  readonly engines: readonly string[]
  /** null: as the model has it. */
  readonly batches: readonly (number | null)[]
  /** Sizes of inputs that leave height and width, or their length, open; []: as the model has them. */
  readonly sizes: readonly Size[]
  readonly prices: ReadonlyMap<string, number>
  /** Each report is kept there as soon as it is there; null: nowhere. */
  readonly store: string | null
}

const { batch: _batch, engine, ...others } = DEFAULTS
export const FLEET_DEFAULTS: FleetOptions = {
  ...others,
  engines: [engine],
  batches: [null],
  sizes: [],
  prices: new Map(),
  store: null,
}

/** What one trial measures. */
export interface Combination {
  readonly model: string
  readonly engine: string
  readonly batch: number | null
  /** As it is said; null: as the model has it. */
  readonly size: string | null
  readonly shapes: WhyOptions['shapes']
}

/** The combination in one line, as progress and failures name it. */
const combinationName = ({ model, engine, batch, size }: Combination): string =>
  `${model} on ${engine}${batch === null ? '' : `, batch ${batch}`}${size === null ? '' : `, size ${size}`}`

/** Throws InputError if nothing could be measured or the options cannot be used, and the signal's reason if it is aborted. */
export async function fleet(
  files: readonly string[],
  given: Partial<FleetOptions>,
  { why }: { readonly why: Why },
): Promise<StudyDocument> {
  const { engines, batches, sizes, prices, store: where, onProgress, ...options } = { ...FLEET_DEFAULTS, ...given }
  const { combinations, failures, warnings } = await combinationsOf(files, { engines, batches, sizes, ...options })
  const reports: ReportDocument[] = []
  // What the store refuses was measured all the same.
  const unkept: string[] = []
  const store = where === null ? null : await openStore(where, { make: true })
  try {
    for (const [done, one] of combinations.entries()) {
      const { model, engine, batch, shapes } = one
      options.signal?.throwIfAborted()
      const name = `${combinationName(one)} (${done + 1} of ${combinations.length})`
      try {
        const progress = ({ stage, ...rest }: { stage: string; done: number; of: number }) =>
          onProgress?.({ stage: `${name}: ${stage}`, ...rest })
        const { report } = await why(model, { ...options, engine, batch, shapes, onProgress: progress })
        reports.push(report)
        await store?.insertIfAbsent(trialOf(report), report).catch((error: Error) => unkept.push(error.message))
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!(error instanceof InputError)) throw error
        failures.push(failureOf(one, null, error.message))
      }
    }
  } finally {
    await store?.close()
  }
  if (unkept.length > 0)
    warnings.push(`--store ${storeName(where!)}: ${unkept.length} of ${reports.length} reports are not kept there (${unkept[0]})`)
  if (reports.length === 0) throw new InputError(`nothing could be measured: ${failures.map(({ reason }) => reason).join('; ')}`)
  return studyOf({ reports, failures, warnings, prices, reference: null })
}

export const failureOf = ({ model, engine, batch, size }: Combination, machine: string | null, reason: string): StudyFailure => ({
  ...{ model, engine, batch, machine },
  reason: size === null ? reason : `at ${size}: ${reason}`,
})

export type Combined = Pick<FleetOptions, 'engines' | 'batches' | 'sizes' | 'shapes' | 'values'> & ReadOptions

/**
 * What there is to measure. A model that has none of the sizes is measured once, as it is, with a warning; one of which that cannot be told is a
 * failure. Throws InputError if there is nothing to measure, or something twice.
 */
export async function combinationsOf(
  files: readonly string[],
  { engines, batches, sizes, shapes, values, signature = null }: Combined,
): Promise<{ combinations: Combination[]; failures: StudyFailure[]; warnings: string[] }> {
  if (files.length === 0) throw new InputError('nothing to measure: give models, as in: whyslow fleet run models/*.onnx')
  for (const [what, list] of [
    ['model', files],
    ['engine', engines],
    ['batch', batches],
  ] as const) {
    const twice = list.find((one, i) => (list as readonly unknown[]).indexOf(one) !== i)
    if (twice !== undefined) throw new InputError(`${what} ${twice} is given twice; give each once`)
  }
  for (const engine of engines) checkEngine(engine, '--engines')
  checkSizes(sizes)
  const combinations: Combination[] = []
  const failures: StudyFailure[] = []
  const warnings = new Set<string>()
  for (const model of files)
    for (const batch of batches) {
      const add = (size: string | null, sized: WhyOptions['shapes']) =>
        combinations.push(...engines.map((engine) => ({ model, engine, batch, size, shapes: sized })))
      try {
        const sized = sizes.length === 0 ? [] : await shapesOfSizes(model, sizes, { shapes, values, batch, signature })
        if (sized.every((one) => one === null)) {
          if (sizes.length > 0) warnings.add(`${model}: it leaves no such size open, and is measured unchanged`)
          add(null, shapes)
          continue
        }
        for (const [i, size] of sizes.entries()) {
          if (sized[i]) add(sizeName(size), sized[i])
          else warnings.add(`${model}: it has a length and no height and width, and is not measured at ${sizeName(size)}`)
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        failures.push(...engines.map((engine) => ({ model, engine, batch, machine: null, reason: error.message })))
      }
    }
  return { combinations, failures, warnings: [...warnings] }
}
