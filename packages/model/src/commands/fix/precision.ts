// Fewer bits, for the commands: puts the search for precisions on the bench of `tune/`, and says what came of it.
import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { liteGraphOf } from '@whyslow/formats/tflite/write/lite-model.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ChosenInputs } from '@whyslow/measure/choose-inputs.ts'
import { elementCount, isPlainFloat } from '@whyslow/measure/samples/dtype-arrays.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'
import type { ReportQuantization } from '@whyslow/report/documents/report-fix.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { checkSamples } from '../../quantize/calibrate/index.ts'
import { fusedKernels } from '../../quantize/plan/kernels.ts'
import type { LayerRecord } from '../../quantize/plan/layer-records.ts'
import { possiblePrecisions } from '../../quantize/plan/possible.ts'
import { type PrecisionSearch, precisionSearch } from '../../quantize/plan/precision.ts'
import { prepareModel } from '../../quantize/plan/prepare.ts'
import { optionsFor } from '../../quantize/write/choice.ts'
import type { PrecisionMethod, RemedyEvidence, RemedySetup, RemedyTools } from '../../remedies/kit/remedy.ts'
import { variantWriter } from '../../ship/index.ts'
import type { Bench } from '../../tune/bench.ts'
import type { LocalBenchPlan } from '../../tune/local-bench/index.ts'
import type { SearchOutcome } from '../../tune/search.ts'
import type { BudgetedOptions, FixOptions } from './options.ts'
import type { ProvenPreprocessing } from './preprocessing-proof.ts'

export type Quantization = ReportQuantization

export interface TuneResult extends SearchOutcome {
  /** What was found of the precision of layers; null if none was looked for. */
  readonly quantization: Quantization | null
  /** What is to be known of the loss that is proven; null: nothing. */
  readonly caveat: string | null
  /** Absent if no code was to move into the model. */
  readonly preprocessing?: ProvenPreprocessing
  /** Absent if the file is what the engine runs. */
  readonly conversion?: TrialRow
}

/** What is known of the original, what measures its variants, and the engine's own optimizer. */
interface MeasuredOriginal {
  readonly original: RemedySetup
  readonly facts: RemedyEvidence
  readonly bench: Bench
  readonly optimize: RemedyTools['optimize']
}

/** Throws InputError if static quantization is asked for and the inputs cannot calibrate. */
export function checkCalibration({ inputs }: Run, { precision, data }: FixOptions): void {
  if (precision.method === 'static' && data !== null) checkSamples(inputs.samples.length, data)
}

/**
 * The input that the model gives back for the next prediction, and that made-up inputs leave at 0: static int8 with a range of nothing would lose all that
 * is remembered, which the first prediction does not show.
 */
export function emptyMemory({ resolved, outputs }: Pick<ChosenInputs, 'resolved' | 'outputs'>): string | undefined {
  const isEmpty = ({ likeness, shape }: ResolvedInput) =>
    likeness?.of === 'constant' && likeness.range?.join() === '0,0' && elementCount(shape) > 1
  return resolved.find(
    (input) =>
      isEmpty(input) && isPlainFloat(input.dtype) && outputs.some(({ type }) => type?.shape.join() === input.shape.join()),
  )?.name
}

/** null if outputs may not change. A dry run is told what it could choose from. */
export function precisionOf(
  run: Run,
  options: BudgetedOptions,
  plan: LocalBenchPlan,
  { original, facts, bench, optimize }: MeasuredOriginal,
): PrecisionSearch | null {
  const { maxLoss, precision, dryRun } = options
  if (maxLoss === null) return null
  const memory = run.inputs.source === 'data' || !precision.allowSynthetic ? undefined : emptyMemory(run.inputs)
  const constraints = {
    method: precision.method,
    bits: precision.bits,
    calibration: precision.calibration,
    allowStatic: run.inputs.source === 'data' || (precision.allowSynthetic && memory === undefined),
    ...(memory && {
      whyNotStatic: `'${memory}' is a memory, and 0 in made-up inputs: its range shows after some predictions, so give --data with what it then holds`,
    }),
    options: optionsFor(run.machine),
    budgetMs: options.budgetSeconds * 1000,
  }
  const prepare = (model: Model) => prepareModel(model, original, facts, { optimize })
  if (dryRun) return possiblePrecisions(constraints, prepare)
  const folder = path.join(run.folder, 'precision')
  fs.mkdirSync(folder)
  let names = 0
  return precisionSearch(
    {
      ...plan,
      options: plan.originalOptions,
      folder,
      samples: plan.judged.samples,
      writeVariants(base, at) {
        fs.mkdirSync(at)
        return variantWriter(base, at)
      },
      writeBytes(bytes, name) {
        const file = path.join(folder, `${name}.onnx`)
        fs.writeFileSync(file, bytes)
        return file
      },
      nextName: (hint) => `${hint}-${names++}`,
      canHold: (model, form) => form !== 'tflite' || isLite(model),
      compare: (model) => bench.compare({ ...original, model }, 'approximate'),
      nowMs: bench.nowMs,
      onStep: (stage) => run.progress({ stage, done: 0, of: 1 }),
    },
    constraints,
    prepare,
  )
}

/** Whether LiteRT can hold it. */
function isLite(model: Model): boolean {
  try {
    liteGraphOf(model)
    return true
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}

/** The report's section: each layer with its times, its error, and the kernel that the engine runs for it. */
export async function quantizationOf(
  run: Run,
  found: SearchOutcome,
  search: PrecisionSearch,
  bench: Bench,
): Promise<Quantization> {
  const kept = found.kept.flatMap(({ remedy, proposal }) => {
    const own = remedy.precision && { method: remedy.precision, plan: proposal.variant }
    return proposal.precision ?? own ?? []
  })
  const methods = new Map(kept.map(({ method, plan }) => [method, plan]))
  await search.measureErrors(methods)
  const executed = kept.length > 0 ? await bench.executed(found.setup) : null
  const rows = search.records().filter(({ method, variant }) => (methods.get(method) ?? variant) === variant)
  const kernels = executed === null ? new Map<string, string>() : fusedKernels(executed, rows)
  const isUsed = ({ method, variant, inFloat }: LayerRecord) => methods.get(method) === variant && !inFloat
  const byNode = new Map<string, LayerRecord>()
  for (const row of rows) if (!byNode.has(row.node) || isUsed(row)) byNode.set(row.node, row)
  const layers = [...byNode.values()].map((row) => {
    const { node, opType, method, beforeMs, afterMs, sqnrDb, inFloat } = row
    const used = isUsed(row)
    const reason = inFloat
      ? 'falls back to float32: it changes the outputs too much'
      : `${WORDS[method]} as a whole is not proven faster`
    return {
      node,
      opType,
      precision: used ? method : 'float32',
      tried: method,
      beforeMs,
      afterMs,
      sqnrDb,
      kernel: used ? (kernels.get(node) ?? null) : null,
      reason: used ? null : reason,
    }
  })
  return {
    methods: [...methods.keys()],
    inputs: run.inputs.source,
    sizeBeforeBytes: run.model.source.sizeBytes,
    sizeAfterBytes: kept.length > 0 && Number.isFinite(bench.sizeBytes(found.setup)) ? bench.sizeBytes(found.setup) : null,
    layers,
    notTried: [...search.reasons()].map(([method, reason]) => ({ method, reason })),
  }
}

const WORDS: Readonly<Record<PrecisionMethod, string>> = {
  dynamic: 'dynamic int8',
  static: 'static int8',
  weights: 'fewer bits of weights',
}
