// What `whyslow watch --json` writes, version 1: a public contract. A program of the user's, watched while requests arrived: how much of a
// request is the model, the code, the queue. Times in ms, shares 0..1. What is not known is null.

export type WatchPartId =
  | 'model' // calls of one model: the part has its name
  | 'code' // the user's code ran for the request
  | 'event-loop' // the request was ready, or about to be read, and its thread ran other code
  | 'session' // the model ran for other requests
  | 'other' // the request waited for none of these: I/O, timers, other processes and threads
  | 'transport' // between the client and the server: network, HTTP, until the server took the request
  | 'unexplained'

export interface WatchDocument {
  readonly schema: 'whyslow-watch/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly command: readonly string[]
  readonly url: string | null // what whyslow sent requests to; null: the requests were others'
  readonly ratePerSecond: number | null // of these requests
  readonly seconds: number // how long the program was watched
  readonly ended: 'command' | 'seconds' | 'load' | 'signal'
  readonly machine: { readonly cpu: string; readonly usableCpus: number }
  readonly processes: readonly {
    readonly pid: number
    readonly runtime: string
    readonly threads: number
    readonly script: string | null
  }[]
  readonly ports: readonly number[]
  readonly models: readonly WatchModel[]
  readonly requests: WatchRequests
  readonly parts: readonly WatchPart[] // each column adds up: to `requests.typicalMs`, to `requests.meanMs`, and to the mean of the slowest
  readonly busyShare: number | null // of the time in which requests were under way, how much the threads that read them ran code
  readonly next: { readonly command: string; readonly arguments: readonly string[]; readonly why: string } | null
  readonly warnings: readonly string[]
}

export interface WatchModel {
  readonly name: string
  readonly engine: string
  readonly version: string | null
  readonly file: string | null
  readonly threads: number | null // null: as many as the engine takes by default
  readonly calls: number
  readonly callsPerRequest: number
  readonly p50Ms: number | null // of one call, with what it waited for
  readonly aloneMs: number | null // of a call while no other was under way; null: there were too few
  readonly onLoop: boolean | null // it computes on the thread that calls it, which does nothing else meanwhile
}

export interface WatchRequests {
  readonly seen: number
  readonly unanswered: number // no end was seen
  readonly failed: number // status 500 and above
  readonly judged: number // what the numbers are of: answered, and if any ran a model, those that did
  readonly basis: 'client' | 'server' // where latencies were taken
  readonly meanMs: number | null
  readonly typicalMs: number | null // mean over the fifth around the median
  readonly p50Ms: number | null
  readonly p90Ms: number | null // null: too few requests, as for the p99
  readonly p99Ms: number | null
  readonly slowestShare: number // the share of the requests that `slowestMs` of the parts is of
}

export interface WatchPart {
  readonly part: WatchPartId
  readonly name: string
  readonly timeMs: number // mean over the fifth of the judged requests around the median
  readonly share: number // of `requests.typicalMs`
  readonly meanMs: number // mean over all of them
  readonly slowestMs: number // mean over the slowest requests
}
