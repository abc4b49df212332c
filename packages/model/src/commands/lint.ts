// `lint`: why is this quantized model not faster? Measures one prediction, reads the graph as the engine runs it, and says of each
// quantized operator whether it runs in int8, and which condition it breaks where it does not. What can be repaired is repaired as `fix`
// does it: proven in pairs of fresh processes, with outputs that agree.

import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { openModel } from '@whyslow/command/open-model.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { withRun } from '@whyslow/command/run.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { isQuantized, type WrittenQuantization, writtenQuantization } from '@whyslow/measure/engines/onnxruntime/int8/written.ts'
import { DEFAULT_LOSS_LIMITS } from '@whyslow/measure/outputs/index.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { lintAnswer } from '@whyslow/report/text/lint-answer.ts'
import { analyze } from '../analyze/analyze.ts'
import { lintQuantization } from '../diagnose/lint.ts'
import type { TimedGroup } from '../diagnose/quantization-times.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { remedies } from '../remedies/index.ts'
import { fix } from './fix/fix.ts'
import { FIX_DEFAULTS, type FixOptions } from './fix/options.ts'
import { measureRun } from './measure-run.ts'

export interface LintOptions
  extends WhyOptions,
    Pick<FixOptions, 'force' | 'metric' | 'budgetSeconds' | 'onTrial' | 'onDiagnosis'> {
  /** The file to write a repaired model to; null: nothing is repaired. */
  readonly repair: string | null
  /** Largest loss of the outputs against the model given; null: one decision in a hundred, a cosine of 0.995. */
  readonly maxLoss: FixOptions['maxLoss']
}

const { force, metric, budgetSeconds } = FIX_DEFAULTS
const LINT_DEFAULTS: LintOptions = { ...DEFAULTS, quick: true, repair: null, maxLoss: null, force, metric, budgetSeconds }

/** What a repair tries. */
const repairing = remedies.filter(({ repairs }) => repairs !== undefined)

/**
 * Lints the model in `file`, and with `repair` writes what is proven of a repaired one. A model that is not quantized is answered without a
 * measurement. Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted.
 */
export async function lint(file: string, given: Partial<LintOptions> = {}): Promise<LintDocument> {
  const options = { ...LINT_DEFAULTS, ...given }
  const model = await openModel(file, options)
  const written = writtenQuantization(viewGraph(model))
  const { sha256, sizeBytes, format, opsets } = modelFacts(model)
  const linted = { model: { file, format, sha256, sizeBytes, opsets: { ...opsets } }, written }
  if (!isQuantized(written)) return unmeasured(linted)
  if (options.repair !== null) return repaired(file, linted, options, options.repair)
  const unlocked: string[] = []
  const evidence = await withRun(file, options, (run) =>
    withMachineLock(run, async () => (await measureRun(run, options)).evidence, unlocked),
  )
  return assembleLint(linted, { ...evidence, warnings: [...unlocked, ...evidence.warnings] })
}

async function repaired(file: string, linted: LintedModel, options: LintOptions, out: string): Promise<LintDocument> {
  const { evidence, report } = await fix(file, {
    ...options,
    out,
    modelAlone: true,
    onlyProven: true,
    only: repairing.map(({ id }) => id),
    maxLoss: options.maxLoss ?? DEFAULT_LOSS_LIMITS,
  })
  const found = assembleLint(linted, { ...evidence, warnings: report.warnings })
  return { ...found, repair: repairOf(report, out) }
}

function repairOf({ fix: done, trials }: ReportDocument, out: string): LintDocument['repair'] {
  const proven = done?.proven ?? false
  const of = <T>(value: T | undefined): T | null => (proven && value !== undefined ? value : null)
  return {
    out: proven ? out : null,
    proven,
    beforeMs: of(done?.before),
    afterMs: of(done?.after),
    speedup: of(done?.speedup),
    speedupLow: of(done?.speedupLow),
    speedupHigh: of(done?.speedupHigh),
    outputs: done?.outputs ?? '',
    changes: proven ? done!.changes : [],
    trials: trials as TrialRow[],
  }
}

/** A model with what of it is written as quantized. */
type LintedModel = Pick<LintDocument, 'model'> & { readonly written: WrittenQuantization }

function unmeasured({ model, written }: LintedModel): LintDocument {
  const body = { model, written, measured: null, fused: [], unfused: [], hazards: [] }
  return {
    ...documentHead('whyslow-lint/1'),
    answer: lintAnswer(body),
    ...body,
    borders: { nodes: 0, timeMs: 0 },
    repair: null,
    warnings: [],
  }
}

function assembleLint({ model, written }: LintedModel, evidence: Evidence): LintDocument {
  const found = lintQuantization(analyze(evidence))
  if (found === undefined) {
    throw new InputError(`${model.file}: its operators could not be timed: ${evidence.absent.profile ?? 'there is no profile'}`)
  }
  const body = {
    model,
    written,
    measured: measuredOf(evidence),
    fused: found.fused,
    unfused: found.unfused.map((group) => unfusedRow(group, evidence)),
    hazards: found.hazards,
  }
  return {
    ...documentHead('whyslow-lint/1'),
    answer: lintAnswer(body),
    ...body,
    borders: found.borders,
    repair: null,
    warnings: evidence.warnings,
  }
}

function measuredOf({ latency, engine, machine, inputs = [] }: Evidence): LintDocument['measured'] {
  if (latency === undefined || engine === undefined) return null
  const { p50Ms, ciLowMs, ciHighMs, trust, reasons } = latency
  return {
    ...{ p50Ms, ciLowMs, ciHighMs, trust, reasons },
    engine: {
      id: engine.id,
      version: engine.version,
      threadsInUse: engine.options.threads ?? engine.threadsInUse,
      graphOptimization: engine.options.graphOptimization,
    },
    machine: { cpu: machine.cpu, isa: machine.isa },
    syntheticInputs: inputs.filter(({ source }) => source === 'synthetic').map(({ name }) => name),
    inputs: inputs.map(({ name, source, likeness }) => ({ name, source, ...(likeness && { likeness }) })),
  }
}

/** The id of the remedy; null if there is none. */
function repairOfGroup({ condition, conversions, operator }: TimedGroup, { profile, inputs = [] }: Evidence): string | null {
  const constants = profile?.graph.constants ?? {}
  const hasConstants = conversions.some(
    ({ opType, inputs: [value] }) => opType === 'DequantizeLinear' && constants[value ?? ''] !== undefined,
  )
  const canMeasureRanges = inputs.every(({ source }) => source !== 'synthetic')
  const group = { condition, opType: operator.opType, hasConstants, canMeasureRanges }
  return repairing.find(({ repairs }) => repairs!(group))?.id ?? null
}

function unfusedRow(group: TimedGroup, evidence: Evidence): LintDocument['unfused'][number] {
  const { operator, written, conversions, condition, breaks, ...times } = group
  const { conversionsMs, operatorMs, wouldSaveMs } = times
  return {
    node: written?.name ?? operator.name,
    opType: written?.opType ?? operator.opType,
    ...{ condition, breaks, conversionsMs, operatorMs, wouldSaveMs },
    mend: repairOfGroup(group, evidence),
    conversions: conversions.map(({ name }) => name),
  }
}
