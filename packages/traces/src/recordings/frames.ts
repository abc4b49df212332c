// Functions of a program as profilers name them: which are calls of a model, which are imports, which wait. And stacks of them, summed
// up: by function its own share and that with all it called, recursion counted once.
import type { FunctionRow, FunctionTimes } from './recording.ts'

export interface Frame {
  readonly name: string
  readonly file: string | null
  readonly line: number | null
}

/** The function of each library that its users call. File and name are as Python and JavaScript write them. */
const MODEL_CALLS: readonly { readonly title: string; readonly file: RegExp; readonly name: RegExp }[] = [
  {
    title: 'the ONNX Runtime session',
    file: /onnxruntime[\\/]capi[\\/]onnxruntime_inference_collection\.py$/,
    name: /(^|\.)run(_with_\w+)?$/,
  },
  { title: 'the ONNX Runtime session', file: /onnxruntime-(node|web|common)[\\/]/, name: /(^|\.)run$/ },
  // It predicts in a callback of its own, outside the run that was called.
  { title: 'the ONNX Runtime session', file: /onnxruntime-node[\\/]dist[\\/]backend\.js$/, name: /^/ },
  {
    title: 'the PyTorch module',
    file: /torch[\\/]nn[\\/]modules[\\/]module\.py$/,
    name: /(_wrapped_call_impl|_call_impl|__call__)$/,
  },
  {
    title: 'the PyTorch module',
    file: /torch[\\/](_dynamo[\\/]eval_frame|jit[\\/]_script)\.py$/,
    name: /(_fn|forward|__call__)$/,
  },
  {
    title: 'the Keras model',
    file: /keras[\\/].*(trainer|training|training_v1)\.py$/,
    name: /(predict|predict_on_batch|predict_step|test_step)$/,
  },
  { title: 'the Keras model', file: /keras[\\/].*(layers[\\/]layer|base_layer|models[\\/]\w+)\.py$/, name: /__call__$/ },
  { title: 'the TensorFlow function', file: /tensorflow[\\/].*polymorphic_function\.py$/, name: /(__call__|_call)$/ },
  { title: 'the TensorFlow.js model', file: /@tensorflow[\\/]tfjs/, name: /(predict|execute|executeAsync)$/ },
  {
    title: 'the scikit-learn model',
    file: /sklearn[\\/].*\.py$/,
    name: /(predict|predict_proba|decision_function|predict_log_proba|score_samples)$/,
  },
  { title: 'the XGBoost model', file: /xgboost[\\/].*\.py$/, name: /(predict|inplace_predict)$/ },
  { title: 'the LightGBM model', file: /lightgbm[\\/].*\.py$/, name: /predict$/ },
  { title: 'the CatBoost model', file: /catboost[\\/].*\.py$/, name: /predict\w*$/ },
]

/** What a frame's call of a model is called; undefined: it is none. */
export function modelCallOf({ file, name }: Frame): string | undefined {
  if (file === null) return undefined
  return MODEL_CALLS.find((one) => one.name.test(name) && one.file.test(file))?.title
}

export const isImport = ({ file, name }: Frame): boolean =>
  /importlib[._]|<frozen importlib/.test(file ?? '') ||
  /^(_find_and_load|_load_unlocked|exec_module|_call_with_frames_removed|<built-in method builtins\.__import__>)$/.test(name)

/** Whether nothing is computed if this is at the end of a stack. */
export const isWaiting = ({ file, name }: Frame): boolean =>
  /^\((idle|program)\)$|^\[await\]$|^(idle|<idle>)$|^<?(built-in method )?(time\.sleep|select\.(select|poll|epoll|kqueue))|^<method '(acquire|poll|select)' of '(_thread|select)/.test(
    name,
  ) ||
  (/(threading|selectors|queue|socket|asyncio[\\/]base_events|concurrent[\\/]futures[\\/]thread)\.py$/.test(file ?? '') &&
    /(^|\.)(wait|select|_wait_for_tstate_lock|get|accept|_run_once|_worker|readinto)$/.test(name))

export function languageOf({ file, name }: Frame): FunctionRow['language'] {
  if (file === null || file === '~' || file === '') return 'native'
  if (/\.py$|^<(frozen|string|ipython|stdin|__array)|\.pyx$|^<attrs/.test(file)) return 'python'
  if (/\.[cm]?[jt]sx?$|^node:|^file:|^https?:/.test(file)) return 'javascript'
  if (/\.(so|dll|dylib|cpp|cc|c|h|cu|rs)(\.[\d.]+)?$/.test(file) || name.startsWith('<')) return 'native'
  return 'other'
}

interface Tally {
  readonly frame: Frame
  /** The library whose model it calls; computed once, since stacks are many and functions few. */
  readonly call: string | undefined
  readonly isImport: boolean
  self: number
  total: number
  inModel: number
}

/** Sums up stacks as they come. */
export class StackTally {
  readonly #functions = new Map<string, Tally>()
  #whole = 0
  #model = 0
  #imports = 0
  #idle = 0
  readonly #titles = new Map<string, number>()

  get whole(): number {
    return this.#whole
  }

  /** `stack`: outermost first. `weight`: samples, or time. */
  add(stack: readonly Frame[], weight: number): void {
    if (!(weight > 0) || stack.length === 0) return
    this.#whole += weight
    const tallies = stack.map((frame) => this.#of(frame))
    const model = tallies.find(({ call }) => call !== undefined)?.call
    const last = tallies.at(-1)!
    if (isWaiting(last.frame)) this.#idle += weight
    else if (tallies.some((one) => one.isImport)) this.#imports += weight
    else if (model !== undefined) {
      this.#model += weight
      this.#titles.set(model, (this.#titles.get(model) ?? 0) + weight)
    }
    const seen = new Set<Tally>()
    let inside = false
    for (const tally of tallies) {
      inside ||= tally.call !== undefined
      if (!seen.has(tally)) {
        tally.total += weight
        if (inside) tally.inModel += weight
      }
      seen.add(tally)
    }
    last.self += weight
  }

  /** `told`: what the format says of the whole. */
  times(told: Pick<FunctionTimes, 'how' | 'totalMs' | 'samples'>): FunctionTimes {
    const whole = this.#whole === 0 ? 1 : this.#whole
    const [title] = [...this.#titles].sort((a, b) => b[1] - a[1])[0] ?? []
    return {
      ...told,
      rows: [...this.#functions.values()].sort((a, b) => b.self - a.self).map((one) => rowOf(one, whole)),
      model: title === undefined ? null : { name: title, share: this.#model / whole },
      ...{ importShare: this.#imports / whole, idleShare: this.#idle / whole, pythonShare: null },
    }
  }

  #of(frame: Frame): Tally {
    const key = `${frame.file}\n${frame.name}\n${frame.line}`
    const known = this.#functions.get(key)
    if (known !== undefined) return known
    const tally = { frame, call: modelCallOf(frame), isImport: isImport(frame), self: 0, total: 0, inModel: 0 }
    this.#functions.set(key, tally)
    return tally
  }
}

function rowOf({ frame, self, total, inModel }: Tally, whole: number): FunctionRow {
  return {
    ...frame,
    language: languageOf(frame),
    ...{ selfShare: self / whole, totalShare: total / whole, calls: null, nativeShare: null },
    ...(inModel > total / 2 ? { inModel: true as const } : {}),
  }
}
