// `whyslow convert MODEL`: the model in another format. Here: paths, files and what goes to the screen.
import { renderConvert } from '../report/text/convert-text.ts'
import { documentOutput } from './document-output.ts'
import { checkModel } from './model-flags.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface ConvertFlags {
  readonly out?: string
  readonly force?: boolean
  readonly allowRounding?: boolean
  readonly data?: string
  readonly labels?: string
  readonly signature?: string
  readonly json?: string
  readonly markdown?: boolean
}

/** Runs the command. Throws UsageError or InputError where input or paths cannot be used; nothing is written then. */
export async function runConvert(file: string, flags: ConvertFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, {})
  if (flags.out === undefined) throw new UsageError('convert: give the file to write, as in -o model.onnx')
  const output = documentOutput(flags, file)
  const { convert } = await load()
  const converted = await convert(file, {
    out: flags.out,
    force: flags.force ?? false,
    signal,
    allowRounding: flags.allowRounding ?? false,
    data: flags.data ?? null,
    labels: flags.labels ?? null,
    signature: flags.signature ?? null,
  })
  signal.throwIfAborted()
  await output.deliver(screen, { document: converted, name: 'convert document', text: () => renderConvert(converted) })
}
