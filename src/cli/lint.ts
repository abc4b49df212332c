// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.
import { renderLint } from '../report/lint.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { checkFolder, checkTarget, writeTarget } from './write-file.ts'

/** The options of the command, parsed. */
export interface LintFlags extends ModelFlags {
  readonly json?: string
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
  const json = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', file)
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
  const progress = openProgress(screen, flags.progress)
  const { lint } = await load()
  const found = await lint(file, { ...modelOptions(flags), quick: true, onProgress: progress.show, signal }).finally(
    progress.clear,
  )
  signal.throwIfAborted()
  const text = `${JSON.stringify(found, null, 2)}\n`
  if (json !== undefined) writeTarget(json, text, '--json')
  await screen.print(flags.json === '-' ? text : renderLint(found, screen))
  if (json !== undefined) screen.say(`whyslow: wrote lint document: ${flags.json}\n`)
}
