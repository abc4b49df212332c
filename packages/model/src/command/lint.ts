// `whyslow lint MODEL`: why is this quantized model not faster? Here: paths, files and what goes to the screen.

import { type DocumentFlags, measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import { renderLint } from '@whyslow/report/text/lint-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Stages, Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError before anything is measured where input or paths cannot be used. */
export async function runLint(file: string, flags: FlagsOf<'lint'>, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  await deliverLint(file, flags, around, { ...optionsOf('lint', flags), repair: repairedFile(flags) })
}

/** `unquantized`: what to throw for a model that is not quantized; absent: the document says so. */
export function deliverLint(
  file: string,
  flags: DocumentFlags & { readonly progress: boolean },
  around: Surroundings,
  { unquantized, ...options }: Parameters<Stages['lint']>[1] & { readonly unquantized?: Error },
): Promise<LintDocument> {
  return measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'lint document',
    async run({ lint }, listeners, { listeners: { onTrial } }) {
      const found = await lint(file, { ...options, quick: true, ...listeners, onTrial })
      if (unquantized !== undefined && found.measured === null) throw unquantized
      return found
    },
    text(found) {
      const tried = found.repair !== null && found.repair.trials.length > 0
      return `${tried ? '\n' : ''}${renderLint(found, around.screen)}`
    },
  })
}

/** `--repair`, the name before of `fix -o repaired.onnx`, works for one more version. null: nothing is repaired. */
function repairedFile({ repair, out }: FlagsOf<'lint'>): string | null {
  if (repair === true && out === undefined) throw new UsageError('lint only reads; to repair: whyslow fix MODEL -o repaired.onnx')
  if (repair !== true && out !== undefined) throw new UsageError(`lint only reads; to repair: whyslow fix MODEL -o ${out}`)
  return out ?? null
}
