// What `whyslow load --json` writes, version 1: a public contract. Latencies are in milliseconds, from the instant that a request was
// scheduled for to the last byte of its answer. What is not known is null, and `reasons` says why.

import type { LoadAudit } from './load-audit.ts'
import type { LoadStreams } from './load-streams.ts'

export interface LoadDocument {
  readonly schema: 'whyslow-load/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly target: LoadTarget
  readonly arrivals: LoadArrivals
  readonly machine: {
    readonly cpu: string
    readonly usableCpus: number
    readonly quotaCpus: number | null
    readonly node: string
  }
  /** One for each rate (or number of clients), in the order in which they were requested; of a search, in the order of rates. */
  readonly points: readonly LoadPoint[]
  /** The highest rate that holds the objective; null: none was requested, or none holds it. */
  readonly found: LoadFound | null
  /** What was searched for, and each run of it; null if nothing was. */
  readonly search: LoadSearch | null
  readonly audit: LoadAudit
  readonly findings: readonly LoadFinding[]
  /** Rules that found nothing, that had nothing to be about, and that could not tell. Absent in documents from before they were given. */
  readonly clear?: readonly string[]
  readonly doesNotApply?: readonly string[]
  readonly notChecked?: readonly { readonly rule: string; readonly reason: string }[]
  /** The set-up of the server under test, where it is this program's own. */
  readonly setup: LoadSetup | null
  /** Other set-ups of it, at a rate at which requests wait; absent in documents from before they were tried. */
  readonly alternatives?: readonly LoadAlternative[]
  /** The requests of the command with raw tensors instead of text, where text costs more than the prediction; absent: not tried. */
  readonly rawTensors?: LoadBeside
  readonly warnings: readonly string[]
}

export interface LoadTarget {
  readonly kind: 'http' | 'model'
  /** The address without a password, or the file. */
  readonly name: string
  /** `oip`: requests are made of what the model's metadata say (Open Inference Protocol v2). */
  readonly protocol: 'http' | 'oip'
  /** What the protocol goes over; absent: HTTP/1.1. */
  readonly transport?: 'grpc'
  readonly method: string | null
  readonly bodyBytes: number | null
  /** Different bodies that requests draw from. */
  readonly bodies: number | null
  /** Latency of the request that was sent beforehand, ms; its status. */
  readonly first: { readonly latencyMs: number; readonly status: number } | null
  /** For a model: its inputs; null if the bodies were given. */
  readonly inputs: LoadInputs | null
}

export interface LoadInputs {
  readonly source: 'synthetic' | 'data'
  /** Tensors of the first sample. */
  readonly tensors: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[]
  /** Whether tensors go as raw bytes (binary extension), and not as JSON. */
  readonly binary: boolean
}

export interface LoadArrivals {
  /** `closed`: clients that send when they have their answer; their latencies start when they send. */
  readonly kind: 'poisson' | 'constant' | 'bursts' | 'trace' | 'closed'
  readonly seed: number
  /** Squared coefficient of variation of the gaps, where they are random. */
  readonly burstiness: number | null
  readonly trace: string | null
}

export interface LoadPoint {
  /** null in a closed loop. */
  readonly offeredPerSecond: number | null
  readonly clients: number | null
  /** Good answers a second, over the measured part of the run. */
  readonly achievedPerSecond: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly seed: number
  /** Scheduled in the measured part; the other counts are of them. */
  readonly requests: number
  readonly answered: number
  /** Mean over requests that were answered; those without a good answer count as slower than all others in the percentiles. */
  readonly meanMs: number | null
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly p999Ms: number | null
  readonly maxMs: number | null
  /** 95 %, of blocks of the run; high null: the run does not say how high. */
  readonly intervals: LoadIntervals
  /** Why a number above is null, by its name. */
  readonly reasons: Readonly<Record<string, string>>
  /** The server does not keep up: latencies say only how long the run was. */
  readonly saturated: boolean
  readonly saturation: LoadSaturation | null
  /** null: the run is too short to say, or the generator did not keep up. Absent in documents from before it was told. */
  readonly keepsUp?: boolean | null
  /** Requests without a good answer, whatever the reason: those that follow, and answers with another status. */
  readonly errors: number
  readonly timedOut: number
  /** Refused for load: 429, 503, and 504, a deadline that passed before. */
  readonly shed: number
  /** No connection, one that broke, an answer that is no HTTP, a stream that reported an error. */
  readonly failed: number
  /** Never sent, since as many were outstanding as this process may have connections. */
  readonly unsent: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Sent once more on a new connection, since an idle one was closed by the server. */
  readonly repeated: number
  readonly outstanding: {
    readonly mean: number
    readonly most: number
    readonly atEnd: number
    readonly series: readonly number[]
  }
  readonly parts: LoadParts | null
  /** How late the generator sent, ms. */
  readonly lag: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number; readonly lateShare: number }
  /** How much of each given number is that lateness, ms, keyed by its name: it would be this much lower. Absent in older documents. */
  readonly addedMs?: Readonly<Record<string, number>>
  /**
   * What the generator did to this run, absent in documents from before it was told. `sends-late`: numbers that its lateness touches are
   * left out. `falls-behind`: its schedule ran away from it; `beyond-ceiling`: it does not reach that rate here. Nothing is known of the
   * server from these two: no latency is given, and it is not called saturated.
   */
  readonly generatorLimit?: 'sends-late' | 'falls-behind' | 'beyond-ceiling' | null
  /** Whether the percentile of an objective held. */
  readonly held: boolean | null
  /** What this program's own server counted over the run, its warm-up included; null of another. */
  readonly server: LoadServerFacts | null
  /** What another server counted over the run (Triton's statistics); absent: it keeps none, did not tell them, or began anew meanwhile. */
  readonly statistics?: LoadStatistics
  /** Laws that hold for every queue, checked; absent in documents from before they were. */
  readonly laws?: readonly LoadLaw[]
  /** What queueing theory says of the wait, of this program's own server; null: no formula is for it. */
  readonly theory?: LoadTheory | null
  /** When text came, if answers are streams; absent: they are not, or the document is from before they were read. */
  readonly streams?: LoadStreams
  /** Answers whose rest came a delayed acknowledgement after their first bytes; absent: too few, streams, or an older document. */
  readonly heldBack?: LoadHeldBack
}

