// Rows that several commands share, each written once. `flag`: sets an option of the command's stage. `own`: the command line acts upon it.
import { type Flag, flag, inGroup, oneOf, ownFlag } from './flag.ts'
import * as parse from './option-values.ts'

const QUICK_ALSO = (usual: string, quick: string) => `${usual}; ${quick} with --quick`

/** What a document is written as, by its flags' keys: most helps show them in full. */
export const DOCUMENT = ['json', 'html', 'markdown'] as const
const json = (what: string) => ownFlag(flag('--json [file]', `write ${what} as JSON; without a file to standard output`))
const html = (what: string) => ownFlag(flag('--html [file]', `write ${what} as a page that needs no other file`))
const markdown = ownFlag(flag('--markdown [file]', 'write it as Markdown, for a pull request'))
const quiet = ownFlag(flag('-q, --quiet', 'print only the answer, in one sentence; no progress, no notes'))
/** `program.ts` acts on it. */
export const verbose = inGroup('advanced', [
  ownFlag(flag('-v, --verbose', 'print each step with its time, and the stack of an error')),
])
/** What is sent to a server. */
export const body = flag('--body <text>', 'request body; @file reads it (repeatable: drawn at random)', parse.collectValues, {
  name: 'bodies',
})
export const header = flag(
  '--header <line>',
  "request header, as in 'Authorization: Bearer …' (repeatable)",
  parse.collectValues,
  {
    name: 'headers',
  },
)
export const httpMethod = flag('--http-method <name>', 'HTTP method', undefined, {
  name: 'method',
  formerly: ['--method'],
  usual: 'POST with a body, else GET',
})
/** For documents that no page draws yet. */
export const textOutput = (document: string) => inGroup('output', [json(document), markdown, quiet])
export const output = (document: string, page: string) => inGroup('output', [json(document), html(page), markdown, quiet])
export const report = output('the report document', 'the report')
export const jsonAlone = (what: string) => inGroup('output', [json(what), quiet])
export const table = (line: string) =>
  inGroup('output', [
    ownFlag(flag('--csv <file>', `write the table as CSV, one line per ${line}`)),
    ownFlag(flag('--parquet <file>', 'write the table as Parquet')),
  ])
export const open = ownFlag(flag('--open', 'show the page in a browser, with progress while it measures'))
export const roofline = (of = '') =>
  ownFlag(flag('--roofline', `${of}draw the roofline in characters`, undefined, { group: 'output' }))
export const save = (what: string) => ownFlag(flag('--save', `keep ${what} in the local history`))

export const progress = ownFlag(flag('--no-progress', 'show no progress', undefined, { group: 'advanced' }))
/** `program.ts` acts on it. */
export const lock = ownFlag(
  flag('--no-lock', 'do not wait for other measurements on this machine', undefined, { group: 'advanced' }),
)
type CacheUse = 'use' | 'refresh' | 'off'
export const refresh = flag('--refresh', 'measure again instead of reading the cache', (): CacheUse => 'refresh', {
  name: 'cache',
})
const noCache = flag('--no-cache', 'neither read nor write the cache of measured peaks and trials', (): CacheUse => 'off', {
  default: 'use',
  excludes: 'refresh',
})
export const memoryLimit = (what: string) =>
  flag('--memory-limit <size>', what, parse.memorySize, { name: 'memoryLimitBytes', usual: '90% of what the machine has' })
export const quick = (what: string) => flag('--quick', what)
export const duration = (what: string, usual: string, quickUsual?: string) =>
  flag('--duration <duration>', what, parse.seconds, {
    name: 'seconds',
    formerly: ['--seconds'],
    usual: quickUsual === undefined ? usual : QUICK_ALSO(usual, quickUsual),
  })
export const sampling = (what: string, usual: readonly [string, string] = ['2.5s', '0.9s']) =>
  [duration('how long to measure', ...usual), quick(what)] as const
export const runs = (what: string, usual: string, quickUsual: string) =>
  flag('--runs <n>', what, parse.positiveInteger, {
    name: 'rounds',
    formerly: ['--rounds'],
    usual: QUICK_ALSO(usual, quickUsual),
  })
export const timeout = (what: string, usual: string) =>
  flag('--timeout <duration>', what, parse.seconds, { name: 'limitSeconds', formerly: ['--limit'], usual })
export const budget = (what: string, usual: string) =>
  flag('--budget <duration>', what, parse.seconds, { name: 'budgetSeconds', usual })

export const outputFlags = <const W extends string>(words: W, what: string, replaces: string, usual?: string) =>
  [flag(words, what, parse.outputPath, usual === undefined ? {} : { usual }), flag('--force', replaces)] as const
export const maxLoss = (what: string, usual: string) => flag('--max-loss <x>', what, parse.fraction, { usual })
export const metricName = oneOf(['accuracy', 'mse', 'mae'])
export const metric = flag('--metric <name>', 'how labelled --data is scored', metricName, {
  usual: 'chosen by the labels',
})
export const requires = ownFlag(
  flag('--require <2x>', 'speed-up that must be proven: the lower end of its interval; else exit code 3', parse.ratio),
)
export const engines = (what: string, usual: string, formerly: readonly string[] = []) =>
  flag('--engines <ids>', `${what}, separated by commas`, parse.list, { group: 'engine', usual, formerly, completes: 'engines' })

export const data = (what: string, usual?: string) =>
  flag('--data <path>', what, parse.inputPath, { group: 'inputs', ...(usual === undefined ? {} : { usual }) })
