// `whyslow fix service.py`: a Python program and the models that it runs. Here: what was typed, and what goes to the screen.
import { type DocumentFlags, measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { missingFile } from '@whyslow/command/terminal/missing-file.ts'
import { checkPlaces, defaultFolder } from '@whyslow/command/terminal/model-flags.ts'
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import type { Loudness } from '@whyslow/command/terminal/progress.ts'
import { checkGoal, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderAb } from '@whyslow/report/text/ab-text.ts'
import type { Surroundings } from './stages.ts'

/** Those flags of `fix` that a program knows, as they were parsed. */
export interface ProgramFixFlags extends DocumentFlags, Loudness {
  readonly out?: string
  readonly force?: boolean
  readonly budget?: number
  readonly maxLoss?: number
  readonly require?: number
  readonly python?: string
  readonly threads?: number
  readonly memoryLimit?: number
  readonly data?: string
  readonly timeout?: number
}

/** What of `fix` is for a model alone. */
const OF_A_MODEL = [
  ...[
    'for',
    'slo',
    'metric',
    'only',
    'shipEngines',
    'dryRun',
    'fixShapes',
    'outputs',
    'prompts',
    'shape',
    'labels',
    'batch',
    'engine',
  ],
  ...['imageNormalize', 'imageLayout', 'imageDtype', 'imageSize', 'imageInput'],
] as const

const PROGRAM = /^(.+\.pyw?)(:[\w.]+)?$/i

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed if --require is not reached. */
export async function runFixProgram(
  [given, ...words]: readonly [string, ...string[]],
  flags: ProgramFixFlags,
  around: Surroundings,
): Promise<void> {
  const file = stateOf(given) === undefined ? PROGRAM.exec(given)![1]! : given
  if (stateOf(file) === undefined)
    throw new UsageError(missingFile(file, '; give the path of a program, as in: whyslow fix service.py'))
  checkPlaces(flags)
  checkFlags(file, flags)
  const { force = false, budget = null, maxLoss = null, threads = null, data = null, python = null, memoryLimit = null } = flags
  const options = {
    ...{ force, maxLoss, threads, data, python, arguments: words },
    ...(flags.timeout !== undefined && { limitSeconds: flags.timeout }),
    budgetSeconds: budget,
    memoryLimitBytes: memoryLimit,
    // Python imports it by its name.
    out: flags.out ?? defaultFolder(file).replace(/\W/g, '_'),
  }
  const document = await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'ab document',
    run: ({ fixProgram }, { signal }, { listeners: { onProgress, onPlan, onTrial } }) =>
      fixProgram(given, { ...options, onProgress, onPlan, onTrial, signal }),
    text: (fixed) => `\n${renderAb(fixed, around.screen)}`,
  })
  const { fix, ratio, ratioHigh } = document
  checkGoal(flags.require, { proven: fix?.shipped != null, speedup: 1 / ratio, speedupLow: 1 / ratioHigh })
}

function checkFlags(file: string, flags: ProgramFixFlags): void {
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(flags))
  const foreign = OF_A_MODEL.find((key) => given.get(key) !== undefined && given.get(key) !== false)
  if (foreign === undefined) return
  const flag = `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw new UsageError(`fix: ${flag} is for a model, and ${file} is a program that runs models; leave it out`)
}
