// Flags of the commands on servers, in the order of their help; rows that several commands share are in terminal/flags/rows.ts.
import { type FlagsIn, flag, inGroup, oneOf, optionsIn, showOnly } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'

export const flags = {
  load: showOnly(
    ['rate', 'slo', 'budget', 'goodput', 'concurrency', 'duration', 'body', 'workers', 'threads', ...row.DOCUMENT],
    [
      flag('--rate <list>', 'requests per second, a run for each; with --slo: the rate that must be reached', parse.rates, {
        name: 'rates',
      }),
      flag('--slo <objective>', "find the highest rate that holds it, as in 'p99<20ms'; exit code 3 if it is missed"),
      row.budget('with --slo: how long to search', '160s'),
      flag('--goodput <bounds>', "for streams: count requests per second that meet both limits, as in 'first<500ms,token<50ms'"),
      flag(
        '--concurrency <list>',
        'closed loop: clients that wait for their answers, a run for each; 1 if no load is stated',
        parse.batches,
        {
          name: 'clients',
          formerly: ['--clients'],
        },
      ),
      row.duration('how long each run lasts', 'as long as percentiles need'),
      flag('--arrivals <how>', 'poisson, constant, bursts, or a file of recorded arrivals', undefined, { usual: 'poisson' }),
      flag('--seed <n>', 'seed of the arrivals', parse.positiveInteger, { usual: '1' }),
      flag('--timeout <duration>', 'request timeout', parse.seconds, { name: 'timeoutSeconds', usual: '10s' }),
      ...inGroup('inputs', [
        row.body,
        row.header,
        row.httpMethod,
        flag(
          '--tokenizer <file>',
          'tokenizer.json or a GGUF file: counts tokens of streams whose server does not',
          parse.inputPath,
        ),
        flag('--protocol <name>', "for a URL; oip makes requests from the model's metadata", oneOf(['http', 'oip']), {
          usual: 'http',
        }),
      ]),
      ...row.inputs,
      row.batch,
      row.workers('parallel sessions of the server that is started for a model'),
      ...row.serving,
      flag('--no-alternatives', 'try no other set-ups of the server if requests wait'),
      ...row.output('the load document', 'the run'),
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
  serve: showOnly(
    ['port', 'host', 'name', 'workers', 'threads', 'engine', 'queueSize', 'maxBatch', 'batchDelay', 'deadline', 'grpcPort'],
    [
      flag('--port <n>', 'port to listen on; 0: one that is free', parse.portNumber, { default: 8000 }),
      flag('--host <address>', 'address to bind; 0.0.0.0 for all interfaces', String, { default: '127.0.0.1' }),
      flag('--grpc-port <n>', 'also serve gRPC on this port; needs the package @grpc/grpc-js', parse.portNumber),
      flag('--name <name>', 'what clients call the model', undefined, { usual: "the file's name" }),
      row.workers('parallel sessions'),
      ...row.serving,
      flag('--stuck-after <duration>', 'replace a worker whose prediction takes longer', parse.seconds, {
        name: 'stuckAfterSeconds',
        usual: '60s',
      }),
      flag('--body-limit <size>', 'largest request body', parse.memorySize, { name: 'mostBodyBytes', usual: '256MiB' }),
      flag(
        '--allow-host <name>',
        'a host name that a proxy on this machine may use; * allows any (repeatable)',
        parse.collectValues,
        {
          name: 'allowedHosts',
        },
      ),
      ...row.verbose,
    ],
  ),
}

/** The flags of a command, parsed. */
export type FlagsOf<Command extends keyof typeof flags> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)
