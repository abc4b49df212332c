// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.
import picocolors from 'picocolors'
import { renderLint } from '../report/lint.ts'
import { type TrialRow, trialLines } from '../report/trials.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder, checkTarget, writeTarget } from './write-file.ts'

/** The options of the command, parsed. */
export interface LintFlags extends ModelFlags {
  readonly json?: string
  readonly repair?: boolean
  readonly out?: string
  readonly force?: boolean
  readonly maxLoss?: number
  readonly budget?: number
}

/** Runs the command. Throws UsageError or InputError before anything is measured where input or paths cannot be used. */
export async function runLint(
  file: string,
  flags: LintFlags,
  screen: Screen,
  signal: AbortSignal,
  load: () => Promise<Stages>,
): Promise<void> {
  checkModel(file, flags)
  const own = repairOptions(flags)
  const json = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', file)
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
  const progress = openProgress(screen, flags.progress)
  const colours = picocolors.createColors(screen.colour)
  let said = Promise.resolve()
  const onTrial = (trial: TrialRow) => {
    if (flags.json === '-') return
    progress.clear()
    said = said.then(() => screen.print(`${trialLines(trial, screen.width, colours).join('\n')}\n`))
  }
  const { lint } = await load()
  const options = { ...modelOptions(flags), ...own, quick: true, onProgress: progress.show, onTrial, signal }
  const found = await lint(file, options).finally(progress.clear)
  signal.throwIfAborted()
  await said
  const text = `${JSON.stringify(found, null, 2)}\n`
  if (json !== undefined) writeTarget(json, text, '--json')
  const tried = found.repair !== null && found.repair.trials.length > 0
  await screen.print(flags.json === '-' ? text : `${tried ? '\n' : ''}${renderLint(found, screen)}`)
  if (json !== undefined) screen.say(`whyslow: wrote lint document: ${flags.json}\n`)
}

function repairOptions({ repair, out, force, maxLoss, budget }: LintFlags) {
  if (repair === true && out === undefined)
    throw new UsageError('lint --repair: give the file to write, as in --repair -o mended.onnx')
  if (repair !== true && out !== undefined) throw new UsageError('lint -o: only --repair writes a model; add it, or leave -o out')
  return {
    repair: out ?? null,
    force: force ?? false,
    maxLoss: maxLoss ?? null,
    ...(budget === undefined ? {} : { budgetSeconds: budget }),
  }
}
