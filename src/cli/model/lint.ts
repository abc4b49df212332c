// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.
import { renderLint } from '../../report/text/lint-text.ts'
import { measureAndDeliver } from '../../terminal/document-output.ts'
import { checkModel } from '../../terminal/model-flags.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError before anything is measured where input or paths cannot be used. */
export async function runLint(file: string, flags: FlagsOf<'lint'>, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  const options = { ...optionsOf('lint', flags), repair: repairedFile(flags), quick: true }
  await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'lint document',
    run: ({ lint }, listeners, { listeners: { onTrial } }) => lint(file, { ...options, ...listeners, onTrial }),
    text(found) {
      const tried = found.repair !== null && found.repair.trials.length > 0
      return `${tried ? '\n' : ''}${renderLint(found, around.screen)}`
    },
  })
}

/** null: nothing is repaired. */
function repairedFile({ repair, out }: FlagsOf<'lint'>): string | null {
  if (repair === true && out === undefined)
    throw new UsageError('lint --repair: give the file to write, as in --repair -o repaired.onnx')
  if (repair !== true && out !== undefined) throw new UsageError('lint -o: only --repair writes a model; add it, or leave -o out')
  return out ?? null
}
