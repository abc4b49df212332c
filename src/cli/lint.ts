// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.
import { renderLint } from '../report/text/lint-text.ts'
import { openCommentary } from './commentary.ts'
import { documentOutput } from './document-output.ts'
import { checkModel } from './model-flags.ts'
import { type FlagsOf, optionsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'

/** Runs the command. Throws UsageError or InputError before anything is measured where input or paths cannot be used. */
export async function runLint(file: string, flags: FlagsOf<'lint'>, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const repair = repairedFile(flags)
  const output = documentOutput(flags, file)
  const commentary = openCommentary(screen, { progress: flags.progress, aloud: output.printsText })
  const { lint } = await load()
  const { onProgress, onTrial } = commentary.listeners
  const options = { ...optionsOf('lint', flags), repair, quick: true, onProgress, onTrial, signal }
  const found = await lint(file, options).finally(commentary.end)
  signal.throwIfAborted()
  const tried = found.repair !== null && found.repair.trials.length > 0
  const text = () => `${tried ? '\n' : ''}${renderLint(found, screen)}`
  await output.deliver(screen, { document: found, name: 'lint document', text })
}

/** null: nothing is repaired. */
function repairedFile({ repair, out }: FlagsOf<'lint'>): string | null {
  if (repair === true && out === undefined)
    throw new UsageError('lint --repair: give the file to write, as in --repair -o repaired.onnx')
  if (repair !== true && out !== undefined) throw new UsageError('lint -o: only --repair writes a model; add it, or leave -o out')
  return out ?? null
}
