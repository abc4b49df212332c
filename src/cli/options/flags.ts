// The flags of all commands, in the order of their help; rows that several commands share are in rows.ts.
import { calibrationMethods, goals, precisionMethods } from '../../commands/choices.ts'
import { type Flag, flag, inGroup, type Options, oneOf, optionsSet, own, showing, type Typed } from './flag.ts'
import * as parse from './option-values.ts'
import * as row from './rows.ts'

/** Groups that the help of most commands shows in full. */
const DOCUMENT = ['json', 'html', 'markdown'] as const
const bits = Object.assign((text: string) => Number(oneOf(['8', '4'])(text)) as 8 | 4, { choices: ['8', '4'] })
/** `slo` is what --slo says by itself. */
const goal = Object.assign((text: string) => (text === 'slo' ? text : oneOf(goals)(text)), { choices: goals })
const image = <F extends Flag>(flags: readonly F[]) => inGroup('inputs', flags)

export const flags = {
  why: showing(
    ['quick', 'duration', 'open', 'shape', 'data', 'batch', 'engine', 'threads', ...DOCUMENT, 'quiet'],
    [
      ...row.sampling('three processes instead of five, no sweeps'),
      row.open,
      row.save('the result'),
      own(flag('--save-evidence <file>', 'keep what was measured, for whyslow explain')),
      own(flag('--save-trace <file>', 'keep the profile as a trace that Perfetto and speedscope open')),
      ...row.model,
      ...row.report,
      row.roofline(),
    ],
  ),
  fix: showing(
    ['out', 'for', 'slo', 'maxLoss', 'budget', 'require', 'dryRun', 'shape', 'data', ...DOCUMENT],
    [
      ...row.out('-o, --out <dir>', 'folder to write', "replace a folder that is not whyslow's", 'MODEL-fast/'),
      own(flag('--for <goal>', 'what to improve', goal, { usual: 'latency; with --slo that objective' })),
      flag('--slo <objective>', "what the server must hold under load, as in 'p99<20ms'"),
      row.budget('how long to search; with --slo the server takes four times that in addition', '75s'),
      row.maxLoss('allow approximate remedies up to this loss', 'outputs stay equal up to rounding'),
      row.metric,
      row.requires,
      flag('--only <ids>', 'remedies to try, separated by commas', parse.list, { usual: 'all that fit', completes: 'remedies' }),
      flag('--ship-engines <ids>', 'engines that may be shipped, separated by commas', parse.list, {
        name: 'engines',
        formerly: ['--engines'],
        usual: 'all that are installed',
        completes: 'engines',
      }),
      flag('--dry-run', 'list what would be tried; try nothing'),
      flag('--fix-shapes', 'symbolic dimensions may be fixed to the shapes used'),
      flag('--outputs <names>', 'the only outputs to keep, separated by commas', parse.list, { usual: 'all' }),
      ...image([
        own(
          flag('--image-normalize <mean,std>', 'move this normalization into the model; or imagenet', undefined, {
            formerly: ['--normalize'],
          }),
        ),
        own(flag('--image-layout <nhwc>', 'images come with channels last', undefined, { formerly: ['--layout'] })),
        own(flag('--image-dtype <uint8>', 'images come as bytes', undefined, { formerly: ['--dtype'] })),
        own(flag('--image-size <HxW>', 'images come in this size; or free', undefined, { formerly: ['--resize'] })),
        own(
          flag('--image-input <name>', 'the input that takes the images', undefined, {
            formerly: ['--picture'],
            usual: 'the only one that can',
          }),
        ),
      ]),
      ...row.model,
      ...row.report,
    ],
  ),
  lint: showing(
    ['repair', 'out', 'maxLoss', 'duration', 'shape', 'data', 'engine', 'threads', ...DOCUMENT, 'quiet'],
    [
      own(flag('--repair', 'repair what can be repaired; keep only what is proven')),
      own(flag('-o, --out <file>', 'the repaired model to write', parse.outputPath)),
      flag('--force', 'replace a file that exists'),
      row.maxLoss('largest loss of outputs that a repair may cost', '0.01 of the decisions, a cosine of 0.995'),
      row.budget('how long to try repairs', '75s'),
      row.duration('how long to measure', '0.9s'),
      ...row.model,
      ...row.output('the lint document', 'the result'),
    ],
  ),
  compare: showing(
    ['runs', 'duration', 'quick', 'engines', 'threads', 'shape', 'data', 'batch', ...DOCUMENT, 'quiet'],
    [
      row.runs('fresh processes of each', '5', '3'),
      ...row.sampling('three runs instead of five, no profile, no sweeps', ['1.25s', '0.6s']),
      row.timeout('end a process that takes longer', '30s'),
      row.metric,
      row.save('the results'),
      row.engines('engines to measure one model on', 'all that are installed'),
      ...row.modelWith(row.batches, [row.engine]),
      ...row.output('the comparison document', 'the comparison'),
    ],
  ),
  pipeline: showing(
    ['data', 'call', 'python', 'duration', 'quick', 'timeout', 'explainGap', 'open', 'saveProfile', ...DOCUMENT],
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
      flag('--no-inner', 'leave the model that predict runs unmeasured'),
      own(flag('--explain-gap', 'why is the app slower than a benchmark? one difference at a time')),
      own(flag('--save-profile <file>', 'write the stacks: .speedscope.json, or collapsed as .txt')),
      ...row.report,
      row.open,
      row.lock,
      row.progress,
      ...row.verbose,
    ],
  ),
  watch: showing(
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
  quantize: showing(
    ['out', 'method', 'bits', 'maxLoss', 'budget', 'require', 'allowSynthetic', 'shape', 'data', ...DOCUMENT],
    [
      ...row.out(
        '-o, --out <path>',
        'folder to write, or name.onnx or name.tflite for the model alone',
        'replace what exists',
        'MODEL-fast/',
      ),
      own(flag('--method <name>', 'how to use fewer bits', oneOf([...precisionMethods, 'float16']), { usual: 'all that pay' })),
      own(
        flag('--bits <n>', 'bits of weights alone', bits, {
          usual: '8 or 4, the faster',
        }),
      ),
      own(
        flag('--calibration <name>', 'how ranges of activations are found', oneOf(calibrationMethods), {
          usual: 'minmax, and others if it loses too much',
        }),
      ),
      own(flag('--allow-synthetic', 'static int8 may take its ranges from synthetic inputs')),
      row.maxLoss('largest loss of the outputs', '0.01 of the decisions, a cosine of 0.995'),
      row.metric,
      row.budget('how long to search', '75s'),
      row.requires,
      ...row.model,
      ...row.report,
    ],
  ),
  convert: [
    ...row.out('-o, --out <file>', 'file to write: name.onnx, name.tflite or model.json', 'replace a file that exists'),
    flag('--allow-rounding', 'a tabular model of doubles as float32, for engines that know no other'),
    row.data('rows on which to count what rounding changes'),
    row.labels,
    row.signature,
    ...row.text('the convert document'),
    ...row.verbose,
  ],
  distill: [
    row.data('rows, labelled if possible, that the model was not trained on'),
    row.labels,
    ...row.out('-o, --out <folder>', 'folder to write: predict.mjs, without an engine', "replace a folder that is not whyslow's"),
    row.maxLoss('largest drop of the metric', '0.01'),
    ...row.output('the distill document', 'the result'),
    row.progress,
    ...row.verbose,
  ],
  load: showing(
    ['rate', 'slo', 'budget', 'concurrency', 'duration', 'body', 'workers', 'threads', 'maxBatch', ...DOCUMENT],
    [
      flag('--rate <list>', 'requests per second, a run for each; with --slo: the rate that must be reached', parse.rates, {
        name: 'rates',
      }),
      flag('--slo <objective>', "find the highest rate that holds it, as in 'p99<20ms'; exit code 3 if it is missed"),
      row.budget('with --slo: how long to search', '160s'),
      flag('--concurrency <list>', 'closed loop: clients that wait for their answers, a run for each', parse.batches, {
        name: 'clients',
        formerly: ['--clients'],
      }),
      row.duration('how long each run lasts', 'what percentiles take'),
      flag('--arrivals <how>', 'poisson, constant, bursts, or a file of recorded arrivals', undefined, { usual: 'poisson' }),
      flag('--seed <n>', 'seed of the arrivals', parse.positiveInteger, { usual: '1' }),
      flag('--timeout <duration>', 'request timeout', parse.seconds, { name: 'timeoutSeconds', usual: '10s' }),
      ...inGroup('inputs', [
        row.body,
        row.header,
        row.httpMethod,
        flag('--protocol <name>', "of a URL; oip makes requests from the model's metadata", oneOf(['http', 'oip']), {
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
  serve: showing(
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
      flag('--allow-host <name>', 'a host name that a proxy on this machine may use; *: any (repeatable)', parse.gathered, {
        name: 'allowedHosts',
      }),
      ...row.verbose,
    ],
  ),
  check: showing(
    [
      'baseline',
      'against',
      'failAbove',
      'percentile',
      'throughput',
      'runs',
      'duration',
      'quick',
      'data',
      'json',
      'markdown',
      'quiet',
    ],
    [
      flag('--baseline <model>', 'the model to compare with; both take turns', parse.inputPath),
      flag('--against <report>', 'or the report document of an earlier run, or a store', parse.inputPath),
      flag('--fail-above <ratio>', 'fail if the model is slower than the baseline by this factor', parse.ratio, { default: 1.1 }),
      flag('--percentile <p99>', 'judge this percentile of all predictions instead of the median', parse.percentile, {
        usual: 'p50, the median of processes',
      }),
      flag('--throughput', 'judge predictions per second instead of the median'),
      row.runs('most fresh processes of each', '12', '6'),
      ...row.sampling('three runs at least instead of five', ['1.25s', '0.75s']),
      flag('--allow-other-machine', 'compare with a report of another machine'),
      ...row.model,
      ...row.text('the check document'),
    ],
  ),
  history: [
    row.store("a fleet's results instead of the local history"),
    ...row.table('trial'),
    ...row.text('the history'),
    ...row.verbose,
  ],
  explain: [
    flag('--latency <duration>', 'of a trace: an unprofiled latency, to turn shares into times', parse.milliseconds, {
      name: 'latencyMs',
    }),
    own(flag('--machine <file>', 'of a trace: what whyslow doctor --json wrote on its machine, for lower bounds of times')),
    own(flag('--model <file>', 'of a trace: the model that was recorded, to join its nodes with the operators')),
    own(flag('--here <file>', 'with --model: what whyslow MODEL --json wrote on this machine, to compare with')),
    row.roofline('of evidence: '),
    ...row.report,
    ...row.verbose,
  ],
  view: [
    flag('--port <n>', 'port to listen on', parse.positiveInteger, { usual: 'one that is free' }),
    own(flag('--no-open', 'open no browser')),
    ...row.verbose,
  ],
  fleet: showing(
    ['engines', 'size', 'store', 'price', 'queue', 'duration', 'quick', 'data', 'batch', ...DOCUMENT],
    [
      ...row.sampling('three processes instead of five, no sweeps'),
      flag('--size <sizes>', 'height and width that models leave open: 224,320x240; for sequences the length', parse.sizes, {
        name: 'sizes',
      }),
      row.price,
      row.store('where to keep each report'),
      ...row.shared('queue of trials: measure on every kind of machine that takes from it', "the fleet's key"),
      own(
        flag('--only-machines <patterns>', 'machines to measure on, with *, separated by commas', parse.list, {
          formerly: ['--machines'],
          usual: 'all that take from the queue',
        }),
      ),
      own(flag('--priority <n>', 'what a queue gives out first: 1, before 9', parse.priority, { usual: '5' })),
      ...row.modelWith(row.batches, [row.engines('engines to measure each model on', 'ort-cpu alone', ['--engine'])]),
      ...row.output('the study document', 'the study'),
    ],
  ),
  agent: [
    ...row.shared('a Redis or Valkey, as redis://host:6379', "the fleet's key, which signs trials"),
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
  foretell: showing(
    ['machine', 'known', 'duration', 'quick', 'shape', 'data', 'batch', 'engine', 'threads', 'json', 'markdown', 'quiet'],
    [
      flag('--machine <file>', 'what whyslow doctor --json wrote on that machine'),
      flag('--known <files>', 'documents of machines that are known, separated by commas', parse.list),
      ...row.sampling('three processes instead of five, no sweeps'),
      ...row.model,
      ...row.text('the estimate document'),
    ],
  ),
  doctor: [
    ...row.jsonAlone('what was found'),
    row.refresh,
    row.threads('threads with which the peaks are measured'),
    ...row.places,
    row.lock,
    row.progress,
    ...row.verbose,
  ],
  demo: [
    flag('-o, --out <dir>', 'keep the model and what fix writes in this folder', undefined, { usual: 'nothing is kept' }),
    row.progress,
    ...row.verbose,
  ],
  completion: [...row.verbose],
  engines: [...row.places, ...row.jsonAlone('the list'), row.progress, ...row.verbose],
  mcp: [
    flag('--root <dir>', 'folder that paths of clients are confined to (repeatable)', parse.gathered, {
      usual: "the client's roots, else the current folder",
    }),
    ...row.places,
    ...row.verbose,
  ],
  machine: [
    row.refresh,
    row.threads('threads with which the peaks are measured'),
    row.ort('folder of the onnxruntime-node package whose kernels are used'),
    ...row.jsonAlone('the machine'),
    row.lock,
    row.progress,
    ...row.verbose,
  ],
}

export type CommandName = keyof typeof flags
type FlagOf<Command extends CommandName> = (typeof flags)[Command][number]
/** The flags of a command, parsed. */
export type FlagsOf<Command extends CommandName> = Typed<FlagOf<Command>>

/** What --explain-gap takes of the flags of `pipeline`. */
const gap = [row.data(''), row.call(''), row.python, row.quick(''), row.timeout('', '')]
export const gapOptions = (typed: FlagsOf<'pipeline'>) => optionsSet(gap, typed)

/** What was typed, as options of the command's stage. */
export const optionsOf = <Command extends CommandName>(command: Command, typed: FlagsOf<Command>): Options<FlagOf<Command>> =>
  optionsSet<FlagOf<Command>>(flags[command], typed)
