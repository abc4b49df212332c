// `whyslow fix MODEL`: tries the remedies, proves them, writes the folder. Here: paths, files and what goes to the screen.
import picocolors from 'picocolors'
import { renderJson } from '../report/json.ts'
import { renderFix, trialLines } from '../report/trials.ts'
import { wrap } from '../report/wrap.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { oneOf } from './one-of.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { FixOptions, Stages } from './stages.ts'
import { GoalMissed, UsageError } from './usage-error.ts'
import { checkFolder, checkTarget, writeTarget } from './write-file.ts'

/** The options of the command, parsed. */
export interface FixFlags extends ModelFlags {
  readonly out?: string
  readonly force?: boolean
  readonly for: string
  readonly budget?: number
  readonly only?: readonly string[]
  readonly dryRun?: boolean
  readonly maxLoss?: number
  readonly metric?: string
  readonly require?: number
  readonly fixShapes?: boolean
  readonly outputs?: readonly string[]
  readonly normalize?: string
  readonly layout?: string
  readonly dtype?: string
  readonly resize?: string
  readonly picture?: string
  readonly json?: string
}

const goals = ['latency', 'throughput', 'load-time', 'memory', 'size'] as const
const metrics = ['accuracy', 'mse', 'mae'] as const

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runFix(
  file: string,
  flags: FixFlags,
  screen: Screen,
  signal: AbortSignal,
  load: () => Promise<Stages>,
): Promise<void> {
  checkModel(file, flags)
  const own = fixOptions(flags)
  const json = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', file)
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
  const progress = openProgress(screen, flags.progress)
  const colours = picocolors.createColors(screen.colour)
  const toStdout = flags.json !== '-'
  let said = Promise.resolve()
  const options = {
    ...modelOptions(flags),
    ...own,
    onProgress: progress.show,
    signal,
    onTrial: (trial: Parameters<NonNullable<FixOptions['onTrial']>>[0]) => {
      if (!toStdout) return
      progress.clear()
      said = said.then(() => screen.print(`${trialLines(trial, screen.width, colours).join('\n')}\n`))
    },
    onDiagnosis: (sentence: string) => {
      if (!toStdout) return
      progress.clear()
      said = said.then(() => screen.print(`${wrap(sentence, screen.width).join('\n')}\n\n`))
    },
  }
  const { fix } = await load()
  const { report } = await fix(file, options).finally(progress.clear)
  signal.throwIfAborted()
  await said
  if (json !== undefined) writeTarget(json, renderJson(report), '--json')
  await screen.print(toStdout ? `\n${renderFix(report, screen)}` : renderJson(report))
  if (json !== undefined) screen.say(`whyslow: wrote report document: ${flags.json}\n`)
  checkGoal(flags, report.fix?.proven ? report.fix.speedup : 1)
}

/** A dry run has tried nothing, so that it misses nothing. */
function checkGoal({ require, dryRun }: FixFlags, reached: number): void {
  if (require === undefined || dryRun || reached >= require) return
  throw new GoalMissed(`--require ${require}x: not reached, the best proven is ${reached.toFixed(2)}x`)
}

function fixOptions(flags: FixFlags): Partial<FixOptions> {
  if (flags.out === undefined && !flags.dryRun)
    throw new UsageError('fix: give the folder to write, as in -o fast/, or --dry-run to see what would be tried')
  const { picture, normalize, layout, dtype, resize } = flags
  return {
    quick: true,
    out: flags.out ?? null,
    force: flags.force ?? false,
    only: flags.only ?? null,
    dryRun: flags.dryRun ?? false,
    goal: oneOf(goals, flags.for, '--for'),
    ...(flags.budget === undefined ? {} : { budgetSeconds: flags.budget }),
    maxLoss: flags.maxLoss ?? null,
    metric: flags.metric === undefined ? null : oneOf(metrics, flags.metric, '--metric'),
    fixShapes: flags.fixShapes ?? false,
    outputs: flags.outputs ?? null,
    preprocessing: { input: picture, normalize, layout, dtype, resize },
  }
}
