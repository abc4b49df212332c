// What a language side tells of the user's own code while it runs: plain data, the same for every language. Places are of the user's
// own files, lines count from 1, and times are ms per prediction unless a name says otherwise. null is what could not be told.
import type { TurnTimes } from '@whyslow/measure/statistics/index.ts'

export type Language = 'javascript' | 'python'

/** A place in the user's own code. `file` as the user would write it: relative to the working folder where it lies in it. */
export interface CodePlace {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

/** What a value was, where it was seen. */
export interface ValueFact {
  /** 'array' is a plain list of a language; 'object' a mapping or anything else. */
  readonly kind: 'array' | 'typed-array' | 'ndarray' | 'tensor' | 'dataframe' | 'string' | 'number' | 'object' | 'nothing'
  /** float32, float64, int64, uint8 …; of a list: what all of its items are ('number', 'mixed'). */
  readonly dtype: string | null
  readonly shape: readonly number[] | null
  /** Items in it, of all dimensions; characters of a string; rows × columns of a DataFrame. */
  readonly length: number | null
  readonly bytes: number | null
  readonly contiguous: boolean | null
  /** 'cpu', 'gpu:0' …; null: not a tensor of a device. */
  readonly device: string | null
  /**
   * Lengths of a list's texts, in characters; absent: it holds others. `sorted`: the mean of what each is as long as in batches of eight, sorted by
   * length.
   */
  readonly texts?: { readonly mean: number; readonly longest: number; readonly sorted: number }
}

/** One of the stages, in the order they run: over all calls of the pass that tells it. */
export interface StageFact {
  readonly name: string
  /** CPU time of all threads, per prediction. */
  readonly cpuMs: number | null
  /** Time in native code: engines, NumPy, add-ons. */
  readonly nativeMs: number | null
  /** Neither on a CPU nor in native code: waiting for a file, a lock, a device, a timer. */
  readonly waitMs: number | null
  readonly gcMs: number | null
  /** Allocated per prediction, buffers outside the heap included. */
  readonly allocatedBytes: number | null
  /** Longest time that timers had to wait for it (JavaScript). */
  readonly eventLoopDelayMs: number | null
  /** What it gave back, on the first sample. */
  readonly result: ValueFact | null
}

/** Time of one line, from a sampling profiler. */
export interface LineFact extends CodePlace {
  /** Time in this line itself and in native code that it called; user functions that it calls have lines of their own. */
  readonly selfMs: number
  /** The same with the user's functions that it calls; null: not known for this line. */
  readonly totalMs: number | null
  /** Part of selfMs in native code; null: not told apart. */
  readonly nativeMs: number | null
  /** Part of selfMs spent waiting; null: not told apart. */
  readonly waitMs: number | null
  readonly stage: string | null
}

/** Calls of one callee from one line, from a pass that is not the timed one. */
export interface CallFact extends CodePlace {
  /** Full name of the callee: 'JSON.parse', 'fs.readFileSync', 'numpy.append', 'onnxruntime.InferenceSession.run'. */
  readonly callee: string
  /** Average calls of one prediction. */
  readonly callsPerPrediction: number
  /** Time in the callee and what it calls; for a promise, until it is settled. */
  readonly timeMs: number
  /** It gives a promise, and the event loop goes on. */
  readonly awaited?: boolean
  /** Most of them on their way at once. */
  readonly concurrent?: number
  /** The argument of the first call or, for a method, what it is called on. */
  readonly argument: ValueFact | null
  readonly result: ValueFact | null
  /** Whether a path was not the same every time, or the sample names it. */
  readonly varies?: boolean
  readonly stage: string | null
}

/** How often a loop's body ran. */
export interface LoopFact extends CodePlace {
  readonly endLine: number
  readonly tripsPerPrediction: number
  /** What its names held when it first began, of those that hold several elements (Python), or that it reads and writes by index (JavaScript). */
  readonly operands?: Readonly<Record<string, ValueFact>>
}

/** What the source says, whether or not it ran. */
export interface SourcePattern extends CodePlace {
  readonly pattern: PatternName
  /** Last line of what the pattern is about: of the loop, of the call. */
  readonly endLine: number
  /** The loop around it, innermost; null: none in its function. */
  readonly loop: { readonly line: number; readonly endLine: number; readonly depth: number } | null
  /** It runs when the module is loaded, or is kept by a cache: not once a prediction. In a script, a few times in all. */
  readonly once: boolean
  /** As the source has it, one line, at most 80 characters: 'x = np.append(x, value)'. */
  readonly code: string
  /** What is called or built, where the pattern is of a call: 'JSON.parse', 'numpy.append'. */
  readonly callee: string | null
  /** Whether the path of a file that is read uses nothing that the function is given or keeps, so that it is the same for each sample. */
  readonly fixed?: boolean
  /** Whether what is made an array is surely a list, which an array was made: np.array(x.tolist()). */
  readonly ofList?: boolean
  /** The name that a loaded model is given: 'generator'; null: none. */
  readonly variable?: string | null
  /** A loop over the same array that holds this one; it is told only once. */
  readonly inside?: PatternName | null
}

/** Names of patterns, the same in every language; a rule asks for them by name. */
const PATTERNS = [
  'elementwise-loop', // for i: out[i] = f(a[i], b[i]), arithmetic alone, no dependence on other elements
  'reduction-loop', // s += f(a[i])
  'layout-loop', // nested loops that move elements to other places, HWC to CHW
  'array-iteration', // Python: for x in ndarray; comprehension over one
  'list-grown', // list or array that grows by push/append in a loop
  'array-regrown', // np.append, concat, spread of itself in a loop: copied whole each time
  'list-to-array', // new Float32Array(list), np.array(list), Float32Array.from(list)
  'buffer-made', // a large array made in a function that runs per prediction
  'json', // JSON.parse, JSON.stringify, json.loads, json.dumps
  'file-read', // readFileSync, open().read()
  'model-load', // InferenceSession.create, load_model, torch.load, joblib.load, from_pretrained
  'predict-in-loop', // session.run, model.predict one by one in a loop
  'promise-all', // Promise.all over predictions
  'blocking-call', // Sync functions of fs, zlib, crypto, child_process
  'image-decode',
  'hand-tokenizer', // loops over characters or words with look-ups
  'tensor-made', // tf.tensor and the like outside tidy
  'device-read', // dataSync, arraySync, .item(), .numpy(), .cpu()
  'dataframe-made',
  'dataframe-rows', // iterrows, itertuples, apply(axis=1), .iloc in a loop
  'dataframe-converted', // .values, .to_numpy, .astype of a DataFrame in a stage
  'predict-call', // Model.predict of Keras, scikit-learn, DMatrix of XGBoost
  'no-grad-missing',
  'eval-missing',
  'traced-function-made', // tf.function made in a function
  'float64-made',
  'strided-view', // transpose, [:, ::-1] handed on
  'thread-setting', // OMP_NUM_THREADS and the like, or a pool's size
  'string-grown',
  'kept-outside', // what outlives the call grows in it: cache.set, seen.push of a list of the module
  'regex-compiled',
  // Text that is generated, and vectors of texts: transformers.js, node-llama-cpp.
  'generate-call', // pipeline(…)(…), model.generate, session.prompt
  'dtype-missing', // a model is loaded, and no type of weights is named
  'context-made', // a context of node-llama-cpp, with a cache of its own
  'streamer-made', // new TextStreamer
  'turns-uncached', // generates from a list of messages that grows, without past_key_values
  'beams-set', // num_beams above 1
  'probabilities-taken', // probabilities: true, output_scores: true
  'ids-cut', // ids of a text, that are cut afterwards
  'texts-padded', // several texts as one batch
] as const
export type PatternName = (typeof PATTERNS)[number]

/** An engine's session, seen at work inside the user's code. */
export interface SessionFact {
  /** 'onnxruntime', 'tfjs', 'litert', 'keras', 'tensorflow', 'pytorch', 'scikit-learn', 'xgboost', 'lightgbm', 'catboost'. */
  readonly engine: string
  /** Version of the package that the user's code has. */
  readonly version: string | null
  /** The model's file, absolute; null: from memory, or not told. */
  readonly modelFile: string | null
  readonly modelBytes: number | null
  readonly device: string | null
  readonly threads: number | null
  /** Where it is opened. */
  readonly opened: CodePlace | null
  /** Opened while predictions ran, per prediction: more than 0 is once too often. */
  readonly opensPerPrediction: number
  readonly openMs: number | null
  /** Where it is run, and by which function: 'run', 'predict', '__call__'. */
  readonly ran: CodePlace | null
  /** Where the function that runs it is called, and so on, as far as it is the user's own code. */
  readonly ranThrough?: readonly CodePlace[]
  readonly method: string
  readonly runsPerPrediction: number
  /** Time in the engine's function, per prediction. */
  readonly runMs: number
  /** Most runs that were on their way at once. */
  readonly concurrentRuns: number
  readonly inputs: readonly ValueFact[]
  /** Training state, for frameworks that report it: module.training, gradients tracked, traces since the first call. */
  readonly training?: boolean | null
  readonly gradients?: boolean | null
  readonly retraces?: number | null
  readonly stage: string | null
}

/** A data loader of PyTorch, seen at work. Times are of the process that predicts: what worker processes do meanwhile is not in them. */
export interface LoaderFact {
  /** Where it is made, and where its batches are taken. */
  readonly made: CodePlace | null
  readonly ran: CodePlace | null
  /** Where an item is made, if that is the user's own code: `__getitem__` of the dataset. */
  readonly item: CodePlace | null
  readonly workers: number
  readonly batchSize: number | null
  readonly persistent: boolean
  readonly pinned: boolean
  readonly gpu: boolean
  readonly startsPerPrediction: number
  /** Starting and ending workers, and waiting for the first batch of them. */
  readonly startMs: number
  readonly batchesPerPrediction: number
  /** Waiting for batches; without workers, making them. */
  readonly waitMs: number
  /** Part of `waitMs` that makes one batch of items; null: workers do it. */
  readonly collateMs: number | null
}

/** Two ways to do the same, timed in turns in the user's own interpreter: `predict` against the direct call, a DMatrix against an array. */
export interface AlternativeFact extends CodePlace, TurnTimes {
  /** The finding it belongs to: 'predict-call-overhead', 'sequential-calls'. */
  readonly rule: string
  readonly now: string
  readonly instead: string
  /** The last line of those that are replaced whole; absent: it is a call. */
  readonly endLine?: number
  /** Results are equal bit for bit, within rounding, or not at all. */
  readonly equal: 'bits' | 'rounding' | 'different'
  /** Lines to paste, where the other way is a few of them. */
  readonly code?: readonly string[]
  /** What both were tried on: '64 runs of one row'. */
  readonly on?: string
  /** Number of the program's model that it is of; absent: it is of none. */
  readonly model?: number
  /** How often it is called so in one prediction; absent: as often as its session runs. */
  readonly callsPerPrediction?: number
  /** Texts of tokenizers: how many were compared, how many have different results, and what was compared. */
  readonly texts?: { readonly all: number; readonly different: number; readonly compared: 'ids' | 'tokens' }
  /** What was written to be shipped is told this (ship/stand_in.py); absent: nothing was. */
  readonly standIn?: Readonly<Record<string, unknown>>
}

/** As a process of Python tells it: with the pairs that were timed. */
export type PairedAlternative = Omit<AlternativeFact, keyof TurnTimes> & {
  readonly pairsMs: readonly (readonly [number, number])[]
}

/** Where time at the start goes. */
export interface ImportFact {
  readonly module: string
  readonly selfMs: number
  readonly totalMs: number
  /** Line of the user's file that imports it first; absent: not told. */
  readonly line?: number | null
}

/** Numbers of the whole process, each with its own meaning; absent: not told. */
export interface ProcessFacts {
  readonly gcMs?: number
  readonly gcPauses?: number
  /** Resident or tensor memory that stays, per prediction; from a line through many predictions. */
  readonly leakBytesPerPrediction?: number
  readonly liveTensorsPerPrediction?: number
  readonly eventLoopDelayMs?: number
  /** Share of the time that a thread that wants the interpreter's lock waits for it. */
  readonly gilWaitShare?: number
  /** Threads that were on a CPU or wanted one. */
  readonly threads?: number
  /** CPUs that the process may use. */
  readonly usableCpus?: number
  /** Time with the profiler over time without, minus 1, in turns in one process; for a script, in a loop of its own before it ran. */
  readonly profilerCost?: number
  readonly pools?: readonly { readonly name: string; readonly threads: number }[]
}
