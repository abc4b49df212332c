// The flags of all commands, in the order of their help. What several commands share is a constant or a group, written once.
// `flag`: sets an option of the command's stage. `own`: the command line acts upon it.
import { calibrationMethods, goals, precisionMethods } from '../../commands/choices.ts'
import { type Flag, flag, group, type Options, oneOf, optionsSet, own, type Typed } from '../../terminal/flags/flag.ts'
import * as parse from '../../terminal/flags/option-values.ts'

const json = (what: string) => own(flag('--json <file>', `write ${what}; - is standard output`))
const html = (what: string) => own(flag('--html <file>', `write ${what} as a page: one file, opens anywhere`))
const markdown = own(flag('--markdown', 'print it as Markdown, for a pull request'))
/** For documents that no page draws yet. */
const text = (document: string) => [json(document), markdown] as const
const output = (document: string, page: string) => [json(document), html(page), markdown] as const
const report = output('the report document', 'the report')
const table = (line: string) =>
  [
    own(flag('--csv <file>', `write the table as CSV, a line a ${line}`)),
    own(flag('--parquet <file>', 'the same as Parquet')),
  ] as const
const open = own(flag('--open', 'show the page in a browser, with progress while it measures'))
const roofline = (of = '') => own(flag('--roofline', `${of}draw the roofline in characters`))
const save = (what: string) => own(flag('--save', `keep ${what} in the local history`))

const progress = own(flag('--no-progress', 'show no progress'))
/** `program.ts` acts on it. */
const lock = own(flag('--no-lock', 'do not wait for other measurements on this machine'))
type CacheUse = 'use' | 'refresh' | 'off'
const refresh = flag('--refresh', 'measure the roofs again', (): CacheUse => 'refresh', { name: 'cache' })
const noCache = flag('--no-cache', 'neither read nor write the cache of roofs', (): CacheUse => 'off', {
  default: 'use',
  excludes: 'refresh',
})
const memoryLimit = (what: string) => flag('--memory-limit <size>', what, parse.memorySize, { name: 'memoryLimitBytes' })
const quick = (what: string) => flag('--quick', what)
const seconds = (what: string) => flag('--seconds <duration>', what, parse.seconds)
const sampling = (what: string) => [seconds('how long to measure'), quick(what)] as const
const rounds = (what: string) => flag('--rounds <n>', what, parse.positiveInteger)
const limit = (what: string) => flag('--limit <duration>', what, parse.seconds, { name: 'limitSeconds' })
const budget = (what: string) => flag('--budget <duration>', what, parse.seconds, { name: 'budgetSeconds' })

const out = <const W extends string>(words: W, what: string, replaces: string) =>
  [flag(words, what), flag('--force', replaces)] as const
const maxLoss = (what: string) => flag('--max-loss <x>', what, parse.fraction)
const metric = flag('--metric <name>', 'accuracy, mse or mae, for labelled --data', oneOf(['accuracy', 'mse', 'mae']))
const requires = own(flag('--require <2x>', 'the speed-up that must be proven: the lower end of its interval', parse.ratio))
const engines = (what: string) => flag('--engines <ids>', `${what}, separated by commas`, parse.list)

const data = (what: string) => flag('--data <path>', what)
const call = (what: string) => flag('--call <function>', what)
const python = flag('--python <path>', 'the interpreter, or its environment')

const batch = flag('--batch <n>', 'samples per prediction', parse.positiveInteger)
const batches = flag('--batch <sizes>', 'samples per prediction; several, separated by commas', parse.batches, {
  name: 'batches',
})
const inputs = [
  flag('--shape <name=1x3x224x224>', "an input's shape (repeatable)", parse.shapes, { name: 'shapes' }),
  flag('--value <name=v>', "an input's value (repeatable)", parse.assignments, { name: 'values' }),
  data('inputs: npz, npy, csv, json, wav, a folder of samples or images, a test_data_set folder'),
  flag('--labels <name>', 'the array of --data that holds the labels'),
  flag('--pictures <how>', 'how image bytes become values, as in imagenet or bgr,mean=104/117/123'),
] as const
const signature = flag('--signature <name>', 'which signature of a .tflite file to read')
const threads = (whose: string) => flag('--threads <n>', whose, parse.positiveInteger)
const engine = flag('--engine <id>', 'what runs the model (default: ort-cpu)')
/** Where engines are taken from. */
const places = [
  flag('--ort <path>', "the folder of the engine's package"),
  flag('--browser <path>', 'the Chromium that browser engines run in'),
  flag('--openvino <path>', "the folder of OpenVINO's libraries"),
  flag('--litert <path>', "the folder of LiteRT's library"),
  flag('--python <path>', 'the Python whose packages are searched for engines'),
] as const
const levels = ['disabled', 'basic', 'extended', 'all'] as const