export interface LoadHeldBack {
  /** Share of the good answers. */
  readonly share: number
  /** Mean time from their first bytes to their last, ms. */
  readonly meanMs: number
}

/** Two numbers that were come by in different ways; where they differ, one of them is wrong. */
export interface LoadLaw {
  /**
   * `little`: outstanding requests, and rate times time. `flow`: requests that were scheduled, and that ended. `utilisation`: how busy
   * workers are, by what clients are told and by their own count. `throughput-bound`: answers a second of a closed loop, and what
   * workers that are never idle give at most.
   */
  readonly law: 'little' | 'flow' | 'utilisation' | 'throughput-bound'
  readonly expected: number
  readonly measured: number
  readonly unit: string
  readonly ok: boolean
}

/** A closed form from two measured numbers, compared with what was measured under load. */
export interface LoadTheory {
  /**
   * Formula of the law. It uses the service's mean and variation in the same run; for batches (`Inoue`) it gives a bound, from the costs of a row
   * and of a prediction.
   */
  readonly formula: 'Allen-Cunneen' | 'Inoue'
  readonly utilisation: number
  /** How long a request's prediction holds a worker on average under this load, and its squared coefficient of variation. */
  readonly serviceMs: number
  readonly variation: number
  /** Mean time in the queue by the formula, and as it was measured. */
  readonly waitMs: number
  readonly measuredWaitMs: number
}

export interface LoadServerFacts {
  /** Requests that were predicted together, on average over predictions. */
  readonly meanTogether: number
  /** Share of the time in which its main thread, which speaks HTTP, was busy. */
  readonly eventLoopShare: number
  /** The longest that its event loop was held up, ms. */
  readonly eventLoopLongestMs: number
  /** Share of the time in which its main thread collected garbage. */
  readonly collectionShare: number
  readonly collectionLongestMs: number
  /** Workers that ended and were started again. */
  readonly workerRestarts: number
  /** For how long workers were held, over requests that were answered, ms; null: none was. */
  readonly workerMsPerRequest?: number | null
}

/** Means that a server told of its own, over all that it answered during the run, its warm-up and other clients' requests included. */
export interface LoadStatistics {
  readonly requests: number
  /** Rows of a call of the model. */
  readonly rowsTogether: number
  /** Until a call of the model began, its wait for others to join included. */
  readonly queueMs: number
  readonly inputMs: number
  readonly inferMs: number
  readonly outputMs: number
}

export interface LoadIntervals {
  readonly meanMs: LoadInterval | null
  readonly p50Ms: LoadInterval | null
  readonly p90Ms: LoadInterval | null
  readonly p95Ms: LoadInterval | null
  readonly p99Ms: LoadInterval | null
  readonly p999Ms: LoadInterval | null
}

export interface LoadInterval {
  readonly low: number
  readonly high: number | null
}

export interface LoadSaturation {
  readonly reason: 'backlog-grows' | 'sheds' | 'times-out' | 'too-many-outstanding'
  /** How much the queue grew per second over the run. */
  readonly backlogPerSecond: number
  readonly backlogAtEnd: number
}

/** Means in ms over requests with a good answer: parts of each add up to its latency, and so do these. */
export interface LoadParts {
  /** What the parts are, in the order of time. */
  readonly names: readonly string[]
  /** 'measured' by this program; 'told' by the server (Server-Timing). */
  readonly basis: readonly ('measured' | 'told')[]
  readonly all: LoadPartMeans
  /** The slowest hundredth. */
  readonly slowest: LoadPartMeans
  /** The fifth around the median. */
  readonly typical: LoadPartMeans
  /** Squared coefficient of variation of each part over all requests. */
  readonly variation: readonly number[]
}

