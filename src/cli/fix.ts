// `whyslow fix MODEL`: tries the remedies, proves them, writes the folder. Here: paths, files and what goes to the screen.
import { goals } from '../commands/choices.ts'
import { renderFix } from '../report/text/trials.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { metricOf } from './metric.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { oneOf } from './options/one-of.ts'
import type { FixOptions, Surroundings } from './stages.ts'
import { checkGoal, UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface FixFlags extends ModelFlags {
  readonly out?: string
  readonly force?: boolean
  readonly for: string
  readonly slo?: string
  readonly budget?: number
  readonly only?: readonly string[]
  readonly engines?: readonly string[]
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
  readonly html?: string
  readonly markdown?: boolean
}

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed where --require is not reached. */
export async function runFix(file: string, flags: FixFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const own = fixOptions(flags)
  const output = documentOutput(flags, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const options = { ...modelOptions(flags), ...own, ...commentary.listeners, signal }
  const { fix } = await load()
  const { report } = await fix(file, options).finally(commentary.end)
  signal.throwIfAborted()
  await output.deliver(screen, { document: report, name: 'report document', text: () => `\n${renderFix(report, screen)}` })
  // A dry run has tried nothing, so that it misses nothing.
  if (!flags.dryRun) checkGoal(flags.require, report.fix)
}

/** An objective under load is held by one-threaded predictions side by side, or by one of many threads: remedies are tried on one thread. */
function goalOf({ for: goal, slo, threads }: FixFlags): Partial<FixOptions> {
  const asked = oneOf([...goals, 'slo'], goal, '--for')
  if (asked !== 'slo') {
    if (slo === undefined) return { goal: asked }
    throw new UsageError(`fix: --slo ${slo} is for --for slo; give both`)
  }
  if (slo === undefined) throw new UsageError("fix: --for slo: give the objective, as in --slo 'p99<20ms'")
  return { goal: 'latency', slo, threads: threads ?? 1 }
}

function fixOptions(flags: FixFlags): Partial<FixOptions> {
  if (flags.out === undefined && !flags.dryRun)
    throw new UsageError('fix: give the folder to write, as in -o fast/, or --dry-run to see what would be tried')
  if (/\.onnx$/i.test(flags.out ?? ''))
    throw new UsageError(
      `fix: -o ${flags.out} is the name of a model, and fix writes a folder, since settings are part of what it proves; give one, as in -o fast/`,
    )
  const { picture, normalize, layout, dtype, resize } = flags
  return {
    quick: true,
    out: flags.out ?? null,
    force: flags.force ?? false,
    only: flags.only ?? null,
    engines: flags.engines ?? null,
    dryRun: flags.dryRun ?? false,
    ...goalOf(flags),
    ...(flags.budget === undefined ? {} : { budgetSeconds: flags.budget }),
    maxLoss: flags.maxLoss ?? null,
    metric: metricOf(flags),
    fixShapes: flags.fixShapes ?? false,
    outputs: flags.outputs ?? null,
    preprocessing: { input: picture, normalize, layout, dtype, resize },
  }
}
