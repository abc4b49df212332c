// `whyslow quantize MODEL`: fewer bits where that is measured to pay. Here: paths, files and what goes to the screen.
import { calibrationMethods, precisionMethods } from '../commands/choices.ts'
import { renderLiteQuantized } from '../report/text/lite-quantized.ts'
import { renderQuantized, syntheticNote } from '../report/text/quantization.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { metricOf } from './metric.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { oneOf } from './options/one-of.ts'
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
  readonly html?: string
  readonly markdown?: boolean
}

const methods = [...precisionMethods, 'float16'] as const

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runQuantize(file: string, flags: QuantizeFlags, surroundings: Surroundings): Promise<void> {
  checkModel(file, flags)
  if (/\.tflite$/i.test(flags.out ?? '')) return runQuantizeLite(file, flags, surroundings)
  const { screen, signal, load } = surroundings
  const own = quantizeOptions(flags)
  const output = documentOutput(flags, file)
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

/** A .tflite file is written as TensorFlow's converter does it: what is searched for and proven elsewhere has no say. */
async function runQuantizeLite(file: string, flags: QuantizeFlags, { screen, signal, load }: Surroundings): Promise<void> {
  const out = flags.out!
  const without = { bits: flags.bits, calibration: flags.calibration, 'max-loss': flags.maxLoss, metric: flags.metric }
  const others = { ...without, budget: flags.budget, require: flags.require, html: flags.html, markdown: flags.markdown }
  const [given] = Object.entries(others).filter(([, value]) => value !== undefined)
  if (given !== undefined)
    throw new UsageError(`--${given[0]}: a .tflite file is written without a search; leave it out, or write -o fast/`)
  const method = flags.method === undefined ? 'dynamic' : oneOf(['dynamic', 'static', 'float16'], flags.method, '--method')
  checkRanges(method, flags)
  const output = documentOutput(flags, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const { quantizeLite } = await load()
  const options = { ...modelOptions(flags), ...commentary.listeners, signal, out, force: flags.force ?? false, method }
  const document = await quantizeLite(file, options).finally(commentary.end)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'quantize document', text: () => renderLiteQuantized(document) })
}

function checkRanges(method: string | null, flags: QuantizeFlags): void {
  if (method === 'static' && flags.data === undefined && !flags.allowSynthetic)
    throw new UsageError(
      '--method static: ranges of activations need real inputs; give --data, or --allow-synthetic to find them on made-up ones',
    )
}

function quantizeOptions(flags: QuantizeFlags) {
  if (flags.out === undefined)
    throw new UsageError(
      'quantize: give what to write: a folder, as in -o fast/, or the model alone, as in -o fast.onnx or -o fast.tflite',
    )
  const method = flags.method === undefined ? null : oneOf(methods, flags.method, '--method')
  const bits = flags.bits === undefined ? null : oneOf(['8', '4'], flags.bits, '--bits')
  if (bits === '4' && (method === 'dynamic' || method === 'static'))
    throw new UsageError(`--bits 4 is for weights alone; give --method weights, or ${method} without --bits`)
  checkRanges(method, flags)
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
