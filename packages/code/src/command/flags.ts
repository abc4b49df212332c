// Flags of the commands on the user's own code, in the order of their help; rows that several commands share are in terminal/flags/rows.ts.
import { type FlagsIn, flag, optionsIn, optionsSet, ownFlag, showOnly } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'

export const flags = {
  pipeline: showOnly(
    ['data', 'call', 'python', 'duration', 'quick', 'timeout', 'explainGap', 'open', 'saveProfile', ...row.DOCUMENT],
    [
      row.data('samples: json, jsonl, csv, txt, npy, npz, a folder of files', "the module's samples()"),
      row.call('the function to call: name, or module:name'),
      row.python,
      row.duration('how long to predict in each process', '2s', '0.7s'),
      row.quick('one timed process instead of three, shorter'),
      flag('--timeout <duration>', 'abort after this long without progress', parse.seconds, {
        name: 'stallSeconds',
        formerly: ['--limit'],
        usual: '60s',
      }),
      row.memoryLimit('end a process that takes more memory'),
      flag('--imports', 'time each import'),
      flag('--no-inner', 'do not measure the model that predict runs'),
      ownFlag(flag('--explain-gap', 'why is the app slower than a benchmark? one difference at a time')),
      ownFlag(flag('--save-profile <file>', 'write the stacks: .speedscope.json, or collapsed as .txt')),
      ...row.report,
      row.open,
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
  watch: showOnly(
    ['url', 'body', 'rate', 'duration', 'json'],
    [
      flag('--url <address>', 'send requests there once it listens', undefined, { usual: 'others send them' }),
      row.body,
      row.header,
      row.httpMethod,
      flag('--rate <n>', 'requests per second', (text) => parse.rates(text)[0]!, {
        name: 'ratePerSecond',
        usual: 'half of what one client gets',
      }),
      row.duration('how long to send or to watch', '10s with --url, else until the command ends'),
      flag('--start <duration>', 'how long the command may take until it listens', parse.seconds, {
        name: 'startSeconds',
        usual: '60s',
      }),
      ...row.jsonAlone('the watch document'),
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
  ab: [
    row.data('samples for both: npz, npy, json, jsonl, csv, txt, a folder of files', "the programs' samples()"),
    row.call('the function to call in both instead of predict'),
    row.python,
    flag('--runs <n>', 'pairs of fresh processes', parse.positiveInteger, {
      name: 'pairs',
      formerly: ['--pairs'],
      usual: '8; 5 with --quick',
    }),
    row.quick('five pairs instead of eight, shorter ones'),
    flag('--tolerance <x>', 'relative difference that counts as rounding', parse.fraction, { usual: "by the outputs' type" }),
    row.timeout('end a program whose answer takes longer', '5m'),
    ...row.output('the ab document', 'the result'),
    row.lock,
    row.progress,
    ...row.verbose,
  ],
}

/** The flags of a command, parsed. */
export type FlagsOf<Command extends keyof typeof flags> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)

/** What --explain-gap takes of the flags of `pipeline`. */
const gap = [row.data(''), row.call(''), row.python, row.quick(''), row.timeout('', '')]
export const gapOptions = (typed: FlagsOf<'pipeline'>) => optionsSet(gap, typed)
