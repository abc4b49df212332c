// `whyslow machine`: facts and measured roofs of this computer.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { renderMachine } from '@whyslow/report/text/machine-text.ts'
import { type FlagsOf, optionsOf } from '../options/flags.ts'
import type { Surroundings } from '../stages.ts'

/** Runs the command; `--json` writes the machine part of a report document and the engine that gave the roofs. */
export async function runMachine(flags: FlagsOf<'machine'>, around: Surroundings): Promise<void> {
  await measureAndDeliver(flags, around, {
    inputs: [],
    name: 'machine',
    run: ({ describeMachine }, listeners) => describeMachine({ ...optionsOf('machine', flags), ...listeners }),
    text: (machine) => renderMachine(machine, around.screen),
  })
}
