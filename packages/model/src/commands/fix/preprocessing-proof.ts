// Whether the code that moved into the model pays: random bytes through plain loops and the original against the same bytes into the
// new model, as docs/remedies/preprocessing.md says.
import path from 'node:path'
import { writeInFormat } from '@whyslow/command/model-files/model-for-engine.ts'
import type { Run } from '@whyslow/command/run.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileAsGiven, fileForEngine } from '@whyslow/graph/model.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import {
  type PreprocessedModel,
  type PreprocessingRequest,
  preprocessInCode,
  withPreprocessing,
} from '@whyslow/graph/rewrite/preprocessing/index.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { verdict } from '@whyslow/measure/outputs/index.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { median, verdictOf } from '@whyslow/measure/statistics/index.ts'
import { measurePaired, type PairedResult } from '@whyslow/measure/timing/paired.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import type { Judgement } from '../../tune/bench.ts'
import { worstEffect } from '../../tune/candidates.ts'
import type { SearchOutcome } from '../../tune/search.ts'
import { type TriedRemedy, trialResult } from '../../tune/tried-remedy.ts'
import { agreementOf } from './agreement-of.ts'
import type { FixOptions } from './options.ts'

const SAMPLES = 4
const PAIRS = 6
/** Runs of the loops in addition to those of the samples. */
const MORE_LOOPS = 20
const SAMPLE_MS = 300
/** For an image whose size is free. */
const FREE_HEIGHT = 480
const FREE_WIDTH = 640

/** The row of the trials, and the model that the code moved into. */
export interface ProvenPreprocessing {
  readonly row: TriedRemedy
  readonly moved: PreprocessedModel
}

interface ProofOptions extends Pick<FixOptions, 'engine' | 'maxLoss'> {
  readonly nowMs?: () => number
}

/** Proves preprocessing on top of what was found, before the steps of `request` move in. `nowMs`: a clock, for the loops in this process. */
export async function provePreprocessing(
  run: Run,
  { engine, maxLoss, nowMs = () => performance.now() }: ProofOptions,
  { setup, kept }: Pick<SearchOutcome, 'setup' | 'kept'>,
  request: PreprocessingRequest,
): Promise<ProvenPreprocessing> {
  const moved = withPreprocessing(setup.model, request)
  const done = (outcome: TriedRemedy['outcome'], reason: string, rest: Partial<TriedRemedy> = {}): ProvenPreprocessing => {
    // Asked for, so it is in what is shipped, whatever the clock says; but not where its outputs are others.
    const isKept = outcome !== 'rejected' && outcome !== 'failed'
    const proposal = { variant: '', changes: moved.changes }
    return { moved, row: trialResult({ remedy: { id: 'preprocessing' }, proposal }, outcome, reason, { kept: isKept, ...rest }) }
  }
  const pictures = picturesFor(run, moved)
  const { prepared, loopMs } = prepareInCode(pictures, moved, nowMs)
  let file: string
  try {
    file = await fileFor(run, { ...setup, model: moved.model }, 'with-preprocessing')
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return done('failed', error.message)
  }
  const saved = (name: string, values: readonly TensorValue[]) =>
    saveInputs(
      path.join(run.folder, name),
      values.map((value) => ({ ...run.inputs.samples[0]!, [moved.input.name]: value })),
    )
  const inCode = saved('prepared', prepared)
  const original = modelTask(engine, fileForEngine(run.model), run.engineOptions, inCode)
  // Of a model in two parts the engine's alone is told what it has to do more.
  const runs = setup.engine === undefined || setup.engine.cut !== undefined ? engine : setup.engine.id
  const changed = modelTask(runs, file, setup.options, saved('pictures', pictures))
  const agreement = await agreementOf(run, original, changed)
  if (typeof agreement === 'string') return done('failed', agreement)
  const promise = worstEffect(kept)
  const { ok, reason } = verdict(agreement, promise === 'exact' ? 'rounding' : promise, maxLoss)
  if (!ok) return done('rejected', reason, { agreement })
  // With all else that is kept: what the other remedies gain is not the code's.
  const without = await fileFor(run, setup, 'without-preprocessing')
  const base = modelTask(runs, without, setup.options, inCode)
  const plan = {
    run: run.trials.run,
    base: { ...base, sampleMs: SAMPLE_MS },
    changed: { ...changed, sampleMs: SAMPLE_MS },
    pairs: PAIRS,
    threads: run.inputs.threadsInUse,
  }
  const trial = await measurePaired(plan, trialLimits(run.limits, SAMPLE_MS))
  if (trial.outcome !== 'measured') return done('failed', reasonInWords(trial), { agreement })
  const judgement = judgementOf(trial.value, loopMs)
  return done(judgement.verdict, `${reason}; ${loopMs.toFixed(2)} ms of plain loops are gone`, { agreement, judgement })
}

/** What the set-up's engine opens of its model, written if it is not there yet. Throws InputError if it cannot be written. */
async function fileFor(run: Run, { model, engine }: Pick<RemedySetup, 'model' | 'engine'>, name: string): Promise<string> {
  const format = engine?.format
  if (model === run.model && format === undefined) return fileForEngine(model)
  if (model === run.model && format === model.source.format) return fileAsGiven(model)
  return (await writeInFormat(model, path.join(run.folder, name), format)).file
}

/** The images as the original takes them, by plain loops, and the median time of those. */
function prepareInCode(pictures: readonly TensorValue[], { steps }: PreprocessedModel, nowMs: () => number) {
  const times: number[] = []
  const prepare = ({ shape, data }: TensorValue) => {
    const start = nowMs()
    const floats = preprocessInCode({ shape, data: data as Uint8Array | Float32Array }, steps)
    times.push(nowMs() - start)
    return { dtype: 'float32' as const, ...floats }
  }
  const prepared = pictures.map(prepare)
  for (let k = 0; k < MORE_LOOPS; k++) prepare(pictures[0]!)
  return { prepared, loopMs: median(times) }
}

/** The loops are added to each side's base: they ran apart, in this process. */
function judgementOf({ baseMs, changedMs, ratio, ratioLow, ratioHigh, pairs }: PairedResult, loopMs: number): Judgement {
  const before = baseMs + loopMs
  const withLoops = before / baseMs
  const [speedupLow, speedupHigh] = [withLoops / ratioHigh, withLoops / ratioLow]
  return {
    verdict: verdictOf({ ratioLow: 1 / speedupHigh, ratioHigh: 1 / speedupLow }),
    reason: null,
    before,
    after: changedMs,
    speedup: withLoops / ratio,
    speedupLow,
    speedupHigh,
    beforeMs: before,
    afterMs: changedMs,
    peakBytes: null,
    pairs,
  }
}

/** Random bytes, or floats where the steps begin with floats, in the shape that the new model takes. */
function picturesFor(run: Run, { input, steps }: PreprocessedModel): TensorValue[] {
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
