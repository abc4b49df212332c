// `whyslow convert MODEL`: the model in another format. Here: paths, files and what goes to the screen.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderConvert } from '@whyslow/report/text/convert-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError if input or paths cannot be used; nothing is written then. */
export async function runConvert(file: string, flags: FlagsOf<'convert'>, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, {})
  const { out, ...options } = optionsOf('convert', flags)
  if (out === undefined) throw new UsageError('convert: give the file to write, as in -o model.onnx')
  const output = documentOutput(flags, [file])
  const { convert } = await load()
  const converted = await convert(file, { force: false, ...options, out, signal })
  signal.throwIfAborted()
  await output.deliver(screen, { document: converted, name: 'convert document', text: () => renderConvert(converted) })
}
