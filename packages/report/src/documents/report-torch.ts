// What is known of a PyTorch model that the user's code calls: its modules, operators, dispatch, and other settings timed in turns. As
// packages/measure/src/python/collector/whyslow_collector/torch_pass.py sends it. Times are ms of one
// prediction: as sent in the pass that divides them, in a report scaled to the p50 of the timed passes.

interface TorchPlace {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

export interface TorchModule {
  /** As the user's source calls it: 'encoder.layers.3.attn'; '' is the model itself. */
  readonly name: string
  readonly type: string
  readonly calledBy: string | null
  /** Calls in one prediction. */
  readonly calls: number
  /** Time with the modules that it calls. */
  readonly timeMs: number
  /** Time without them; all of them add up to the model's time. */
  readonly selfMs: number
  /** Operators that it dispatches itself. */
  readonly operators: number
  /** Its `forward`, if that is the user's own code. */
  readonly place: { readonly file: string; readonly line: number } | null
}

/** A copy of a tensor that changes its dtype or its layout. */
export interface TorchCopy {
  readonly kind: 'dtype' | 'layout'
  /** 'float64 to float32'; of a layout the shape: '8x64x128'. */
  readonly what: string
  readonly operator: string
  readonly module: string | null
  readonly file: string | null
  readonly line: number | null
  readonly function: string | null
  readonly calls: number
  readonly timeMs: number
}

/** Values brought from a tensor to Python: `.item()`, `.cpu()`, `if tensor:`. */
export interface TorchRead extends TorchPlace {
  readonly method: string
  /** While a module is at work; false: before or after the model. Absent in documents from before it was told. */
  readonly inside?: boolean
  readonly calls: number
}

export interface TorchFacts {
  readonly version: string
  readonly build: {
    /** Instruction set of the kernels: 'AVX512'. */
    readonly capability: string | null
    readonly onednn: boolean
    readonly openmp: boolean
    readonly mkl: boolean
    /** The version that the package was built for; null: a build for the CPU. */
    readonly cuda: string | null
    readonly gpu: boolean
  }
  /** Class of the model. */
  readonly root: string
  /** Where the user's code calls it, or its `model()`. */
  readonly ran: TorchPlace | null
  readonly runsPerPrediction: number
  readonly device: string
  readonly dtype: string | null
  readonly parameters: number
  readonly threads: number
  readonly usableCpus: number
  readonly gradients: boolean
  readonly training: boolean
  /** The user's code has it compiled by torch.compile; its modules are not told apart then. */
  readonly compiled: boolean
  /** How often it was compiled anew; null: nothing is compiled. */
  readonly recompiles: number | null
  /** Time of a prediction in the pass that divides the model's time, and of the model in it. */
  readonly predictionMs: number
  readonly p50Ms: number
  /** What the clocks around modules added, as a share. */
  readonly clocksAdded: number
  readonly modules: readonly TorchModule[]
  readonly operators: readonly { readonly name: string; readonly calls: number; readonly timeMs: number }[]
  /** null: not counted. */
  readonly operatorsPerPrediction: number | null
  readonly moduleCalls: number
  /**
   * What an operator on empty tensors costs, ns, and the call of a module that does nothing: medians of torch.utils.benchmark, in the pass that
   * divides the model's time.
   */
  readonly operatorNs: number
  readonly moduleNs: number
  readonly copies: readonly TorchCopy[]
  readonly reads: readonly TorchRead[]
}

export type TorchSetting = 'inference-mode' | 'eval' | 'threads' | 'channels-last' | 'bfloat16' | 'compile'

export interface TorchTrialBase {
  readonly id: TorchSetting
  /** 'torch.compile', '1 thread'. */
  readonly title: string
  /** The line that sets it. */
  readonly code: string
  /** Until its first result, ms: what compiling takes. */
  readonly firstMs: number | null
  /** Outputs with it against those without; null: it was not tried. */
  readonly equal: 'bits' | 'rounding' | 'different' | null
  /** Largest difference, as a share of the largest value. */
  readonly error: number | null
  /** Why it was not timed; null: it was. */
  readonly reason: string | null
  /** How many were tried, of that setting. */
  readonly threads?: number
  /** Graphs that torch.compile makes of the model, and where it breaks them. */
  readonly graphs?: number
  readonly breaks?: readonly { readonly reason: string; readonly file: string | null; readonly line: number | null }[]
}

/** Times without a setting and with it, in turns: for `inference-mode` and `eval` the model as it is called, for the others out of training mode and without gradients. */
export interface TorchTimes {
  readonly nowMs: number
  readonly insteadMs: number
  /** now / instead, with its interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

export interface TorchTrial extends TorchTrialBase {
  readonly times: TorchTimes | null // null: it was not timed
}

export interface TorchSection extends TorchFacts {
  /** Operators × an empty one, and modules × an empty one: at most the model's time; null: operators were not counted. */
  readonly dispatchMs: number | null
  readonly trials: readonly TorchTrial[]
}
