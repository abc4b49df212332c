// `whyslow quantize MODEL`: fewer bits where that is measured to pay. Here: paths, files and what goes to the screen.
import { renderLiteQuantized } from '../report/text/lite-quantized.ts'
import { renderQuantized, syntheticNote } from '../report/text/quantization.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { checkModel } from './model-flags.ts'
import { type FlagsOf, optionsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'
import { checkGoal, UsageError } from './usage-error.ts'

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runQuantize(file: string, flags: FlagsOf<'quantize'>, surroundings: Surroundings): Promise<void> {
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
  const options = { ...optionsOf('quantize', flags), ...own, ...commentary.listeners, onDiagnosis, signal }
  const { quantize } = await load()
  const { report } = await quantize(file, options).finally(commentary.end)
  signal.throwIfAborted()
  const text = () => `\n${renderQuantized(report, screen, own.precision)}`
  await output.deliver(screen, { document: report, name: 'report document', text })
  checkGoal(flags.require, report.fix)
}

/** A .tflite file is written as TensorFlow's converter does it: what is searched for and proven elsewhere has no say. */
async function runQuantizeLite(file: string, flags: FlagsOf<'quantize'>, { screen, signal, load }: Surroundings): Promise<void> {
  const out = flags.out!
  const without = { bits: flags.bits, calibration: flags.calibration, 'max-loss': flags.maxLoss, metric: flags.metric }
  const others = { ...without, budget: flags.budget, require: flags.require, html: flags.html, markdown: flags.markdown }
  const [given] = Object.entries(others).filter(([, value]) => value !== undefined)
  if (given !== undefined)
    throw new UsageError(`--${given[0]}: a .tflite file is written without a search; leave it out, or write -o fast/`)
  const { method = 'dynamic' } = flags
  if (method === 'weights')
    throw new UsageError('--method weights: a .tflite file takes dynamic, static or float16; give one of them, or write -o fast/')
  checkRanges(method, flags)
  const output = documentOutput(flags, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const { quantizeLite } = await load()
  const document = await quantizeLite(file, {
    ...optionsOf('quantize', flags),
    ...commentary.listeners,
    signal,
    out,
    method,
  }).finally(commentary.end)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'quantize document', text: () => renderLiteQuantized(document) })
}

function checkRanges(method: string | null, flags: FlagsOf<'quantize'>): void {
  if (method === 'static' && flags.data === undefined && !flags.allowSynthetic)
    throw new UsageError(
      '--method static: ranges of activations need real inputs; give --data, or --allow-synthetic to find them on made-up ones',
    )
}

function quantizeOptions(flags: FlagsOf<'quantize'>) {
  if (flags.out === undefined)
    throw new UsageError(
      'quantize: give what to write: a folder, as in -o fast/, or the model alone, as in -o fast.onnx or -o fast.tflite',
    )
  const { method = null, bits = null, calibration = null } = flags
  if (bits === '4' && (method === 'dynamic' || method === 'static'))
    throw new UsageError(`--bits 4 is for weights alone; give --method weights, or ${method} without --bits`)
  checkRanges(method, flags)
  return {
    out: flags.out,
    modelAlone: /\.onnx$/i.test(flags.out),
    quick: true,
    float16: method === 'float16',
    precision: {
      method: method === 'float16' ? null : method,
      bits: bits === null ? null : bits === '4' ? (4 as const) : (8 as const),
      calibration,
      allowSynthetic: flags.allowSynthetic ?? false,
    },
  }
}
