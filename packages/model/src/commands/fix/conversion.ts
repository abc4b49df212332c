// What the conversion gave, of a model that its owner runs on another runtime today: that runtime with the unchanged file, and the engine in use
// with the model as converted, measured in turns (docs/remedies/conversion.md).

import { placesOf } from '@whyslow/command/engine-options.ts'
import type { Run } from '@whyslow/command/run.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engineById, engines } from '@whyslow/measure/engines/index.ts'
import type { Engine } from '@whyslow/measure/engines/types.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { orderOf } from '../../analyze/ranking.ts'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { measurePairedEngines } from '../../evidence/paired-engines.ts'
import { pairEngines } from '../paired-engines.ts'
import { agreementOf } from './agreement-of.ts'
import { agreementRow } from './fix-report.ts'
import type { FixOptions } from './options.ts'

/** Measured in pairs of fresh processes. undefined: the file is what the engine runs, or no runtime of its own is installed. */
export async function proveConversion(run: Run, options: FixOptions): Promise<TrialRow | undefined> {
  const { model, trials, inputs, limits, folder } = run
  const isAsked = (one: Engine) => isOwn(one, model.source.format)
  if (!engines.some(isAsked)) return undefined
  run.progress({ stage: 'the file unchanged, on the runtime of its format', done: 0, of: 1 })
  const describe = (id: string) => describeEngine(trials.run, id, placesOf(options), options.signal)
  const all = await pairEngines(model, { engineId: options.engine, folder, quick: false, describe })
  const beside = all.engines.filter(({ id }) => isAsked(engineById(id)!))
  const task = modelTask(options.engine, fileForEngine(model), run.engineOptions, inputs.saved)
  const [best] = (await measurePairedEngines({ run: trials.run, task, inputs, beside, limits })).toSorted(
    (a, b) => a.ratio - b.ratio,
  )
  if (best === undefined) return undefined
  const { modelFile, configEntries } = beside.find(({ id }) => id === best.id)!
  const own = modelTask(best.id, modelFile, { ...run.engineOptions, configEntries }, inputs.saved)
  const agreement = await agreementOf(run, own, task)
  return conversionRow(best, options.engine, typeof agreement === 'string' ? null : agreementRow(agreement))
}

const isOwn = ({ formats }: Engine, format: string): boolean => formats.includes(format) && !formats.includes('onnx')

/** The ratio is of the runtime's time over the engine's: what the conversion saves. It is part of what is shipped, whatever the clock says. */
export function conversionRow(
  { id, runtime = id, p50Ms, ratio, ratioLow, ratioHigh, rounds }: OtherEngine,
  engineId: string,
  agreement: TrialRow['agreement'],
): TrialRow {
  const outcome = orderOf({ ratioLow, ratioHigh })
  return {
    remedies: ['conversion'],
    name: 'conversion',
    outcome,
    kept: true,
    reason: outcome === 'faster' ? null : `${runtime} is at least as fast with the file unchanged`,
    beforeMs: p50Ms,
    afterMs: p50Ms / ratio,
    speedup: ratio,
    speedupLow: ratioLow,
    speedupHigh: ratioHigh,
    pairs: rounds,
    predictedSpeedup: null,
    lookedSpeedup: null,
    refused: null,
    took: null,
    changes: [`the model converted to ONNX for ${engineId}, instead of ${runtime} with the file unchanged`],
    agreement,
    sizeBytes: null,
    peakBytes: null,
  }
}
