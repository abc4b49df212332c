// `lint`: why is this quantized model not faster? Measures one prediction, reads the graph as the engine runs it, and says of each
// quantized operator whether it runs in int8, and which condition it breaks where it does not.
import type { Evidence } from './analyze/evidence.ts'
import { analyze } from './assemble.ts'
import { isQuantized, lintQuantization, type WrittenQuantization, writtenQuantization } from './diagnose/lint.ts'
import type { TimedGroup } from './diagnose/quantization-times.ts'
import { readModel } from './formats/index.ts'
import { modelFacts } from './graph/facts.ts'
import { InputError } from './graph/input-error.ts'
import { viewGraph } from './graph/view.ts'
import { lintAnswer } from './report/lint-answer.ts'
import type { LintDocument } from './report/lint-document.ts'
import { alone, measureRun, withRun } from './run.ts'
import { toolVersion } from './version.ts'
import { DEFAULTS, type WhyOptions } from './why-options.ts'

export interface LintOptions extends WhyOptions {}

const LINT_DEFAULTS: LintOptions = { ...DEFAULTS, quick: true }

/**
 * Lints the model in `file`. A model that is not quantized is answered without a measurement. Throws InputError where the model, its
 * inputs or the options cannot be used, and the signal's reason where it is aborted.
 */
export async function lint(file: string, given: Partial<LintOptions> = {}): Promise<LintDocument> {
  const options = { ...LINT_DEFAULTS, ...given }
  const model = await readModel(file)
  const written = writtenQuantization(viewGraph(model))
  const { sha256, sizeBytes, format, opsets } = modelFacts(model)
  const about = { model: { file, format, sha256, sizeBytes, opsets: { ...opsets } }, written }
  if (!isQuantized(written)) return unmeasured(about)
  const unlocked: string[] = []
  const evidence = await withRun(file, options, (run) =>
    alone(
      run.progress,
      () => measureRun(run, options),
      (reason) => unlocked.push(`measured without the machine's lock: ${reason}`),
    ),
  )
  return assembleLint(about, { ...evidence, warnings: [...unlocked, ...evidence.warnings] })
}

type About = Pick<LintDocument, 'model'> & { readonly written: WrittenQuantization }

const head = () => ({
  schema: 'whyslow-lint/1' as const,
  tool: { version: toolVersion },
  createdAt: new Date().toISOString(),
})

function unmeasured({ model, written }: About): LintDocument {
  const body = { model, written: { ...written }, measured: null, fused: [], unfused: [], hazards: [] }
  return { ...head(), answer: lintAnswer(body), ...body, borders: { nodes: 0, timeMs: 0 }, repair: null, warnings: [] }
}

function assembleLint({ model, written }: About, evidence: Evidence): LintDocument {
  const found = lintQuantization(analyze(evidence))
  if (found === undefined) {
    throw new InputError(`${model.file}: its operators could not be timed: ${evidence.absent.profile ?? 'there is no profile'}`)
  }
  const body = {
    model,
    written: { ...written },
    measured: measuredOf(evidence),
    fused: found.fused.map((one) => ({ ...one })),
    unfused: found.unfused.map(unfusedRow),
    hazards: found.hazards.map((one) => ({ ...one, nodes: [...one.nodes] })),
  }
  return {
    ...head(),
    answer: lintAnswer(body),
    ...body,
    borders: { ...found.borders },
    repair: null,
    warnings: [...evidence.warnings],
  }
}

function measuredOf({ latency, engine, machine, inputs = [] }: Evidence): LintDocument['measured'] {
  if (latency === undefined || engine === undefined) return null
  const { p50Ms, ciLowMs, ciHighMs, trust, reasons } = latency
  return {
    p50Ms,
    ciLowMs,
    ciHighMs,
    trust,
    reasons: [...reasons],
    engine: {
      id: engine.id,
      version: engine.version,
      threadsInUse: engine.options.threads ?? engine.threadsInUse,
      graphOptimization: engine.options.graphOptimization,
    },
    machine: { cpu: machine.cpu, isa: [...machine.isa] },
    syntheticInputs: inputs.filter(({ source }) => source === 'synthetic').map(({ name }) => name),
  }
}

function unfusedRow({
  operator,
  written,
  conversions,
  condition,
  breaks,
  ...times
}: TimedGroup): LintDocument['unfused'][number] {
  const { conversionsMs, operatorMs, wouldSaveMs } = times
  return {
    node: written?.name ?? operator.name,
    opType: written?.opType ?? operator.opType,
    condition,
    breaks,
    conversionsMs,
    operatorMs,
    wouldSaveMs,
    mend: null,
    conversions: conversions.map(({ name }) => name),
  }
}