export interface LoadPartMeans {
  readonly requests: number
  readonly latencyMs: number
  readonly partsMs: readonly number[]
}

export interface LoadFound {
  readonly ratePerSecond: number
  /** The interval of the rate. */
  readonly low: number
  readonly high: number
  /** Confirming runs at this rate, whose requests together hold the objective. */
  readonly confirmed: number
  /**
   * The server does at least this rate: the search ended (`search.ended`) before a rate above it failed. `high` is then the least rate
   * above of which nothing is known. Absent: a rate above failed.
   */
  readonly atLeast?: boolean
}

export interface LoadSearch {
  /** As it was given: 'p99<20ms'. */
  readonly objective: string
  /** Results of each run; the runs of one rate are judged together. */
  readonly runs: readonly LoadSearchRun[]
  readonly confirmingRuns: number
  /** The lowest rate above the one found that had confirming runs, and in how many of them the objective held. */
  readonly above: { readonly ratePerSecond: number; readonly runs: number; readonly held: number } | null
  readonly ended: string
  /** It ended before it could say whether the objective holds at any rate. Absent: it could. */
  readonly undecided?: boolean
  /** Where longer runs would tell: of this many seconds; null: of how many is not known. Absent: their length is not why it ended. */
  readonly longerSeconds?: number | null
}

export interface LoadSearchRun {
  readonly stage: 'alone' | 'bracket' | 'bisect' | 'confirm' | 'above'
  readonly ratePerSecond: number | null
  readonly seed: number
  readonly requests: number
  /** Requests over the objective's bound or without a good answer. */
  readonly over: number
  readonly valueMs: number | null
  readonly saturated: boolean
  readonly held: boolean
  /** The generator was late, so that the run says nothing of the server; absent: it was not. */
  readonly generatorLate?: boolean
}

export interface LoadFinding {
  readonly rule: string
  /** Absent in documents from before it was given, as is `timeMs`. */
  readonly area?: 'architecture' | 'hardware' | 'software'
  readonly title: string
  readonly detail: string
  /** Time that it is about, ms: of a request. */
  readonly timeMs?: number
  /** What would be saved of the mean latency of the slowest hundredth, ms; 0: a note; null: nobody knows, `savingUnknown` says why. */
  readonly wouldSaveMs: number | null
  readonly savingUnknown?: string
  readonly basis: 'measured' | 'modelled'
  readonly facts: readonly { readonly name: string; readonly value: number; readonly unit: string }[]
}

/** This program's own server, in a process of its own. */
export interface LoadSetup {
  /** null: a folder's own. */
  readonly engine: string | null
  readonly workers: number
  /** null: as a folder's own options say. */
  readonly threadsPerWorker: number | null
  /** Requests that may wait. */
  readonly queueLimit: number
  /** Rows that requests are joined to where they wait anyway; 1: each is predicted by itself. */
  readonly maxBatch: number
  /** Rows that are joined of fewer requests than make a whole batch. */
  readonly fewRows?: number
  /** How long the first request of an incomplete batch waits for others; absent in documents from before it could. */
  readonly batchDelayMs?: number
  /** What predictions of this many rows took before the server was ready, where it chose by that; null: it did not. */
  readonly batchCosts?: readonly { readonly rows: number; readonly ms: number }[] | null
  /** What fits them best: a row more costs `perRowMs`, a prediction of whatever rows `fixedMs` in addition. */
  readonly batchLine?: { readonly perRowMs: number; readonly fixedMs: number } | null
  /** Why an automatic choice joins none; null if it does, or the rows were told. */
  readonly whyAlone?: string | null
  readonly deadlineMs: number | null
  /** Whether idle threads of the engine spin; null: as a folder's own options say. */
  readonly spinning: boolean | null
}

/** The same arrivals met otherwise, before and after them once more as the command has it. */
export interface LoadBeside {
  readonly before: LoadPoint
  readonly point: LoadPoint
  readonly after: LoadPoint
}

/** Another set-up with the same arrivals as the command's own. */
export interface LoadAlternative extends LoadBeside {
  readonly setup: LoadSetup
}

export type ObjectiveVerdict = 'held' | 'missed' | 'unclear'

/**
 * Whether the objective holds, at `ratePerSecond` if a rate is given: a rate that was not reached is a miss, like one that --require does not
 * prove. Unclear: the search ended for reasons that say nothing of the server. null: nothing was searched for.
 */
export function objectiveVerdict(
  { found, search }: Pick<LoadDocument, 'found' | 'search'>,
  ratePerSecond: number | null,
): ObjectiveVerdict | null {
  if (search === null) return null
  if (found === null) return search.undecided ? 'unclear' : 'missed'
  const reached = ratePerSecond === null || found.ratePerSecond >= ratePerSecond
  if (reached) return found.confirmed >= search.confirmingRuns ? 'held' : 'unclear'
  return found.atLeast ? 'unclear' : 'missed'
}