const modelWith = <B extends Flag>(several: B) => [
  ...group('Inputs:', [...inputs, several, signature, flag('--save-inputs <dir>', 'keep the inputs that were used')]),
  ...group('Engine:', [
    threads("the engine's threads"),
    engine,
    ...places,
    flag('--graph-optimization <level>', `the engine's graph optimization: ${levels.join(', ')}`, oneOf(levels), {
      default: 'all',
    }),
    flag('--config <key=value>', "an entry of the engine's session configuration (repeatable)", parse.entries, {
      name: 'configEntries',
    }),
  ]),
  ...group('Measurement:', [noCache, refresh, memoryLimit('end a measurement that takes more memory'), lock, progress]),
]
/** What every command takes that measures a model. */
const model = modelWith(batch)

/** A server's queue, in front of its workers. */
const serving = [
  threads("each worker's threads"),
  engine,
  flag('--queue <n>', 'requests that may wait; more are refused with 503', parse.positiveInteger),
  flag('--max-batch <n>', 'merge waiting requests into batches of up to n rows; auto measures n (default: 1)', parse.rowsOrAuto),
  flag('--batch-delay <duration>', 'how long to wait for a batch to fill (default: 0)', parse.milliseconds, {
    name: 'batchDelayMs',
  }),
  flag('--deadline <duration>', 'a request that takes longer is refused with 504', parse.seconds, { name: 'deadlineSeconds' }),
] as const
const workers = (what: string) => flag('--workers <n>', `${what} (default: a CPU each)`, parse.positiveInteger)

const price = flag('--price <what=x>', 'what an hour of a machine costs, by its class or id (repeatable)', parse.prices, {
  name: 'prices',
})
const store = (what: string) => flag('--store <where>', what)
/** How the machines of a fleet find each other. */
const shared = (queue: string, machines: string, key: string) =>
  [
    own(flag('--queue <url>', queue)),
    own(flag('--models <dir>', `the folder that all ${machines} see, or s3://bucket/prefix`)),
    own(flag('--key-file <file>', key)),
  ] as const

