// Part of the report document: what is told of a recording (whyslow explain trace.json), and of the model in it. Of the same contract.
/**
 * What a recording tells of its device. Shares of the time from the first to the last kernel or copy; each has what those before it do not
 * cover: compute, communication, copy, idle. They add up to 1.
 */
export interface TraceSection {
  readonly format: string
  readonly version: string | null
  readonly recognisedBy: string
  readonly recordedWith: readonly string[] // beside times: shapes, stacks, memory, flops, modules
  readonly windowMs: number | null // from the first to the last kernel or copy; without a device, of what is judged; null: the format has no time
  readonly deviceBusyShare: number | null // the union of kernels and copies; null: no device was recorded
  readonly computeShare: number | null
  readonly communicationShare: number | null
  readonly copyShare: number | null
  readonly idleShare: number | null
  readonly steps: number | null // that findings are about; null: none are marked
  readonly leftOut: readonly string[] // steps that are not: warm-up, cut
  readonly judged: null | {
    readonly windowMs: number // of all steps that findings are about
    readonly stepMs: number // of one; findings and nodes give times of this
    readonly deviceBusyShare: number | null
    readonly computeShare: number | null
    readonly communicationShare: number | null
    readonly copyShare: number | null
    readonly idleShare: number | null
  }
  readonly latencyMs: number | null // of an unprofiled prediction, as given: times are scaled to it
  readonly devices: readonly {
    readonly name: string
    readonly computeCapability: number | null
    readonly memoryBytes: number | null
  }[]
  readonly otherDevices: readonly { readonly name: string; readonly deviceBusyShare: number }[]
  readonly model?: null | TraceModelSection // a file of the model that was recorded, where one was given
  readonly tokens?: TraceTokensSection // of requests whose answers are generated token by token; absent: a profile
}

// Means over the requests; null: the file does not tell.
export interface TraceTokensSection {
  readonly requests: number
  readonly promptTokens: number | null // computed
  readonly cachedTokens: number | null // that a cache held
  readonly generatedTokens: number | null
  readonly firstTokenMs: number | null
  readonly tokenMs: number | null // of one token after the first
  readonly promptTokensPerSecond: number | null
  readonly tokensPerSecond: number | null
  readonly gapsMs: null | { readonly p50Ms: number; readonly p99Ms: number } // between pieces of an answer
  readonly tokensPerChunk: number | null
}

// Recorded operators joined with the nodes of the same model. Nodes that only lay numbers out anew, or compute shapes, are none.
export interface TraceModelSection {
  readonly file: string
  readonly format: string
  readonly sha256: string
  readonly nodes: number
  readonly joinedNodes: number
  readonly joinedShare: number // of the recorded time of operators
  readonly runs: number // recorded predictions that called the same: times are their mean
  readonly otherRuns: number // that called something else, left out
  readonly sizes: Readonly<Record<string, number>> // what the model's symbols were in the recording, as joined shapes tell
  readonly rows: readonly {
    readonly nodes: readonly string[] // several where one recorded operator, or one kernel here, does all of them
    readonly opType: string // of the first
    readonly operators: readonly string[] // as recorded
    readonly by: 'name' | 'shapes and order' | 'shapes' | 'order'
    readonly timeMs: number // recorded, or of the latency that was given
    readonly share: number // of a recorded step
    readonly macs: number | null // of the model's nodes, at the recorded sizes; null: not known
    readonly flops: number | null
    readonly bytes: number | null
    readonly here: null | { readonly nodes: readonly string[]; readonly timeMs: number; readonly share: number } // measured here; null: no report was given, or no node of it does this
  }[] // in the order of the model
  readonly notJoined: readonly { readonly node: string; readonly opType: string }[]
  readonly operatorsNotJoined: readonly {
    readonly name: string
    readonly calls: number
    readonly timeMs: number
    readonly share: number
  }[] // longest first
  readonly here: null | {
    readonly file: string
    readonly cpu: string
    readonly engine: string | null
    readonly p50Ms: number
    readonly joinedMs: number // of nodes beside recorded operators
    readonly otherMs: number // of nodes that none was joined with
  }
}
