// The contract of a user's module in JavaScript, read here for all that run it: `load()` gives a model, `samples()` a list, and a call is
// `preprocess(sample)`, `predict(model, x)` or `predict(x)`, `postprocess(y)`, each left out at will but for `predict`. The module exports
// them, or its default export (an object, or a class, of which one is made) has them, or each has some of them.

/** The file or the arguments cannot be used as they are; nothing of the user's failed. */
export class ContractError extends Error {}

/** One line that says why it failed. */
export function reasonOf(thrown: unknown): string {
  const isPlain = !(thrown instanceof Error) || thrown instanceof ContractError
  const own = isPlain ? String((thrown as Partial<ContractError> | null)?.message ?? thrown) : `${thrown.name}: ${thrown.message}`
  const lines = own.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).join(' ').slice(0, 500) || 'no reason given'
}

export type UserFunction = (...given: unknown[]) => unknown

export interface UserStage {
  readonly name: string
  /** The user's own, bound to what has it. */
  readonly call: UserFunction
  readonly model: TakesModel
  /** How many members of its sample a function of several parameters without a model takes; else 0. */
  readonly members: number
  /** How many parameters something other than the model has to be given for. */
  readonly parameters: number
}

/**
 * Whether it is given the model in front of what it works on. 'if-any': where `load` gave one. 'unless-fed': it has one parameter, which is
 * the sample's if there is one.
 */
export type TakesModel = 'yes' | 'no' | 'if-any' | 'unless-fed'

export interface UserTarget {
  readonly kind: 'stages' | 'function' | 'script'
  /** Stages in the order they run; none for a script. */
  readonly stages: readonly UserStage[]
  readonly load: UserFunction | null
  /** A function or what it would give; null: none. */
  readonly samples: unknown
}

type Exports = Readonly<Record<string, unknown>>

/** A function, and the object that it is of. */
interface Found {
  readonly run: UserFunction
  readonly of: unknown
}

export interface ContractOptions {
  /** A file with one function and no stages is that function, and no script. */
  readonly single: boolean
}

/** `module`: what importing the file gave. Throws ContractError. */
export function targetOf(module: Exports, call: string | null, { single }: ContractOptions = { single: false }): UserTarget {
  const sources = sourcesOf(module, call ?? 'predict')
  const load = functionOf(sources, 'load')
  const shared = { load: load === null ? null : boundTo(load, module), samples: samplesOf(sources, module) }
  const stage = (name: string, found: Found, { predicts, isFirst }: Placed): UserStage => {
    const model = load === null ? 'no' : takesModel(found.run, predicts, isFirst)
    const { length } = found.run
    const members = predicts && isFirst && model === 'no' && length > 1 ? length : 0
    const parameters = model === 'yes' ? Math.max(0, length - 1) : model === 'no' ? length : 0
    return { name, call: boundTo(found, module), model, members, parameters }
  }
  if (call !== null) {
    const found = calledIn(sources, call)
    if (found === null) throw new ContractError(`it exports no function ${call}; ${offered(module)}`)
    return { ...shared, kind: 'function', stages: [stage(call, found, { predicts: true, isFirst: true })] }
  }
  const [before, after] = [functionOf(sources, 'preprocess'), functionOf(sources, 'postprocess')]
  const named = functionOf(sources, 'predict')
  const predict = named ?? wholeFunction(module) ?? (single ? singleFunction(module) : null)
  if (predict === null) return { ...shared, kind: 'script', stages: [] }
  const { name } = predict.run
  const stages = [
    ...(before === null ? [] : [stage('preprocess', before, { predicts: false, isFirst: true })]),
    stage(named === null ? name || 'default' : 'predict', predict, { predicts: true, isFirst: before === null }),
    ...(after === null ? [] : [stage('postprocess', after, { predicts: false, isFirst: false })]),
  ]
  return { ...shared, kind: named === null && stages.length === 1 ? 'function' : 'stages', stages }
}

interface Placed {
  readonly predicts: boolean
  readonly isFirst: boolean
}

/** What may have the functions, the likeliest first: what has the one that is called. CommonJS made of ES modules has their default in its own. */
function sourcesOf(module: Exports, method: string): readonly unknown[] {
  const whole = module.default
  const all = [whole, (whole as Exports | null | undefined)?.default, module].filter(isObject)
  const having = all.map((one) => objectWith(one, method)).filter((one) => isFunction(one[method]))
  return [...having, module, ...all]
}

const isObject = (value: unknown): value is Exports =>
  (typeof value === 'object' || typeof value === 'function') && value !== null

const isFunction = (value: unknown): value is UserFunction => typeof value === 'function' && !/^class\b/.test(textOf(value))