export const flags = {
  why: [
    ...report,
    ...model,
    ...sampling('three processes instead of five, no sweeps'),
    open,
    roofline(),
    save('the result'),
    own(flag('--save-evidence <file>', 'keep what was measured, for whyslow explain')),
    own(flag('--save-trace <file>', 'the profile as a trace that Perfetto and speedscope open')),
  ],
  fix: [
    ...out('-o, --out <dir>', 'the folder to write', "replace a folder that is not whyslow's"),
    own(flag('--for <goal>', `${goals.join(', ')} or slo`, oneOf([...goals, 'slo']), { default: 'latency' })),
    flag('--slo <objective>', "with --for slo: what the server must hold, as in 'p99<20ms'"),
    budget('how long to search; with --for slo the server takes four times that on top'),
    flag('--only <ids>', 'remedies to try, separated by commas', parse.list),
    engines('engines that may be shipped'),
    flag('--dry-run', 'name what would be tried; try nothing'),
    maxLoss('allow approximate remedies up to this loss'),
    metric,
    requires,
    flag('--fix-shapes', 'symbolic dimensions may be fixed to the shapes used'),
    flag('--outputs <names>', 'the only outputs to keep, separated by commas', parse.list),
    own(flag('--normalize <mean,std>', 'move this normalization into the model; or imagenet')),
    own(flag('--layout <nhwc>', 'images come with channels last')),
    own(flag('--dtype <uint8>', 'images come as bytes')),
    own(flag('--resize <HxW>', 'images come in this size; or free')),
    own(flag('--picture <input>', 'the input that takes the images')),
    ...report,
    ...model,
  ],
  lint: [
    own(flag('--repair', 'repair what can be repaired; kept only if it is proven')),
    own(flag('-o, --out <file>', 'the repaired model to write')),
    flag('--force', 'replace a file that exists'),
    maxLoss('largest loss of outputs that a repair may cost'),
    budget('how long to try repairs'),
    ...output('the lint document', 'the result'),
    ...model,
    seconds('how long to measure'),
  ],
  compare: [
    engines('engines to measure one model on'),
    rounds('fresh processes of each'),
    limit('how long one process may take'),
    metric,
    save('the results'),
    ...output('the comparison document', 'the comparison'),
    ...modelWith(batches),
    ...sampling('three rounds instead of five, no profile, no sweeps'),
  ],
  pipeline: [
    data('samples: json, jsonl, csv, txt, npy, npz, a folder of files'),
    call('the function to call: name, or module:name'),
    python,
    seconds('how long to predict in each process'),
    quick('one timed process instead of three, shorter'),
    flag('--limit <duration>', 'treat it as hung after this long without progress', parse.seconds, { name: 'stallSeconds' }),
    memoryLimit('end a process that takes more memory'),
    flag('--imports', 'time each import'),
    flag('--no-inner', 'leave the model that predict runs unmeasured'),
    own(flag('--explain-gap', 'why is the app slower than a benchmark? one difference at a time')),
    own(flag('--save-profile <file>', 'write the stacks: .speedscope.json, or collapsed as .txt')),
    ...report,
    open,
    lock,
    progress,
  ],
  ab: [
    data('samples for both: npz, npy, json, jsonl, csv, txt, a folder of files'),
    call('the function to call in both, in place of predict'),
    python,
    flag('--pairs <n>', 'pairs of fresh processes', parse.positiveInteger),
    quick('five pairs instead of eight, shorter ones'),
    flag('--tolerance <x>', 'relative difference of numbers that is rounding', parse.fraction),
    limit('how long one answer of a program may take'),
    ...output('the ab document', 'the result'),
    lock,
    progress,
  ],
  quantize: [
    ...out('-o, --out <path>', 'the folder to write, or name.onnx or name.tflite for the model alone', 'replace what is there'),
    own(
      flag(
        '--method <name>',
        'dynamic, static, weights or float16 (default: all that pay)',
        oneOf([...precisionMethods, 'float16']),
      ),
    ),
    own(flag('--bits <n>', 'of weights alone: 8 or 4 (default: the faster)', (text) => Number(oneOf(['8', '4'])(text)) as 8 | 4)),
    own(flag('--calibration <name>', 'minmax, moving-average, percentile, entropy or mse', oneOf(calibrationMethods))),
    own(flag('--allow-synthetic', 'static int8 may take its ranges from made-up inputs')),
    maxLoss('largest loss of the outputs'),
    metric,
    budget('how long to judge'),
    requires,
    ...report,
    ...model,
  ],
  convert: [
    ...out('-o, --out <file>', 'the file to write: name.onnx, name.tflite or model.json', 'replace a file that exists'),
    flag('--allow-rounding', 'a tabular model of doubles as float32, for engines that know no other'),
    data('rows on which what rounding changes is counted'),
    flag('--labels <name>', 'the labels in them'),
    signature,
    ...text('the convert document'),
  ],
  distill: [
    data('rows, labelled if possible, that the model was not trained on'),
    flag('--labels <name>', 'the column or array of --data with the labels'),
    ...out('-o, --out <folder>', 'the folder to write: predict.mjs without an engine', "replace a folder that is not whyslow's"),
    maxLoss('largest drop of the metric (default: 0.01)'),
    ...output('the distill document', 'the result'),
    progress,
  ],
  load: [
    flag('--rate <list>', 'requests a second, a run for each', parse.rates, { name: 'rates' }),
    flag('--slo <objective>', "find the highest rate that holds it, as in 'p99<20ms'"),
    budget('with --slo: how long to search (default: 160s)'),
    flag('--clients <list>', 'closed loop: clients that wait for their answers', parse.batches),
    flag('--arrivals <how>', 'poisson (default), constant, bursts, or a file of recorded arrivals'),
    seconds('how long each run lasts (default: what percentiles take)'),
    flag('--seed <n>', 'seed of the arrivals (default: 1)', parse.positiveInteger),
    flag('--body <text>', 'request body; @file reads it (repeatable: drawn at random)', parse.gathered, { name: 'bodies' }),
    flag('--header <line>', "request header, as in 'Authorization: Bearer …' (repeatable)", parse.gathered, { name: 'headers' }),
    flag('--method <name>', 'HTTP method (default: POST with a body, else GET)'),
    flag('--timeout <duration>', 'a request without an answer after this long has failed (default: 10s)', parse.seconds, {
      name: 'timeoutSeconds',
    }),
    flag(
      '--protocol <name>',
      "of an address: http (default); oip makes requests from the model's metadata",
      oneOf(['http', 'oip']),
    ),
    ...group('Inputs:', [...inputs, batch]),
    ...group('The server that is started for a model:', [workers('parallel sessions'), ...serving]),
    flag('--no-alternatives', 'try no other set-ups of the server if requests wait'),
    ...output('the load document', 'the run'),
    lock,
    progress,
  ],
  serve: [
    flag('--port <n>', 'the port to listen on; 0: one that is free', parse.portNumber, { default: 8000 }),
    flag('--grpc-port <n>', 'also serve gRPC on this port; needs the package @grpc/grpc-js', parse.portNumber),
    flag('--host <address>', 'the address to bind; 0.0.0.0 for all interfaces', String, { default: '127.0.0.1' }),
    workers('parallel sessions'),
    flag('--name <name>', "what clients call the model (default: the file's name)"),
    ...serving,
    flag('--stuck-after <duration>', 'replace a worker whose prediction takes longer (default: 60s)', parse.seconds, {
      name: 'stuckAfterSeconds',
    }),
    flag('--body-limit <size>', 'largest request body (default: 256MiB)', parse.memorySize, { name: 'mostBodyBytes' }),
    flag('--allow-host <name>', 'a host name that a proxy on this machine may use; *: any (repeatable)', parse.gathered, {
      name: 'allowedHosts',
    }),
  ],
  check: [
    flag('--baseline <model>', 'the model to compare with, in turns'),
    flag('--against <report>', 'or the report document of an earlier run, or a store'),
    flag('--fail-above <ratio>', 'fail if it is slower than the baseline by this factor', parse.ratio, { default: 1.1 }),
    rounds('most fresh processes of each'),
    flag('--allow-other-machine', 'take a report of another machine'),
    ...text('the check document'),
    ...model,
    ...sampling('three rounds at least instead of five'),
  ],
  history: [store('of a fleet: a SQLite file or a PostgreSQL'), ...table('trial'), ...text('it as JSON')],
  explain: [
    flag('--latency <duration>', 'of a trace: an unprofiled latency, to turn shares into times', parse.milliseconds, {
      name: 'latencyMs',
    }),
    own(flag('--machine <file>', 'of a trace: what whyslow machine --json wrote where it was recorded, for floors')),
    own(flag('--model <file>', 'of a trace: the model that was recorded; its nodes are joined with the operators')),
    own(flag('--here <file>', 'with --model: what whyslow MODEL --json wrote on this machine, to compare with')),
    roofline('of evidence: '),
    ...report,
  ],
  view: [
    flag('--port <n>', 'the port to listen on (default: one that is free)', parse.positiveInteger),
    own(flag('--no-open', 'open no browser')),
  ],
  fleet: [
    engines('engines to measure each on'),
    flag('--size <sizes>', 'height and width that models leave open: 224,320x240; of sequences the length', parse.sizes, {
      name: 'sizes',
    }),
    price,
    ...shared('on every kind of machine that takes trials from this queue', 'of them', "the fleet's key"),
    own(flag('--machines <patterns>', 'those of them to measure on, with *, separated by commas', parse.list)),
    own(flag('--priority <n>', 'what a queue gives out first: 1, before 9 (default: 5)', parse.priority)),
    store('keep each report: a SQLite file or a PostgreSQL'),
    ...output('the study document', 'the study'),
    ...modelWith(batches),
    ...sampling('three processes instead of five, no sweeps'),
  ],
  agent: [
    ...shared('a Redis or Valkey, as redis://host:6379', 'machines', "the fleet's key, which signs trials"),
    store('keep each report: a PostgreSQL or a SQLite file'),
    lock,
  ],
  study: [
    store('what was kept: a PostgreSQL or a SQLite file'),
    ...table('cell'),
    price,
    flag('--reference <machine>', 'the machine that speed-ups are to, by its class or id'),
    ...output('the study document', 'the study'),
  ],
  foretell: [
    flag('--machine <file>', 'what whyslow machine --json wrote on that machine'),
    flag('--known <files>', 'documents of machines that are known, separated by commas', parse.list),
    ...text('the foretold document'),
    ...model,
    ...sampling('three processes instead of five, no sweeps'),
  ],
  engines: [json('them as JSON'), ...places, progress],
  machine: [
    json('them as JSON'),
    refresh,
    threads('thread count at which the roofs are measured'),
    flag('--ort <path>', 'the onnxruntime-node package whose kernels are used'),
    lock,
    progress,
  ],
}

export type CommandName = keyof typeof flags
type FlagOf<Command extends CommandName> = (typeof flags)[Command][number]
/** The flags of a command, parsed. */
export type FlagsOf<Command extends CommandName> = Typed<FlagOf<Command>>

/** What --explain-gap takes of the flags of `pipeline`. */
const gap = [data(''), call(''), python, quick(''), limit('')]
export const gapOptions = (typed: FlagsOf<'pipeline'>) => optionsSet(gap, typed)

/** What was typed, as options of the command's stage. */
export const optionsOf = <Command extends CommandName>(command: Command, typed: FlagsOf<Command>): Options<FlagOf<Command>> =>
  optionsSet<FlagOf<Command>>(flags[command], typed)
