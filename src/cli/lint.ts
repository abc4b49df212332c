// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.
import { renderLint } from '../report/text/lint-text.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface LintFlags extends ModelFlags {
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
  readonly repair?: boolean
  readonly out?: string
  readonly force?: boolean
  readonly maxLoss?: number
  readonly budget?: number
}

/** Runs the command. Throws UsageError or InputError before anything is measured where input or paths cannot be used. */
export async function runLint(file: string, flags: LintFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const own = repairOptions(flags)
  const output = documentOutput(flags, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const { lint } = await load()
  const { onProgress, onTrial } = commentary.listeners
  const options = { ...modelOptions(flags), ...own, quick: true, onProgress, onTrial, signal }
  const found = await lint(file, options).finally(commentary.end)
  signal.throwIfAborted()
  const tried = found.repair !== null && found.repair.trials.length > 0
  const text = () => `${tried ? '\n' : ''}${renderLint(found, screen)}`
  await output.deliver(screen, { document: found, name: 'lint document', text })
}

function repairOptions({ repair, out, force, maxLoss, budget }: LintFlags) {
  if (repair === true && out === undefined)
    throw new UsageError('lint --repair: give the file to write, as in --repair -o repaired.onnx')
  if (repair !== true && out !== undefined) throw new UsageError('lint -o: only --repair writes a model; add it, or leave -o out')
  return {
    repair: out ?? null,
    force: force ?? false,
    maxLoss: maxLoss ?? null,
    ...(budget === undefined ? {} : { budgetSeconds: budget }),
  }
}
