// Flags of the commands on text generation, in the order of their help; rows that several commands share are in terminal/flags/rows.ts.
import { type FlagsIn, flag, inGroup, optionsIn, showOnly } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'

export const flags = {
  embed: showOnly(
    ['texts', 'batch', 'maxTokens', 'threads', 'dtype', 'quick', ...row.DOCUMENT],
    [
      ...inGroup('inputs', [
        flag('--texts <file>', 'your own texts: one per line, a JSON array, or JSON lines', parse.inputPath, {
          usual: 'made-up ones, of one sentence to sixteen',
        }),
        flag('--batch <n>', 'size of the largest batch, in texts', parse.positiveInteger, { usual: '32' }),
        flag('--max-tokens <n>', 'cut longer texts to this many tokens', parse.positiveInteger, {
          usual: "as the model's files say",
        }),
      ]),
      row.quick('three processes instead of five, and fewer texts'),
      ...inGroup('engine', [
        row.threads("the engine's threads"),
        flag('--dtype <name>', 'which weights of a folder that has several, as in q8', undefined, {
          usual: 'fp32, else the first',
        }),
      ]),
      row.memoryLimit('end a measurement that takes more memory'),
      ...row.output('the embedding document', 'the result'),
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
  generate: showOnly(
    ['promptTokens', 'newTokens', 'prompts', 'engine', 'threads', 'quick', ...row.DOCUMENT],
    [
      flag('--prompt-tokens <n>', 'tokens of each made-up prompt', parse.positiveInteger, { usual: '256' }),
      flag('--new-tokens <n>', 'tokens that each call generates', parse.positiveInteger, { usual: '64' }),
      flag('--prompts <file>', 'your own prompts: one per line, a JSON array, or JSON lines', parse.inputPath, {
        group: 'inputs',
        usual: 'made-up ones, all different',
      }),
      row.quick('three processes instead of five, and fewer points of each curve'),
      ...inGroup('engine', [
        flag('--engine <id>', 'the engine that generates; whyslow lists the engines if it does not know the name', undefined, {
          usual: 'the first that opens the model',
        }),
        row.threads("the engine's threads"),
        flag('--prefill-threads <n>', 'threads for the prompt', parse.positiveInteger, { usual: 'those of --threads' }),
        flag('--dtype <name>', 'which weights of a folder that has several, as in q4', undefined, {
          usual: "the engine's choice",
        }),
        row.python,
      ]),
      flag('--most-requests <n>', 'most requests to send to an address', parse.positiveInteger, { usual: '40' }),
      row.memoryLimit('end a measurement that takes more memory'),
      ...row.output('the generation document', 'the result'),
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
}

/** The flags of a command, parsed. */
export type FlagsOf<Command extends keyof typeof flags> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)