export const labels = flag('--labels <name>', 'the column or array of --data with the labels', undefined, { group: 'inputs' })
export const call = (what: string) => flag('--call <function>', what)
export const python = flag('--python <path>', 'Python interpreter, or its virtual environment', undefined, {
  usual: "the active environment's",
})

export const batch = flag('--batch <n>', 'samples per prediction', parse.positiveInteger, {
  group: 'inputs',
  usual: 'as in the inputs',
})
export const batches = flag('--batch <sizes>', 'samples per prediction; several, separated by commas', parse.batches, {
  group: 'inputs',
  name: 'batches',
  usual: 'as in the inputs',
})
export const inputs = inGroup('inputs', [
  flag('--shape <name=1x3x224x224>', "an input's shape (repeatable)", parse.shapes, {
    name: 'shapes',
    usual: 'as the model declares it, 1 for open dimensions',
  }),
  flag('--value <name=v>', "an input's value, as in sr=16000 (repeatable)", parse.assignments, { name: 'values' }),
  data('inputs: npz, npy, csv, json, wav, a folder of samples or images, a test_data_set folder', 'synthetic inputs'),
  labels,
  flag('--image-preprocessing <how>', 'for image files in --data: imagenet, or bgr,mean=104/117/123', undefined, {
    name: 'pictures',
    formerly: ['--pictures'],
    usual: "the model's preprocessor_config.json, else values from 0 to 1",
  }),
])
export const signature = flag('--signature <name>', 'which signature of a .tflite file to use', undefined, {
  group: 'inputs',
  usual: 'serving_default, or the only one',
})
export const threads = (whose: string, usual = "the engine's choice") =>
  flag('--threads <n>', whose, parse.positiveInteger, { group: 'engine', usual })
export const engine = flag('--engine <id>', 'what runs the model; whyslow doctor lists the ids', undefined, {
  group: 'engine',
  usual: 'ort-cpu, ONNX Runtime on the CPU',
  completes: 'engines',
})
export const ort = (what: string) => flag('--ort <path>', what, undefined, { group: 'engine', usual: "the current folder's" })
/** Where engines are taken from. */
export const places = inGroup('engine', [
  ort('folder of the onnxruntime-node package to measure'),
  flag('--browser <path>', 'Chromium that browser engines run in', undefined, { usual: 'the one that is installed' }),
  flag('--openvino <path>', "folder of OpenVINO's libraries", undefined, { usual: 'where it is installed' }),
  flag('--litert <path>', "folder of LiteRT's library", undefined, { usual: 'where it is installed' }),
  flag('--python <path>', 'Python interpreter or virtual environment to search for engines', undefined, {
    usual: "the active environment's",
  }),
])
const levels = ['disabled', 'basic', 'extended', 'all'] as const
export const sessionConfig = flag(
  '--session-config <key=value>',
  "an entry of the engine's session configuration (repeatable)",
  parse.entries,
  { group: 'engine', name: 'configEntries', formerly: ['--config'] },
)

/** `engineRows`: which engine is measured, if the command measures one. */
export const modelWith = <B extends Flag, E extends Flag>(several: B, engineRows: readonly E[]) => [
  ...inputs,
  several,
  signature,
  flag('--save-inputs <dir>', 'keep the inputs that were used', undefined, { group: 'inputs' }),
  ...engineRows,
  threads("the engine's threads"),
  ...places,
  flag('--graph-optimization <level>', "the engine's graph optimization", oneOf(levels), { group: 'engine', default: 'all' }),
  sessionConfig,
  ...inGroup('advanced', [noCache, refresh, memoryLimit('end a measurement that takes more memory')]),
  lock,
  progress,
  ...verbose,
]
/** What every command takes that measures a model. */
export const model = modelWith(batch, [engine])

/** A server's queue, in front of its workers. */
export const serving = [
  ...inGroup('engine', [
    threads("each worker's threads", 'the CPUs divided among the workers'),
    engine,
    flag('--max-batch <n>', 'dynamic batching: most rows per batch; auto measures what is faster', parse.rowsOrAuto, {
      usual: '1',
    }),
    flag('--batch-delay <duration>', 'dynamic batching: how long to wait for a batch to fill', parse.milliseconds, {
      name: 'batchDelayMs',
      usual: '0',
    }),
  ]),
  flag('--queue-size <n>', 'requests that may wait; more are refused with 503', parse.positiveInteger, {
    name: 'queue',
    formerly: ['--queue'],
    usual: '32 per worker, or two batches',
  }),
  flag('--deadline <duration>', 'refuse requests that take longer, with 504', parse.seconds, {
    name: 'deadlineSeconds',
    usual: 'none',
  }),
] as const
export const workers = (what: string) =>
  flag('--workers <n>', what, parse.positiveInteger, { group: 'engine', usual: 'one per CPU' })

export const price = flag('--price <what=x>', 'what an hour of a machine costs, by its class or id (repeatable)', parse.prices, {
  name: 'prices',
})
export const store = (what: string) => flag('--store <where>', `${what}: a SQLite file, or the address of a PostgreSQL database`)
/** How the machines of a fleet find each other. */
export const queueFlags = (queue: string, key: string) =>
  [
    ownFlag(flag('--queue <url>', queue, undefined, { usual: 'WHYSLOW_QUEUE' })),
    ownFlag(
      flag('--shared-models <where>', 'folder that all machines of the fleet see, or s3://bucket/prefix', undefined, {
        formerly: ['--models'],
        usual: 'WHYSLOW_FLEET_MODELS',
      }),
    ),
    ownFlag(flag('--key-file <file>', key, undefined, { usual: 'WHYSLOW_FLEET_KEY' })),
  ] as const
