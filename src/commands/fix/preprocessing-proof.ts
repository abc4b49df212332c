// Whether the code that moved into the model pays: random bytes through plain loops and the original against the same bytes into the
// new model, as docs/remedies/preprocessing.md says.

import path from 'node:path'
import type { Feeds, TensorValue } from '../../engines/types.ts'
import { mulberry32 } from '../../graph/random.ts'
import type { Dimension } from '../../graph/types.ts'
import { type Agreement, type AllowedLoss, compareOutputs, verdict } from '../../measure/outputs/index.ts'
import { outputsTask } from '../../measure/outputs/outputs-task.ts'
import { loadInputs, saveInputs } from '../../measure/samples/saved.ts'
import { measurePaired } from '../../measure/timing/paired.ts'
import { median } from '../../measure/timing/statistics.ts'
import { type Preprocessed, preprocessInCode } from '../../rewrite/preprocessing/index.ts'
import type { Effect, RemedySetup } from '../../rewrite/remedy.ts'
import { writeModelFolder } from '../../ship/index.ts'
import { trialLimits } from '../../trials/limits.ts'
import type { ModelTask } from '../../trials/model-task.ts'
import { modelTask } from '../../trials/model-task.ts'
import { reasonInWords } from '../../trials/port.ts'
import type { Tried } from '../../tune/tried.ts'
import type { Run } from '../run.ts'

const SAMPLES = 4
const PAIRS = 6
const SAMPLE_MS = 300
/** Of a picture whose size is free. */
const FREE_HEIGHT = 480
const FREE_WIDTH = 640

/** The row of the trials. `tuned` is the setup that is shipped, before the steps moved in; `moved` holds them. */
export async function provePreprocessing(
  run: Run,
  engineId: string,
  tuned: RemedySetup,
  moved: Preprocessed,
  promise: Effect,
  maxLoss: AllowedLoss | null,
): Promise<Tried> {
  const row = (outcome: Tried['outcome'], reason: string | null, rest: Partial<Tried> = {}): Tried => ({
    remedies: ['preprocessing'],
    name: 'preprocessing',
    outcome,
    // Asked for, so it is in what is shipped, whatever the clock says; but not where its outputs are others.
    kept: outcome !== 'rejected' && outcome !== 'failed',
    reason,
    judgement: null,
    took: null,
    changes: moved.changes,
    agreement: null,
    sizeBytes: null,
    predictedSpeedup: null,
    lookedSpeedup: null,
    ...rest,
  })
  const pictures = picturesFor(run, moved)
  const loops: number[] = []
  const prepared = pictures.map((picture) => {
    const start = performance.now()
    const floats = preprocessInCode({ shape: picture.shape, data: picture.data as Uint8Array | Float32Array }, moved.steps)
    loops.push(performance.now() - start)
    return { dtype: 'float32' as const, ...floats }
  })
  for (let k = 0; k < 20; k++) {
    const start = performance.now()
    preprocessInCode({ shape: pictures[0]!.shape, data: pictures[0]!.data as Uint8Array }, moved.steps)
    loops.push(performance.now() - start)
  }
  const loopMs = median(loops)
  const { file } = await writeModelFolder(moved.model, path.join(run.folder, 'with-preprocessing'))
  const feedsOf = (values: readonly TensorValue[]): Feeds[] =>
    values.map((value) => ({ ...run.inputs.samples[0]!, [moved.input.name]: value }))
  const base = modelTask(
    engineId,
    run.model.source.file,
    run.engineOptions,
    saveInputs(path.join(run.folder, 'prepared'), feedsOf(prepared)),
  )
  const changed = modelTask(engineId, file, tuned.options, saveInputs(path.join(run.folder, 'pictures'), feedsOf(pictures)))

  const outputs = await agreementOf(run, base, changed)
  if (typeof outputs === 'string') return row('failed', outputs)
  const { ok, reason } = verdict(outputs, promise === 'exact' ? 'rounding' : promise, maxLoss)
  if (!ok) return row('rejected', reason, { agreement: outputs })
  const plan = {
    run: run.trials.run,
    base: { ...base, sampleMs: SAMPLE_MS },
    changed: { ...changed, sampleMs: SAMPLE_MS },
    pairs: PAIRS,
    threads: run.inputs.threadsInUse,
  }
  const trial = await measurePaired(plan, trialLimits(run.limits, SAMPLE_MS))
  if (trial.outcome !== 'measured') return row('failed', reasonInWords(trial), { agreement: outputs })
  const { baseMs, changedMs, ratio, ratioLow, ratioHigh, pairs } = trial.value
  // The loops are added to each side's base: they ran apart, in this process.
  const withLoops = (baseMs + loopMs) / baseMs
  const [speedup, low, high] = [withLoops / ratio, withLoops / ratioHigh, withLoops / ratioLow]
  const judgement = {
    verdict: low > 1 ? ('faster' as const) : high < 1 ? ('slower' as const) : ('no-difference' as const),
    reason: null,
    before: baseMs + loopMs,
    after: changedMs,
    speedup,
    speedupLow: low,
    speedupHigh: high,
    beforeMs: baseMs + loopMs,
    afterMs: changedMs,
    peakBytes: null,
    pairs,
  }
  return row(judgement.verdict, `${reason}; ${loopMs.toFixed(2)} ms of plain loops are gone`, { agreement: outputs, judgement })
}

/** Random bytes, or floats where the steps begin with floats, in the shape that the new model takes. */
function picturesFor(run: Run, { input, steps }: Preprocessed): TensorValue[] {
  const fed = run.inputs.samples[0]![input.name]!.shape
  const isLast = steps.from === 'nhwc'
  const free = new Map([
    [isLast ? 1 : 2, steps.resizeTo === null ? null : FREE_HEIGHT],
    [isLast ? 2 : 3, steps.resizeTo === null ? null : FREE_WIDTH],
  ])
  // Without resizing the axes are the original's own, in another order.
  const own = steps.from === steps.to ? [0, 1, 2, 3] : isLast ? [0, 2, 3, 1] : [0, 3, 1, 2]
  const shape = input.shape.map((size: Dimension, axis) =>
    typeof size === 'number' ? size : (free.get(axis) ?? fed[own[axis]!]!),
  )
  const count = shape.reduce((product, size) => product * size, 1)
  return Array.from({ length: SAMPLES }, (_, seed) => {
    const data = input.dtype === 'uint8' ? new Uint8Array(count) : new Float32Array(count)
    const random = mulberry32(1 + seed)
    for (let i = 0; i < count; i++) data[i] = Math.floor(256 * random())
    return { dtype: input.dtype, shape, data }
  })
}

async function agreementOf(run: Run, base: ModelTask, changed: ModelTask): Promise<Agreement | string> {
  const outputs: (readonly Feeds[])[] = []
  for (const [name, task] of [['base', base] as const, ['changed', changed] as const]) {
    const outputFolder = path.join(run.folder, `preprocessing-${name}`)
    const trial = await run.trials.run(outputsTask, { ...task, outputFolder }, trialLimits(run.limits, 1000))
    if (trial.outcome !== 'measured') return reasonInWords(trial)
    outputs.push(loadInputs(trial.value.saved))
  }
  return compareOutputs(outputs[0]!, outputs[1]!, { graph: run.graph })
}
