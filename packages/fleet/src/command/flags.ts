// Flags of the commands on many models and machines, in the order of their help; rows that several commands share are in terminal/flags/rows.ts.
import { type FlagsIn, flag, optionsIn, ownFlag, showOnly } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'

export const flags = {
  history: [
    row.store("a fleet's results instead of the local history"),
    ...row.table('trial'),
    ...row.textOutput('the history'),
    ...row.verbose,
  ],
  fleet: showOnly(
    ['engines', 'size', 'store', 'price', 'queue', 'duration', 'quick', 'data', 'batch', ...row.DOCUMENT],
    [
      ...row.sampling('three processes instead of five, no sweeps'),
      flag('--size <sizes>', 'height and width that models leave open: 224,320x240; for sequences the length', parse.sizes, {
        name: 'sizes',
      }),
      row.price,
      row.store('where to keep each report'),
      ...row.queueFlags('queue of trials: measure on every kind of machine that takes from it', "the fleet's key"),
      ownFlag(
        flag('--only-machines <patterns>', 'machines to measure on, with *, separated by commas', parse.list, {
          formerly: ['--machines'],
          usual: 'all that serve the queue',
        }),
      ),
      ownFlag(flag('--priority <n>', 'order in the queue: 1 comes before 9', parse.priority, { usual: '5' })),
      ...row.modelWith(row.batches, [row.engines('engines to measure each model on', 'ort-cpu alone', ['--engine'])]),
      ...row.output('the study document', 'the study'),
    ],
  ),
  agent: [
    ...row.queueFlags('Redis or Valkey, as in redis://host:6379', "the fleet's key, which signs trials"),
    row.store('where to keep each report'),
    row.lock,
    ...row.verbose,
  ],
  study: [
    row.store('kept results to read'),
    ...row.table('cell'),
    row.price,
    flag('--reference <machine>', 'machine that speed-ups are relative to, by its class or id'),
    ...row.output('the study document', 'the study'),
    ...row.verbose,
  ],
  foretell: showOnly(
    ['machine', 'known', 'duration', 'quick', 'shape', 'data', 'batch', 'engine', 'threads', 'json', 'markdown', 'quiet'],
    [
      flag('--machine <file>', 'what whyslow doctor --json wrote on that machine'),
      flag('--known <files>', 'documents of machines that are known, separated by commas', parse.list),
      ...row.sampling('three processes instead of five, no sweeps'),
      ...row.model,
      ...row.textOutput('the estimate document'),
    ],
  ),
}

/** The flags of a command, parsed. */
export type FlagsOf<Command extends keyof typeof flags> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)
