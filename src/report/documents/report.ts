// The report document, version 2: a public contract that every renderer reads. It imports nothing but a part of itself. Version 1 differs in
// what p90 to p99 are: bounds in reports of models, interpolated from few calls in those of pipelines.
// Times in milliseconds, sizes in bytes, shares 0..1, rates per second. Absent knowledge is null with its reason beside it, never 0.
import type { TraceSection } from './trace-section.ts'

export const REPORT_SCHEMA = 'whyslow-report/2'

/** Whether a document is a report, of any version. */
export const isReport = (schema: unknown): boolean => schema === REPORT_SCHEMA || schema === 'whyslow-report/1'

export type AreaName = 'architecture' | 'hardware' | 'software'

export interface ReportDocument {
  schema: 'whyslow-report/1' | 'whyslow-report/2'
  tool: { version: string }
  createdAt: string
  answer: string // the one sentence of the first screen
  model: null | {
    // null where the evidence has none (a trace, a pipeline without a known model)
    file: string
    format: string
    sha256: string
    sizeBytes: number
    opsets: Record<string, number>
    producer: string | null
    parameters: number
    nodes: number
    macs: number | null
    flops: number | null
    inputs: {
      name: string
      dtype: string
      shape: number[]
      assumed: string[] // the dimensions that were guessed
      assumptions: { text: string; flag: string }[] // the same with the flag that changes each: --batch, or --shape and the whole shape
      source: 'data' | 'synthetic'
    }[] // without initializers that are listed as inputs
    outputs: { name: string; dtype: string; shape: number[] | null }[] // shape as run; null: not a tensor
  }
  machine: {
    cpu: string
    usableCpus: number | null // null, as memoryBytes: of a recording, which does not tell
    quotaCpus: number | null
    memoryBytes: number | null
    isa: string[]
    accelerators: string[]
    caches: Record<string, number | null>
    virtualised: boolean | null
    roofs: {
      threads: number
      flopsPerSecond: Record<string, number>
      bytesPerSecond: Record<string, number | null>
      elementsPerSecond?: Record<string, number>
      reasons?: Record<string, string>
    }[] // elementsPerSecond: elementwise operators on data in the nearest cache, by operator. reasons: why a level is null, by its key. keys: float32, int8 …; L1, L2, L3, DRAM (a level that cannot be measured honestly is null)
  }
  engine: null | {
    id: string
    version: string
    device: string
    deviceKind?: 'cpu' | 'gpu' | 'npu' | 'software-gpu' | null // software-gpu: a graphics driver that computes on the CPU
    precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
    from?: string // the installation: its folder, or the interpreter; below the current folder, or with ~ for the home folder; absent in reports from before it was told
    options: { threads: number | null; [option: string]: unknown }
  }
  latency: null | {
    loadMs: number
    firstMs: number
    warmupMs: number
    p50Ms: number
    p90Ms: number | null
    p95Ms: number | null
    p99Ms: number | null // p90 to p99: estimates of the samples, by nearest rank; null: too few (64, 130, 662)
    p90UpperMs?: number | null // what each does not exceed with 99 % confidence, as far as samples are independent
    p95UpperMs?: number | null
    p99UpperMs?: number | null // absent in version 1, whose p90 to p99 were such bounds
    ciLowMs: number
    ciHighMs: number
    samplesMs: number[]
    blocks: {
      process: number
      p50Ms: number
      handoffNs: number | null
      regime: string
      waitedMs: number
      throttledMs: number
      stolenMs: number
      majorFaults: number
      gcMs: number
      loadMs?: number
      firstMs?: number
      warmupMs?: number
      warmupRuns?: number
      waitAtMedianMs?: number // wait for a CPU inside the samples near the median, ms per prediction
      samplesMs?: number[] // all of its own in order, also where its regime is not the one that p50Ms is of
    }[] // one per process
    trust: 'A' | 'B' | 'C' | 'D'
    reasons: string[]
  }
  metric?: null | { name: string; value: number; rows: number } // of its outputs on the labels of --data: accuracy, mse or mae; absent: no labels
  memory: {
    weightsBytes: number
    loadPeakBytes: number | null
    predictPeakBytes: number | null
    keptBytes?: number | null
    limitBytes?: number | null
  } | null // keptBytes: what stays allocated between predictions beyond the weights
  device?: null | {
    kernelsMs: number | null // by the device's own clock
    uploadMs: number
    downloadMs: number
    restMs: number | null // of the p50: handing out work, waiting
    nodesOnDevice: number | null
    nodesOnCpu: { name: string; opType: string; timeMs: number }[] | null
    programs: { node: string; opType: string; program: string; timeMs: number; runs: number }[] // longest first
    operators?: { opType: string; timeMs: number; nodes: number }[] | null // kernels by operator, longest first; null: the device gives no times
    needsCpu?: boolean | null // the engine refuses the model where the CPU may not help; null: not known
    bound?: null | {
      copiedMs: number
      boundMs: number
      ratio: number // bound / copied, median over rounds
      ratioLow: number
      ratioHigh: number
      rounds: number
    } // with inputs and outputs kept on the device, in turns with ones that are copied; null: not measured
  } // per prediction; null on the CPU
  operatorExperiments?: null | {
    rows: {
      nodes: string[] // executed nodes that are alike, or of a run of operators all of its nodes
      opTypes: string[]
      shapes: string
      copies: number // how often it runs in a prediction
      aloneMs: number // one run outside of the model, the call taken off
      insideMs: number // one run within the model
      variants: {
        kind: string // what was changed: one-thread, plain-layout, relu, rewrite, int8 …
        remedy: string | null // of a rewrite
        detail: string
        ratio: number // changed / as it is
        ratioLow: number
        ratioHigh: number
      }[]
    }[]
    left: { nodes: string[]; opTypes: string[]; reason: string }[]
    coveredShare: number // of the nodes' time above their floors
  } // operators timed alone, as they are and changed; null: none were
  sweeps: {
    dimension: string
    unit: string
    points: { at: number; p50Ms: number; ciLowMs: number; ciHighMs: number }[]
    fit: { fixedMs: number; perUnitMs: number } | null
  }[]
  profile: { overheadPerNodeUs: number; profiledP50Ms: number; correction: string } | null
  breakdown: { part: string; area: 'architecture' | 'hardware' | 'software' | 'unexplained'; timeMs: number; share: number }[] // adds up to p50Ms
  areas: Record<'architecture' | 'hardware' | 'software' | 'unexplained', { timeMs: number; share: number }>
  nodes: {
    name: string
    opType: string
    origin: string[] // origin: the user's nodes in it, each by its name, else by its first output's name; never an empty string; for what the engine put in (ReorderInput, Cast, copies): the node whose value it converts
    timeMs: number
    share: number
    macs: number | null
    flops: number | null
    bytes: number | null
    floorMs: number | null
    bound: 'compute' | 'memory' | 'overhead' | null
    areasMs: { architecture: number; hardware: number; software: number } | null // where its time belongs, together timeMs; null: not known. A recurrent node's floor is architecture, any other's what floorMs is on; the rest is software
    inputs: string[]
    outputs: string[]
    rawMs?: number // as the profiler gave it, its own cost included
    runsPerPrediction?: number // nodes of loop bodies and branches run more or less than once
    kernel?: string // what ran it, by the engine's own name; absent where the engine does not tell
    aboveRoof?: string | null // why a node can be faster than its measured roof, where it is by more than 10 %
  }[]
  findings: {
    rule: string
    area: 'architecture' | 'hardware' | 'software'
    title: string
    detail: string
    timeMs: number
    wouldSaveMs: number
    basis: 'measured' | 'modelled'
    nodes: string[]
    next: string | null // next: the command to type
    timeShare?: number // of a trace: of a step
    wouldSaveShare?: number // at most
    facts: { name: string; value: number; unit: string }[] // the numbers of `detail`, as data; units: ms, ns, bytes, share, ratio, or what is counted
    places: { file: string; line: number; function: string | null }[] // of the user's own code; [] where none
    replacement?: null | {
      language: 'javascript' | 'python'
      form: string // what does the work: 'numpy', 'python', 'typed array', 'kernel with SIMD', 'as one batch'
      code: string[] // lines to paste
      beforeMs: number // per prediction, in turns
      afterMs: number
      factor: number // before / after, with its interval
      factorLow: number
      factorHigh: number
      equal: 'bits' | 'rounding'
      on: string // the values that were compared
    } // run on the values that the user's code saw; null or absent: none was
  }[] // ranked, largest saving first
  clear: string[]
  doesNotApply?: string[] // rules about what is not in use: a GPU, WebAssembly
  notChecked: { rule: string; reason: string }[]
  trials: {
    remedies: string[]
    outcome: 'faster' | 'slower' | 'no-difference' | 'rejected' | 'failed'
    reason: string | null
    beforeMs: number | null
    afterMs: number | null
    speedup: number | null
    speedupLow: number | null
    speedupHigh: number | null
    took: boolean | null
    changes: string[]
    agreement: {
      maxAbs: number
      cosine: number | null
      sqnrDb: number | null
      equal: boolean
      top1: number | null
      metric: { name: string; before: number; after: number } | null
      loss?: { rows: number; largest: number } // of decisions: on so many rows with 95 % confidence no larger (0..1); absent where none decides, and in documents from before it was told
      selections?: {
        outputs: string[] // that come from one selection: judged by what it selects, not by the order
        by: string // TopK or NonMaxSuppression
        rows: number // selected, over all inputs
        same: number // share of them that both select, or that are a tie up to rounding
        alike: number // each by how far its score stands above the cut-off, a tie as far as scores were seen to move: what the loss counts, as top1 does
      }[] // absent: none is known
    } | null
    sizeBytes: number | null
    peakBytes: number | null
    name?: string // the remedy with its variant: 'thread-count 1'
    kept?: boolean // part of what was handed over
    pairs?: number | null // pairs of fresh processes behind the interval; null: only looked at, or not measured
    predictedSpeedup?: number | null // as the diagnosis expected it before the trial
    lookedSpeedup?: number | null // that a first look showed, after which it was not judged in pairs; null: it was, or was not looked at
  }[]
  foretold?: null | { ms: number; low: number; high: number; remedies: string[]; onWhole?: true } // what exact remedies together would give, from experiments on operators alone (onWhole: one of them on the whole model); absent in documents from before it was told
  fix?: null | {
    goal: 'latency' | 'throughput' | 'load-time' | 'memory' | 'size'
    unit: 'ms' | 'bytes' // of before and after: ms a prediction, a sample or a start; bytes of memory or on disk
    before: number
    after: number // the original's where nothing is proven
    speedup: number // before / after
    speedupLow: number
    speedupHigh: number
    proven: boolean
    kept: string[]
    changes: string[]
    outputs: string // how they compare with the original's
    openLoss?: { rows: number; largestLoss: number; rowsNeeded: number | null } // no decision differs, but the rows are too few to show that the loss is within its limit: it may be as large with 95 % confidence; rowsNeeded would show it. Absent: the limit is held
    untried: string[] // what the budget left no time for
    shipped: string | null // the folder; null: nothing was to be written
    machineBound: boolean
    // what runs what is shipped, where it is another than the measured one
    engine?: { id: string; version: string; precision: string | null }
    // for `--for slo`: the set-ups of a server that were tried, and which of them holds the objective at the highest rate; null: none does, by short runs
    serving?: null | {
      objective: string // 'p99<20ms'
      best: number | null // its place in `tried`
      tried: {
        workers: number
        threads: number | null // null: as the folder's own options say
        maxBatch: number // rows that requests are joined to where they wait; 1: none
        fewRows?: number // rows that are joined of fewer requests than make a whole batch; absent: as many
        batchDelayMs?: number // so long the first request of an incomplete batch waits for others; absent: not at all
        answersPerSecond: number | null // asked as fast as it answers; null: it was not served
        found: { ratePerSecond: number; low: number; high: number; confirmed: number } | null // the highest rate that holds it; null of the best: the runs that were to confirm one failed
        why: string | null // why there is none, why it is not taken though it holds, or why fewer than five runs confirm it (0: short runs alone)
      }[]
    }
    // where outputs may not change: nodes timed alone in int8, how many are faster, what they save together, what to type to have it tried
    int8?: { timed: number; faster: number; savingMs: number; next: string }
  }
  quantization?: null | {
    methods: ('dynamic' | 'static' | 'weights')[] // in what was handed over; none: all layers stay float32
    inputs: 'data' | 'synthetic' // what ranges and agreement are of
    sizeBeforeBytes: number
    sizeAfterBytes: number | null
    layers: {
      node: string // its first output
      opType: string
      precision: string // in what was handed over
      tried: 'dynamic' | 'static' | 'weights'
      beforeMs: number | null // the operator alone, as float32 and as tried, without conversions
      afterMs: number | null
      sqnrDb: number | null // of the worst output with this layer alone quantized; null: not needed, or not measured
      kernel: string | null // that the engine runs for it
      reason: string | null // why it stays float32
    }[]
    notTried: { method: string; reason: string }[]
    // the engine of this machine that gave most in a first look beside what was handed over, and what to type; absent: none gave anything
    otherEngine?: { change: string; lookedSpeedup: number; cosine: number | null; next: string }
  } // absent: not looked for
  trace?: null | TraceSection // of a recording by another tool: where it is, latency is null and times are of the recorded run, which recording slows, unless latencyMs is given
  stages:
    | {
        name: string
        timeMs: number
        share: number
        p50Ms?: number | null // of the stage alone; null: it was never timed
        p99Ms?: number | null
        cpuMs?: number | null
        nativeMs?: number | null // in engines, add-ons, NumPy
        waitMs?: number | null
        gcMs?: number | null
        allocatedBytes?: number | null
        eventLoopDelayMs?: number | null
        file?: string | null
        line?: number | null
      }[]
    | null // the user's own pipeline, where one was given: with what is unexplained they add up to p50Ms
  lines?:
    | {
        file: string
        line: number
        function: string | null
        language: 'javascript' | 'python'
        timeMs: number
        share: number
        shareLow?: number // as far as so many looks of the profiler can tell
        shareHigh?: number
        nativeShare: number | null
        waitShare?: number | null
        stage?: string | null
      }[]
    | null // hot lines of a pipeline, hottest first
  pipeline?: null | {
    language: 'javascript' | 'python'
    runtime: { name: string; version: string; executable: string; from?: string } // from: how it was found, where there was a choice
    file: string
    call: string | null
    kind: 'stages' | 'function' | 'script'
    samples: { count: number; source: 'module' | 'data' | 'none' }
    importMs: number
    loadMs: number | null
    firstMs: number
    warmUpMs: number
    processesMs: number[] // p50 of each process
    unexplainedMs: number
    timingOverhead: number | null // with stages timed over without, minus 1; null: not measured
    profilerOverhead: number | null
    lineSamples: number | null // looks of the profiler behind `lines`
    packages: Record<string, string>
    sessions: {
      engine: string
      version: string | null
      modelFile: string | null
      device: string | null
      threads: number | null
      method: string
      stage: string | null
      runsPerPrediction: number
      runMs: number
      opensPerPrediction: number
    }[]
    imports: { module: string; selfMs: number; totalMs: number }[]
    sources?: { file: string; lines: { line: number; text: string }[] }[] // the lines that `lines` and findings name, with two around each; files that changed since are left out
    inner?: null | {
      answer: string
      p50Ms: number // of one run of the model alone
      breakdown: { part: string; area: 'architecture' | 'hardware' | 'software' | 'unexplained'; timeMs: number; share: number }[]
    } // the model file that predict runs, measured alone: `model`, `engine` and `nodes` are its
    innerReason?: string | null // why there is none
  }
  warnings: string[]
}
