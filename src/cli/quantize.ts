// `whyslow quantize MODEL`: fewer bits where that is measured to pay. Here: paths, files and what goes to the screen.
import { calibrationMethods, precisionMethods } from '../commands/choices.ts'
import { renderQuantized, syntheticNote } from '../report/text/quantization.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { metricOf } from './metric.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { oneOf } from './one-of.ts'
import type { Surroundings } from './stages.ts'
import { checkGoal, UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface QuantizeFlags extends ModelFlags {
  readonly out?: string
  readonly force?: boolean
  readonly method?: string
  readonly bits?: string
  readonly calibration?: string
  readonly allowSynthetic?: boolean
  readonly maxLoss?: number
  readonly metric?: string
  readonly budget?: number
  readonly require?: number
  readonly json?: string
}

const methods = [...precisionMethods, 'float16'] as const

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runQuantize(file: string, flags: QuantizeFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const own = quantizeOptions(flags)
  const output = documentOutput(flags.json, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const onDiagnosis = (sentence: string) => {
    if (flags.data === undefined) commentary.paragraph(syntheticNote(own.precision))
    commentary.paragraph(sentence)
  }
  const options = { ...modelOptions(flags), ...own, ...commentary.listeners, onDiagnosis, signal }
  const { quantize } = await load()
  const { report } = await quantize(file, options).finally(commentary.end)
  signal.throwIfAborted()
  const text = () => `\n${renderQuantized(report, screen, own.precision)}`
  await output.deliver(screen, { document: report, name: 'report document', text })
  checkGoal(flags.require, report.fix)
}

function quantizeOptions(flags: QuantizeFlags) {
  if (flags.out === undefined)
    throw new UsageError('quantize: give what to write: a folder, as in -o fast/, or the model alone, as in -o fast.onnx')
  const method = flags.method === undefined ? null : oneOf(methods, flags.method, '--method')
  const bits = flags.bits === undefined ? null : oneOf(['8', '4'], flags.bits, '--bits')
  if (bits === '4' && (method === 'dynamic' || method === 'static'))
    throw new UsageError(`--bits 4 is for weights alone; give --method weights, or ${method} without --bits`)
  if (method === 'static' && flags.data === undefined && !flags.allowSynthetic)
    throw new UsageError(
      '--method static: ranges of activations need real inputs; give --data, or --allow-synthetic to find them on made-up ones',
    )
  return {
    out: flags.out,
    force: flags.force ?? false,
    modelAlone: /\.onnx$/i.test(flags.out),
    ...(flags.budget === undefined ? {} : { budgetSeconds: flags.budget }),
    maxLoss: flags.maxLoss ?? null,
    metric: metricOf(flags),
    quick: true,
    float16: method === 'float16',
    precision: {
      method: method === 'float16' ? null : method,
      bits: bits === null ? null : bits === '4' ? (4 as const) : (8 as const),
      calibration: flags.calibration === undefined ? null : oneOf(calibrationMethods, flags.calibration, '--calibration'),
      allowSynthetic: flags.allowSynthetic ?? false,
    },
  }
}
