// `whyslow foretell MODEL --machine FILE`: the latency on a machine of which only its description is known.
import { renderForetold } from '../../report/text/foretold-text.ts'
import { documentOutput } from '../document-output.ts'
import { checkModel, type ModelFlags, modelOptions } from '../model-flags.ts'
import { openProgress } from '../progress.ts'
import type { Surroundings } from '../stages.ts'
import { UsageError } from '../usage-error.ts'

export interface ForetellFlags extends ModelFlags {
  readonly machine?: string
  readonly known?: readonly string[]
  readonly json?: string
  readonly markdown?: boolean
}

/** Throws UsageError or InputError where the input or the paths cannot be used. */
export async function runForetell(file: string, flags: ForetellFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const { machine, known = [] } = flags
  if (machine === undefined)
    throw new UsageError('foretell needs the other machine: give --machine with what whyslow machine --json wrote there')
  const output = documentOutput(flags, file)
  const progress = openProgress(screen, flags.progress)
  const { foretell } = await load()
  const options = { ...modelOptions(flags), machine, known, onProgress: progress.show, signal }
  const document = await foretell(file, options).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'foretold document', text: () => renderForetold(document, screen) })
}
