// `whyslow fix MODEL`: tries the remedies, proves them, writes the folder. Here: paths, files and what goes to the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel, freeDefaultFolder } from '@whyslow/command/terminal/model-flags.ts'
import { checkGoal, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderFix } from '@whyslow/report/text/trials.ts'
import type { FixOptions } from '../commands/fix/options.ts'
import { type FlagsOf, isModule, optionsOf } from './flags.ts'
import { deliverLint } from './lint.ts'
import type { Surroundings } from './stages.ts'

type FixFlags = FlagsOf<'fix'>

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runFix(file: string, { dtype, ...typed }: FixFlags, around: Surroundings): Promise<void> {
  // --dtype of a generator is what --image-dtype was called before.
  const flags = { ...typed, ...(dtype === undefined ? {} : { imageDtype: typed.imageDtype ?? dtype }) }
  checkModel(file, flags)
  if (/\.onnx$/i.test(flags.out ?? '')) return repairQuantized(file, flags.out!, flags, around)
  const options = { ...stageOptions(file, flags), ...fixOptions(file, flags) }
  const report = await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'report document',
    run: async ({ fix }, { signal }, { listeners }) => (await fix(file, { ...options, ...listeners, signal })).report,
    text: (fixed) => `\n${renderFix(fixed, around.screen)}`,
  })
  // A dry run has tried nothing, so that it misses nothing.
  if (!flags.dryRun) checkGoal(flags.require, report.fix)
}

/** Flags that say how a folder is found. */
const OF_A_FOLDER = ['slo', 'only', 'shipEngines', 'dryRun', 'fixShapes', 'outputs'] as const
const OF_IMAGES = ['imageNormalize', 'imageLayout', 'imageDtype', 'imageSize', 'imageInput'] as const

/** A quantized model is repaired into a file: what repairs it is in the graph alone, and in no settings. */
async function repairQuantized(file: string, out: string, flags: FixFlags, around: Surroundings): Promise<void> {
  const unquantized = new UsageError(
    `fix: -o ${out} is the name of a model, and fix writes a folder, since settings are part of what it proves; give one, as in -o fast/`,
  )
  const isForFolder =
    [...OF_A_FOLDER, ...OF_IMAGES].some((key) => flags[key] !== undefined) || (flags.for ?? 'latency') !== 'latency'
  if (isForFolder) throw unquantized
  const document = await deliverLint(file, flags, around, { ...stageOptions(file, flags), repair: out, unquantized })
  const { repair } = document
  checkGoal(flags.require, repair?.proven ? { proven: true, speedup: repair.speedup!, speedupLow: repair.speedupLow! } : null)
}

/** Throws UsageError for a metric of generators. */
function stageOptions(file: string, flags: FixFlags) {
  const { metric } = flags
  if (metric === undefined) return optionsOf('fix', flags)
  if (isModule(metric))
    throw new UsageError(
      `fix: --metric ${metric} scores what a generator answers, and ${file} is none; give accuracy, mse or mae`,
    )
  return { ...optionsOf('fix', flags), metric }
}

/** An objective under load is held by one-threaded predictions side by side, or by one of many threads: remedies are tried on one thread. */
function goalOf({ for: goal, slo, threads }: FixFlags): Partial<FixOptions> {
  if (slo === undefined) {
    if (goal === 'slo') throw new UsageError("fix: --for slo: give the objective, as in --slo 'p99<20ms'")
    return goal === undefined ? {} : { goal }
  }
  if (goal !== undefined && goal !== 'slo' && goal !== 'latency')
    throw new UsageError(`fix: --slo ${slo} and --for ${goal} are two goals; give one of them`)
  return { goal: 'latency', threads: threads ?? 1 }
}

function fixOptions(file: string, flags: FixFlags): Partial<FixOptions> {
  const { imageInput: input, imageNormalize: normalize, imageLayout: layout, imageDtype: dtype, imageSize: resize } = flags
  return {
    quick: true,
    ...(flags.dryRun ? {} : { out: flags.out ?? freeDefaultFolder(file, flags.force) }),
    ...goalOf(flags),
    preprocessing: { input, normalize, layout, dtype, resize },
  }
}
