// Options of `load`.
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { Ceiling } from '../../load/audit.ts'
import type { PointPlan } from '../../load/measure.ts'
import { SETUP_DEFAULTS, type SetupOptions } from '../serve/serve.ts'

/** Options of a model's inputs, as WhyOptions has them; `batch` is of a request. */
type InputOptions = Pick<WhyOptions, 'shapes' | 'values' | 'data' | 'labels' | 'pictures' | 'batch'>

/** The set-up is that of the server that is started for a model. `batchWithinMs` null: the objective's bound, else the deadline. */
export interface LoadOptions extends InputOptions, SetupOptions {
  /** Requests a second; one run for each. */
  readonly rates: readonly number[]
  /** Closed loop: clients that send when they have their answer; one run for each. */
  readonly clients: readonly number[]
  /** poisson, constant, bursts or bursts:9, or a file of recorded arrivals. */
  readonly arrivals: string
  /** Duration of each run after its warm-up, seconds; null: as long as the percentiles take. */
  readonly seconds: number | null
  readonly seed: number
  /** As on the command line: 'p99<20ms'. null: nothing is searched for. */
  readonly slo: string | null
  /** What the search for it may take; null: 160 s, or as long as its runs take where `seconds` is told. */
  readonly budgetSeconds: number | null
  /** The first of the rates was seen to hold it: it is confirmed at once. */
  readonly isNear: boolean
  /** What the generator reaches here; null: it is measured. */
  readonly ceiling: Ceiling | null
  /** Bodies of requests, each drawn as often as the others: text, or @file. None: GET. */
  readonly bodies: readonly string[]
  readonly method: string | null
  /** 'Name: value' */
  readonly headers: readonly string[]
  /** After this long without an answer a request has failed, s. */
  readonly timeoutSeconds: number
  /** `oip`: requests are made of what the model's metadata say. A model's own server speaks it anyway. */
  readonly protocol: 'http' | 'oip'
  /** Bounds of both times of a stream, as on the command line: 'first<500ms,token<50ms'. null: none. */
  readonly goodput: string | null
  /** tokenizer.json or a GGUF file: counts the tokens of streams whose server does not. null: nobody counts them. */
  readonly tokenizer: string | null
  /** Opens it: the product that generates text knows tokenizers. */
  readonly openTokenizer?: (file: string) => Promise<(text: string) => number>
  /** Where requests wait, other set-ups of the server are tried, too. */
  readonly alternatives: boolean
  /** Variables for the process of that server, such as where an engine's library is. */
  readonly env: Readonly<Record<string, string>>
  /** Sends the requests of runs at a rate or of clients; absent: the generator, in real time. */
  readonly generate?: PointPlan['generate']
  /** Keeps others that measure away. */
  readonly trials: Pick<TrialRunner, 'alone' | 'machine'>
  readonly onProgress?: (progress: StageProgress) => void
  readonly signal?: AbortSignal
}

const { shapes, values, data, labels, pictures, batch } = DEFAULTS

export const LOAD_DEFAULTS: LoadOptions = {
  rates: [],
  clients: [],
  arrivals: 'poisson',
  seconds: null,
  seed: 1,
  slo: null,
  budgetSeconds: null,
  isNear: false,
  ceiling: null,
  bodies: [],
  method: null,
  headers: [],
  timeoutSeconds: 10,
  protocol: 'http',
  goodput: null,
  tokenizer: null,
  ...SETUP_DEFAULTS,
  alternatives: true,
  env: {},
  ...{ shapes, values, data, labels, pictures, batch },
  trials: localTrials,
}
