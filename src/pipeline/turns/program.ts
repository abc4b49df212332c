// The contract of a module: `load()` gives a model, `samples()` a list, and a call is `preprocess(sample)`, `predict(model, x)` (`predict(x)`
// where there is no `load`), `postprocess(y)`, each left out at will but for `predict`. The module exports them, or a default export has them.
import { finished, isThenable } from './finished.ts'

/** A call as a list of steps, each with its stage's name. */
export interface Program {
  readonly stages: readonly { readonly name: string; readonly run: (value: unknown) => unknown }[]
  readonly load: (() => unknown) | null
  readonly samples: (() => unknown) | null
  /** Parameters of the first step. */
  readonly parameters: number
  /** Steps are given the model in front of what they work on. */
  readonly setModel: (model: unknown) => void
}

type Fn = (...given: unknown[]) => unknown

/** null where the module has no `predict` and no single function: it is a script. Throws an Error where `call` is not a function in it. */
export function programOf(module: Readonly<Record<string, unknown>>, call: string | null): Program | null {
  const whole = module.default
  const holder = isHolder(whole) ? whole : module
  const find = (name: string): Fn | null => {
    const found = (holder as Record<string, unknown>)[name] ?? module[name]
    return typeof found === 'function' ? (found as Fn).bind(holder === module ? undefined : holder) : null
  }
  let model: unknown
  const load = find('load')
  const shared = { load, samples: find('samples'), setModel: (given: unknown) => (model = given) }
  if (call !== null) {
    const named = call === 'default' ? whole : ((holder as Record<string, unknown>)[call] ?? module[call])
    if (typeof named !== 'function') throw new Error(`it exports no function ${call}; it has ${namesIn(module)}`)
    const run = named as Fn
    const bound = run.bind(holder === module ? undefined : holder)
    const withModel = load !== null && run.length > 1
    return { ...shared, stages: [step(call, withModel ? (x) => bound(model, x) : spread(bound, run))], parameters: run.length }
  }
  const predict = find('predict') ?? (typeof whole === 'function' ? (whole as Fn) : single(module))
  if (predict === null) return null
  const name = predict === single(module) || predict === whole ? predict.name || 'default' : 'predict'
  const [before, after] = [find('preprocess'), find('postprocess')]
  const stages = [
    ...(before === null ? [] : [step('preprocess', before)]),
    step(name, load === null ? (before === null ? spread(predict, predict) : predict) : (x) => predict(model, x)),
    ...(after === null ? [] : [step('postprocess', after)]),
  ]
  const first = before ?? predict
  return { ...shared, stages, parameters: before === null && load !== null ? first.length - 1 : first.length }
}

const step = (name: string, run: (value: unknown) => unknown) => ({ name, run })

/** A function of several parameters takes the members of its sample, as of an archive of arrays, one for each. */
function spread(run: Fn, { length }: Fn): (sample: unknown) => unknown {
  if (length < 2) return run
  return (sample) => {
    const members = Array.isArray(sample) ? sample : isRecord(sample) ? Object.values(sample) : []
    return members.length === length ? run(...members) : run(sample)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)

const isHolder = (value: unknown): value is object =>
  (isRecord(value) || typeof value === 'function') && typeof (value as { predict?: unknown }).predict === 'function'

/** A module with one function and no stages. */
function single(module: Readonly<Record<string, unknown>>): Fn | null {
  const found = Object.entries(module).filter(([name, one]) => typeof one === 'function' && name !== 'samples' && name !== 'load')
  return found.length === 1 ? (found[0]![1] as Fn) : null
}

const namesIn = (module: Readonly<Record<string, unknown>>): string =>
  Object.keys(module)
    .filter((name) => typeof module[name] === 'function')
    .slice(0, 8)
    .join(', ') || 'none'

/** The whole call as one function, each stage done to its end: a promise only where a stage gives one, so that quick stages are not made to wait for a turn. */
export function wholeCall({ stages }: Pick<Program, 'stages'>): (sample: unknown) => unknown {
  const from = (start: number, given: unknown): unknown => {
    let value = given
    for (let k = start; k < stages.length; k++) {
      value = finished(stages[k]!.run(value))
      if (isThenable(value)) return value.then((settled) => from(k + 1, settled))
    }
    return value
  }
  // Not through the loop where there is none to go through.
  if (stages.length === 1) return stages[0]!.run
  return (sample) => from(0, sample)
}