const textOf = (value: object): string => Function.prototype.toString.call(value)

/** An object of a class that gives its objects the method; anything else is as it is. */
function objectWith(value: Exports, method: string): Exports {
  const made = value as unknown as { new (): Exports; readonly prototype?: Exports }
  const isOfObjects = typeof value === 'function' && !Object.hasOwn(value, method) && isFunction(made.prototype?.[method])
  return isOfObjects ? new made() : value
}

function functionOf(sources: readonly unknown[], name: string): Found | null {
  const of = sources.find((one) => isFunction((one as Exports)[name]))
  return of === undefined ? null : { run: (of as Exports)[name] as UserFunction, of }
}

/** What a module exports belongs to nothing. */
const boundTo = ({ run, of }: Found, module: Exports): UserFunction => run.bind(of === module ? undefined : of) as UserFunction

function samplesOf(sources: readonly unknown[], module: Exports): unknown {
  const found = functionOf(sources, 'samples')
  if (found !== null) return boundTo(found, module)
  return sources.map((one) => (one as Exports).samples).find((one) => one !== undefined && one !== null) ?? null
}

/** 'predict', 'service.predict', 'Service.predict': of an object of the class. */
function calledIn(sources: readonly unknown[], call: string): Found | null {
  for (const source of sources) {
    let of: unknown = source
    let found: unknown = source
    for (const part of call.split('.')) {
      of = isObject(found) ? objectWith(found, part) : undefined
      found = (of as Exports | undefined)?.[part]
    }
    if (isFunction(found)) return { run: found, of }
  }
  return null
}

function wholeFunction(module: Exports): Found | null {
  const whole = module.default
  const found = [whole, (whole as Exports | null | undefined)?.default].find(isFunction)
  return found === undefined ? null : { run: found, of: module }
}

const PARTS = /^(load|samples|preprocess|postprocess|default|module\.exports)$/

function singleFunction(module: Exports): Found | null {
  const all = { ...(isObject(module.default) ? module.default : {}), ...module }
  const found = Object.entries(all).filter(([name, one]) => isFunction(one) && !PARTS.test(name))
  const [name, run] = found[0] ?? ['', null]
  if (found.length !== 1) return null
  const of = [module.default, module].find((one) => isObject(one) && one[name] === run)
  return { run: run as UserFunction, of }
}

function offered(module: Exports): string {
  const all = { ...(isObject(module.default) ? module.default : {}), ...module }
  const names = Object.keys(all).filter((name) => isFunction(all[name]) && !/^(default|module\.exports)$/.test(name))
  return names.length === 0 ? 'it has no functions' : `it has ${names.slice(0, 8).join(', ')}`
}

/** Its first parameter bears such a name. Those behind it may have defaults, which its length does not count. */
const MODEL_FIRST =
  /^(?:[^(=]*\(\s*(?:model|session|net|interpreter)\s*[,)=]|(?:async\s+)?(?:model|session|net|interpreter)\s*=>)/

function takesModel(run: UserFunction, predicts: boolean, isFirst: boolean): TakesModel {
  const named = MODEL_FIRST.test(textOf(run))
  if (!predicts) return named && run.length > 1 ? 'yes' : 'no'
  if (named || run.length > 1) return 'yes'
  if (run.length === 0) return 'if-any'
  return isFirst ? 'unless-fed' : 'no'
}

/** `model`: what `load` gave. */
export const isGivenModel = (stage: UserStage, model: unknown): boolean =>
  stage.model === 'yes' || (stage.model === 'if-any' && model !== undefined)

/** Whether a call takes a sample; `model`: what `load` gave. */
export function needsSample({ stages }: UserTarget, model: unknown): boolean {
  const [stage] = stages as readonly [UserStage]
  return (stage.model === 'unless-fed' && model === undefined ? stage.call.length : stage.parameters) > 0
}

/** The members of a sample, one for each parameter, as of an archive of arrays; null: it has not so many. */
function membersOf(sample: unknown, count: number): readonly unknown[] | null {
  const isRecord = typeof sample === 'object' && sample !== null && !ArrayBuffer.isView(sample)
  const members = Array.isArray(sample) ? sample : isRecord ? Object.values(sample) : []
  return members.length === count ? members : null
}

/** The stage as a step of a call. */
export function stepOf(stage: UserStage, model: unknown): (value: unknown) => unknown {
  const { call, members } = stage
  if (isGivenModel(stage, model)) return (x) => call(model, x)
  if (stage.model === 'unless-fed' && model !== undefined) return (x) => call(x === undefined ? model : x)
  if (members === 0) return call
  return (x) => {
    const own = membersOf(x, members)
    return own === null ? call(x) : call(...own)
  }
}
