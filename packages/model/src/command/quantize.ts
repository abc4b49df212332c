// `whyslow quantize MODEL`: fewer bits if that is measured to pay. Here: paths, files and what goes to the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel, freeDefaultFolder } from '@whyslow/command/terminal/model-flags.ts'
import { checkGoal, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderLiteQuantized } from '@whyslow/report/text/lite-quantized.ts'
import { renderQuantized, syntheticNote } from '@whyslow/report/text/quantization.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

type QuantizeFlags = FlagsOf<'quantize'>

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runQuantize(file: string, flags: QuantizeFlags, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  if (/\.tflite$/i.test(flags.out ?? '')) return runQuantizeLite(file, flags, around)
  const own = quantizeOptions(file, flags)
  const report = await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'report document',
    async run({ quantize }, { signal }, { listeners, paragraph }) {
      const onDiagnosis = (sentence: string) => {
        if (flags.data === undefined) paragraph(syntheticNote(own.precision))
        listeners.onDiagnosis(sentence)
      }
      return (await quantize(file, { ...optionsOf('quantize', flags), ...own, ...listeners, onDiagnosis, signal })).report
    },
    text: (quantized) => `\n${renderQuantized(quantized, around.screen, own.precision)}`,
  })
  checkGoal(flags.require, report.fix)
}

/** A .tflite file is written as TensorFlow's converter does it: what is searched for and proven elsewhere has no say. */
async function runQuantizeLite(file: string, flags: QuantizeFlags, around: Surroundings): Promise<void> {
  const out = flags.out!
  const without = { bits: flags.bits, calibration: flags.calibration, 'max-loss': flags.maxLoss, metric: flags.metric }
  const others = {
    ...without,
    budget: flags.budget,
    require: flags.require,
    'ship-engines': flags.shipEngines,
    html: flags.html,
    markdown: flags.markdown,
  }
  const [given] = Object.entries(others).filter(([, value]) => value !== undefined)
  if (given !== undefined)
    throw new UsageError(`--${given[0]}: a .tflite file is written without a search; leave it out, or write -o fast/`)
  const { method = 'dynamic' } = flags
  if (method === 'weights')
    throw new UsageError('--method weights: a .tflite file takes dynamic, static or float16; give one of them, or write -o fast/')
  checkRanges(method, flags)
  await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'quantize document',
    run: ({ quantizeLite }, { signal }, { listeners }) =>
      quantizeLite(file, { ...optionsOf('quantize', flags), ...listeners, signal, out, method }),
    text: renderLiteQuantized,
  })
}

function checkRanges(method: string | null, flags: QuantizeFlags): void {
  if (method === 'static' && flags.data === undefined && !flags.allowSynthetic)
    throw new UsageError(
      '--method static: ranges of activations need real inputs; give --data, or --allow-synthetic to find them on made-up ones',
    )
}

function quantizeOptions(file: string, flags: QuantizeFlags) {
  const { out = freeDefaultFolder(file, flags.force) } = flags
  const { method = null, bits = null, calibration = null } = flags
  if (bits === 4 && (method === 'dynamic' || method === 'static'))
    throw new UsageError(`--bits 4 is for weights alone; give --method weights, or ${method} without --bits`)
  checkRanges(method, flags)
  return {
    out,
    modelAlone: /\.onnx$/i.test(out),
    quick: true,
    float16: method === 'float16',
    precision: {
      method: method === 'float16' ? null : method,
      bits,
      calibration,
      allowSynthetic: flags.allowSynthetic ?? false,
    },
  }
}
