// `whyslow fleet estimate MODEL --machine FILE`: the latency on a machine of which only its description is known.
import { renderEstimate } from '../../report/text/foretold-text.ts'
import { measureAndDeliver } from '../../terminal/document-output.ts'
import { checkModel } from '../../terminal/model-flags.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError where the input or the paths cannot be used. */
export async function runForetell(file: string, flags: FlagsOf<'foretell'>, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  const { machine, known = [], ...options } = optionsOf('foretell', flags)
  if (machine === undefined)
    throw new UsageError('fleet estimate needs the other machine: give --machine with what whyslow doctor --json wrote there')
  await measureAndDeliver(flags, around, {
    inputs: [file, machine, ...known],
    name: 'foretold document',
    run: ({ foretell }, listeners) => foretell(file, { ...options, machine, known, ...listeners }),
    text: (document) => renderEstimate(document, around.screen),
  })
}
