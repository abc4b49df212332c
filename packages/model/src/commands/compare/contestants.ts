// Who takes part in a comparison: every engine or model, opened as far as it goes, on the same inputs where it takes them. What does
// not open is a row with its reason, and the others go on.
import path from 'node:path'
import { checkConfig, checkConfigOfAny } from '@whyslow/command/config-entries.ts'
import { checkEngine, engineOptionsOf, placesOf } from '@whyslow/command/engine-options.ts'
import { canRead, modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import type { AvailableEngine } from '@whyslow/command/run.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { type ChosenInputs, chooseInputs } from '@whyslow/measure/choose-inputs.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engineById, engines, referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { Availability, Feeds } from '@whyslow/measure/engines/types.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { type Limits, SOFTWARE_GPU_CAP_MS, tryLimits } from '@whyslow/measure/trials/limits.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import type { NotMeasured, TrialLimits } from '@whyslow/measure/trials/port.ts'
import { tryTask } from '@whyslow/measure/try-once.ts'
import type { CompareOptions } from './options.ts'

export type DroppedOut = NotMeasured | { readonly outcome: 'not-here'; readonly reason: string; readonly fix: string }

/** An engine or a model that predicts. */
export interface Ready {
  /** Outputs are the first contestant's until its own are known. */
  readonly inputs: ChosenInputs
  /** As the first contestant's inputs are called here; null: it is fed with inputs of its own. */
  readonly renames: ReadonlyMap<string, string> | null
}

export interface Contestant {
  readonly id: string
  readonly model: Model
  readonly graph: GraphView
  readonly engineId: string
  readonly engine: AvailableEngine | null
  readonly state: { readonly ready: Ready } | { readonly out: DroppedOut }
}

export interface OpenedContestants {
  readonly contestants: readonly Contestant[]
  /** What the others' inputs are made from, and whose outputs theirs are compared with. In `contestants` if it was requested. */
  readonly first: Contestant & { readonly state: { readonly ready: Ready } }
  readonly notHere: readonly { readonly id: string; readonly reason: string; readonly fix: string }[]
}

export interface OpeningContext {
  readonly options: CompareOptions
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  readonly progress: (stage: string, done: number, of: number) => void
}

/** A software adapter is the CPU under a GPU's interface. */
export const isSoftware = (engine: AvailableEngine | null): boolean => engine?.deviceKind === 'software-gpu'

/** Limits of one process. */
export function limitsFor(
  { engine, engineId }: Pick<Contestant, 'engine' | 'engineId'>,
  { limits, options }: OpeningContext,
): TrialLimits {
  const startMs = engineById(engineId)?.startMs ?? 0
  const asked = options.limitSeconds * 1000
  return {
    timeMs: startMs + (isSoftware(engine) ? Math.min(asked, SOFTWARE_GPU_CAP_MS) : asked),
    memoryBytes: limits.memoryBytes,
    signal: limits.signal,
  }
}

/** Several batches are made out of single samples. */
const batchOf = ({ batches }: CompareOptions): number | null => (batches === null ? null : batches.length > 1 ? 1 : batches[0]!)

/** Inputs as an engine was seen to accept them. Throws InputError as `chooseInputs` does. */
function choose({ model, graph, engineId }: Base, { options, limits }: OpeningContext, folder: string): Promise<ChosenInputs> {
  const constraints = {
    ...options,
    run: options.trials.run,
    batch: batchOf(options),
    engine: engineId,
    engineOptions: engineOptionsOf(options, { model, engineId }),
    folder,
    limits,
  }
  return chooseInputs(model, graph, constraints)
}

/** One model on several engines. Throws InputError if none of them is installed, or none takes the model. */
export async function openEngines(model: Model, opening: OpeningContext): Promise<OpenedContestants> {
  const { options } = opening
  for (const id of options.engines ?? []) checkEngine(id, '--engines')
  const graph = viewGraph(model)
  const asked = options.engines ?? engines.map(({ id }) => id).filter((id) => canRead(model, id))
  const ids = [...new Set([...asked, referenceEngine.id])]
  const found: Availability[] = []
  // One after the other, as `engines` does: on two CPUs two browsers and six processes at once reach their limit, and are then not here.
  for (const [done, id] of ids.entries()) {
    opening.progress(`looking for ${id}`, done, ids.length)
    found.push(await describeEngine(options.trials.run, id, placesOf(options), options.signal))
  }
  const available = ids.flatMap((id, i) => (found[i]!.ok ? [{ id, engine: found[i] as AvailableEngine }] : []))
  const withKeys = available.filter(({ id, engine }) => id === referenceEngine.id || engine.configuration !== undefined)
  checkConfigOfAny(options.configEntries, withKeys)
  const missing = ids.flatMap((id, i) => {
    const one = found[i]!
    return one.ok || !asked.includes(id) ? [] : [{ id, reason: one.reason, fix: one.fix }]
  })

  // The reference first: its inputs are the others'.
  const order = [...available].sort((x, y) => Number(y.id === referenceEngine.id) - Number(x.id === referenceEngine.id))
  const contestants = new Map<string, Contestant>()
  let first: OpenedContestants['first'] | undefined
  let refusal: unknown
  for (const [i, { id, engine }] of order.entries()) {
    opening.progress(`opening the model with ${id}`, i, order.length)
    const base = { id, model, graph, engineId: id, engine }
    try {
      const own = { ...base, model: await modelForEngine(model, id, opening.folder) }
      if (first === undefined) {
        const inputs = await choose(own, opening, opening.folder)
        first = { ...own, state: { ready: { inputs, renames: new Map() } } }
        contestants.set(id, first)
        continue
      }
      // Its first round tells whether it takes the model: starting some engines twice takes longer than the round.
      const inputs = { ...first.state.ready.inputs, threadsInUse: options.threads || 1, warnings: [] }
      contestants.set(id, { ...own, state: { ready: { inputs, renames: new Map() } } })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      // What the first engine says is what the user reads where none runs the model.
      refusal ??= error
      contestants.set(id, { ...base, state: { out: { outcome: 'failed', reason: error.message } } })
    }
  }
  if (first === undefined) {
    throw (
      refusal ??
      new InputError(`no engine is installed: ${missing.map(({ id, reason, fix }) => `${id}: ${reason}; ${fix}`).join('; ')}`)
    )
  }
  for (const one of missing) {
    const base = { id: one.id, model, graph, engineId: one.id, engine: null }
    if (options.engines !== null) contestants.set(one.id, { ...base, state: { out: { outcome: 'not-here', ...one } } })
  }
  return {
    contestants: asked.flatMap((id) => contestants.get(id) ?? []),
    first,
    notHere: options.engines === null ? missing : [],
  }
}

/** Several models on one engine. Throws InputError if the engine is not installed, or if it runs none of them. */
export async function openModels(models: readonly Model[], opening: OpeningContext): Promise<OpenedContestants> {
  const { options, folder } = opening
  checkEngine(options.engine, '--engine')
  const engine = await describeEngine(options.trials.run, options.engine, placesOf(options), options.signal)
  if (!engine.ok) throw new InputError(`engine ${options.engine} cannot be used: ${engine.reason}; ${engine.fix}`)
  checkConfig(options.configEntries, options.engine, engine)
  const graphs = models.map(viewGraph)
  checkNames(options, graphs)
  const contestants: Contestant[] = []
  let first: OpenedContestants['first'] | undefined
  let refusal: unknown
  for (const [i, model] of models.entries()) {
    opening.progress(`opening ${model.source.file}`, i, models.length)
    const own = path.join(folder, `model-${i}`)
    const base = { id: model.source.file, model, graph: graphs[i]!, engineId: options.engine, engine }
    const ownOpening = { ...opening, options: { ...options, ...ownFlags(options, base.graph) } }
    try {
      const given = { ...base, model: await modelForEngine(model, options.engine, folder) }
      if (first !== undefined) {
        contestants.push({ ...given, state: await tryModel(given, first, ownOpening, own) })
        continue
      }
      const inputs = await choose(given, ownOpening, own)
      first = { ...given, state: { ready: { inputs, renames: new Map() } } }
      contestants.push(first)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      refusal ??= error
      contestants.push({ ...base, state: { out: { outcome: 'failed', reason: error.message } } })
    }
  }
  if (first === undefined) throw refusal
  return { contestants, first, notHere: [] }
}

type Base = Omit<Contestant, 'state'>

/** Tries the model with the first model's inputs, else with inputs of its own. */
async function tryModel(
  base: Base,
  first: OpenedContestants['first'],
  opening: OpeningContext,
  folder: string,
): Promise<Contestant['state']> {
  const { inputs } = first.state.ready
  const renames = renamesOf(first.graph, base.graph, inputs.samples[0]!)
  if (renames !== null) {
    const state = await tryWith(base, { inputs, renames }, opening, folder)
    if ('ready' in state || state.out.outcome !== 'failed') return state
  }
  try {
    return { ready: { inputs: await choose(base, opening, folder), renames: null } }
  } catch (error) {
    if (error instanceof InputError) return { out: { outcome: 'failed', reason: error.message } }
    throw error
  }
}

async function tryWith(
  base: Base,
  { inputs, renames }: { readonly inputs: ChosenInputs; readonly renames: ReadonlyMap<string, string> },
  opening: OpeningContext,
  folder: string,
): Promise<Contestant['state']> {
  const samples = renameFeeds(inputs.samples, renames)
  const saved = renames.size === 0 ? inputs.saved : saveInputs(path.join(folder, 'inputs'), samples)
  const engineOptions = engineOptionsOf(opening.options, base)
  const task = modelTask(base.engineId, fileForEngine(base.model), engineOptions, saved)
  const limits = { ...tryLimits(opening.limits), ...limitsFor(base, opening) }
  const trial = await opening.options.trials.run(tryTask, task, limits)
  if (trial.outcome !== 'measured') return { out: trial }
  const { outputs, poolThreads, loadMs, predictionMs } = trial.value
  const resolved = inputs.resolved.map((input) => ({ ...input, name: renames.get(input.name) ?? input.name }))
  const threadsInUse = engineOptions.threads || poolThreads || 1
  const found = { outputs, firstLook: { loadMs, predictionMs }, threadsInUse, warnings: [] }
  return { ready: { inputs: { ...inputs, resolved, samples, saved, ...found }, renames } }
}

export const renameFeeds = (samples: readonly Feeds[], renames: ReadonlyMap<string, string>): readonly Feeds[] =>
  renames.size === 0
    ? samples
    : samples.map((feeds) => Object.fromEntries(Object.entries(feeds).map(([name, value]) => [renames.get(name) ?? name, value])))

/**
 * What the first model's inputs are called in the other: by name, else by place. An empty map: the same names. null if the other
 * takes other types.
 */
function renamesOf(first: GraphView, other: GraphView, sample: Feeds): ReadonlyMap<string, string> | null {
  if (first.inputs.length !== other.inputs.length) return null
  const sameNames = first.inputs.every(({ name }) => other.inputs.some((input) => input.name === name))
  const pairs = first.inputs.map((input, i) => ({
    from: input.name,
    to: sameNames ? other.inputs.find(({ name }) => name === input.name)! : other.inputs[i]!,
  }))
  const fits = pairs.every(({ from, to }) => {
    const value = sample[from]
    if (value === undefined || to.dtype !== value.dtype) return false
    const { shape } = to
    return (
      shape === null ||
      (shape.length === value.shape.length && shape.every((size, axis) => typeof size !== 'number' || size === value.shape[axis]))
    )
  })
  if (!fits) return null
  return sameNames ? new Map() : new Map(pairs.map(({ from, to }) => [from, to.name]))
}

/** --shape and --value of the inputs that the model has. */
function ownFlags({ shapes, values }: CompareOptions, graph: GraphView): Pick<CompareOptions, 'shapes' | 'values'> {
  const own = <T>(flags: ReadonlyMap<string, T>) =>
    new Map([...flags].filter(([name]) => name === '' || graph.inputs.some((input) => input.name === name)))
  return { shapes: own(shapes), values: own(values) }
}

/** A name that no model has is a mistake, and the reader of the first model says which there are. */
function checkNames({ shapes, values }: CompareOptions, graphs: readonly GraphView[]): void {
  const names = new Set(graphs.flatMap(({ inputs }) => inputs.map(({ name }) => name)))
  for (const [flag, given] of [['--shape', shapes] as const, ['--value', values] as const]) {
    const unknown = [...given.keys()].find((name) => name !== '' && !names.has(name))
    if (unknown === undefined) continue
    throw new InputError(`${flag} ${unknown}: no model has such an input; there are ${[...names].slice(0, 5).join(', ')}`)
  }
}
