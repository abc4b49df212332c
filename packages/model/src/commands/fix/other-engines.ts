// Engines of this machine that `fix` may ship in place of the measured one, or looks at to say what they would give. Each is looked for in
// a process of its own, and by `fix` alone.
import { placesOf } from '@whyslow/command/engine-options.ts'
import { canRead } from '@whyslow/command/model-files/model-for-engine.ts'
import type { Run } from '@whyslow/command/run.ts'
import { cutAtBoth, endsOf } from '@whyslow/compile/read/ends.ts'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Model, tabularOf } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { nodeName, viewGraph } from '@whyslow/graph/view.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engines } from '@whyslow/measure/engines/index.ts'
import type { Engine } from '@whyslow/measure/engines/types.ts'
import type { Profile } from '@whyslow/measure/timing/types.ts'
import { remedies } from '../../remedies/index.ts'
import type { OtherEngine, Remedy } from '../../remedies/kit/remedy.ts'
import { engineChoice } from '../../remedies/settings/engine-choice.ts'
import type { FixOptions } from './options.ts'
import { hasDoubleEnds, wideNode } from './wide-numbers.ts'

/** TensorFlow.js in WebAssembly was faster on no model that was measured (docs/engines.md). */
const NOT_SHIPPED = 'fix does not ship it'

const CHOICES = remedies.filter(({ kind }) => kind === 'engine')

/** Refused before anything is measured: an engine that `--ship-engines` names, or whose place an option does, and that is not installed. */
export async function checkNamedEngines(options: FixOptions): Promise<void> {
  if (!isTried(engineChoice, options)) return
  const { trials, signal } = options
  for (const [id, flag] of namedBy(options)) {
    const here = await describeEngine(trials.run, id, placesOf(options), signal)
    if (!here.ok) throw new InputError(`engine ${id} (${flag}) cannot be used: ${here.reason}; ${here.fix}`)
  }
}

/** The option that names each engine, keyed by engine; an option for a place names only the first engine there. */
function namedBy(options: FixOptions): ReadonlyMap<string, string> {
  const named = new Map<string, string>()
  const places = new Set<string>()
  for (const { id, offers, placeOption } of engines) {
    if (id === options.engine || !offers.includes('alternative')) continue
    const place = placeOption === undefined || places.has(placeOption) ? null : options[placeOption]
    if (placeOption !== undefined) places.add(placeOption)
    if (options.engines?.includes(id)) named.set(id, '--ship-engines')
    else if (place !== null) named.set(id, `--${placeOption}`)
  }
  return named
}

/** A model alone says nothing of what runs it. */
const isTried = ({ id, goals }: Pick<Remedy, 'id' | 'goals'>, { only, goal, modelAlone }: FixOptions): boolean =>
  !modelAlone && (only?.includes(id) ?? true) && goals.includes(goal)

/** None if no remedy of them is requested. */
export async function otherEngines(
  options: FixOptions,
  { model, graph }: Pick<Run, 'model' | 'graph'>,
  profile?: Profile,
): Promise<readonly OtherEngine[]> {
  const { only, engine: measured, engines: wanted, trials, signal } = options
  if (!CHOICES.some((one) => isTried(one, options))) return []
  const asked = (id: string) => only?.includes(id) ?? true
  const named = namedBy(options)
  const isUnable = hasMlNodes(graph) && only === null
  const written = asked('compile') ? writtenFor(model, profile) : undefined
  const others = engines.filter(
    (one) =>
      one.id !== measured &&
      (one.offers.includes('generated')
        ? written !== undefined
        : asked('engine-choice') &&
          !(isUnable && !named.has(one.id)) &&
          (one.offers.includes('alternative') || isLookedAt(one, model))),
  )
  const found: OtherEngine[] = []
  /** Whether the first engine of each package is installed, keyed by package: its other engines differ in their precision alone. */
  const firstIsHere = new Map<string, boolean>()
  for (const one of others) {
    if (firstIsHere.get(one.package) === false) continue
    const here = await describeEngine(trials.run, one.id, placesOf(options), signal)
    if (!firstIsHere.has(one.package)) firstIsHere.set(one.package, here.ok)
    if (!here.ok) continue
    const unwanted = wanted === null || wanted.includes(one.id) ? null : `${one.id} is not among --ship-engines`
    const refused = one.offers.includes('looked-at') ? NOT_SHIPPED : (narrowedBy(one, graph) ?? unwanted)
    const inFloat = options.keepsEngine === null ? {} : { refusedInFloat: options.keepsEngine }
    const effect = one.offers.includes('narrow-numbers') && hasDoubleEnds(graph) ? 'approximate' : effectOf(one)
    const other = { id: one.id, version: here.version, name: nameOf(one, here.version), effect, refused, ...inFloat }
    const how = one.offers.includes('generated')
      ? { generated: true as const, ...written, ...opensFor(one, model) }
      : takenWith(one, model)
    found.push({ ...other, ...how })
  }
  return found
}

/** Whether it has operators of trees and tables, which ONNX Runtime alone has: unless it is asked for, another engine is not shown to fail on them. */
const hasMlNodes = ({ nodes }: GraphView): boolean => nodes.some(({ domain }) => domain === 'ai.onnx.ml')

/** Whatever outputs it gives on the inputs that are tried. */
function narrowedBy({ offers }: Engine, graph: GraphView): string | null {
  const wide = offers.includes('narrow-numbers') ? wideNode(graph) : undefined
  return wide === undefined ? null : `it computes numbers of 64 bits in 32, and ${wide} may need them`
}

/** Engines that the model's owner may run it on; the time of its own file there is in the row of the conversion. */
const isLookedAt = ({ id, formats, offers }: Engine, model: Model): boolean =>
  offers.includes('looked-at') && !formats.includes(model.source.format) && canRead(model, id)

/** The whole of a model or its ends; undefined if no code can be written for any of it. */
function writtenFor(model: Model, profile: Profile | undefined): Pick<OtherEngine, 'ends'> | undefined {
  if (compilableOf(model).ok) return {}
  const { graph } = model.proto
  if (graph === undefined || tabularOf(model) !== undefined) return undefined
  const types = new Map(Object.entries(viewGraph(model).types))
  for (const node of profile?.nodes ?? []) {
    const names = [...node.inputs, ...node.outputs]
    for (const [k, type] of [...node.inputTypes, ...node.outputTypes].entries()) if (type) types.set(names[k]!, type)
  }
  const found = endsOf(model, (value) => types.get(value))
  const both = cutAtBoth(model, found)
  const ends = [
    ...(found.head === undefined ? [] : [{ variant: 'head', cut: { head: found.head.at }, nodes: found.head.nodes }]),
    ...(found.tail === undefined ? [] : [{ variant: 'tail', cut: { tail: found.tail.at }, nodes: found.tail.nodes }]),
    ...(both === undefined ? [] : [{ variant: 'ends', cut: both, nodes: [...found.head!.nodes, ...found.tail!.nodes] }]),
  ]
  if (ends.length === 0) return undefined
  const named = new Map(graph.node.map((node, index) => [node, nodeName(node, index)]))
  return { ends: ends.map(({ nodes, ...one }) => ({ ...one, nodes: nodes.map((node) => named.get(node)!) })) }
}

/** What opens a model that is compiled whole. */
const opensFor = ({ formats }: Engine, { source }: Model): Pick<OtherEngine, 'opens'> =>
  formats.includes(source.format) ? { opens: 'source' } : {}

/** What a model can be written as, for an engine that does not read ONNX. */
const WRITTEN = ['tflite', 'tfjs'] as const

/** What sets it apart from the engine that is measured. */
const takenWith = (
  { id, runtime = id, formats, offers }: Engine,
  { source, signature }: Model,
): Pick<OtherEngine, 'format' | 'int8' | 'runsFileToday' | 'oneThreadUntold'> => ({
  ...(WRITTEN.flatMap((format) => (!formats.includes('onnx') && formats.includes(format) ? [{ format }] : []))[0] ?? {}),
  ...(offers.includes('int8') ? { int8: formats.includes('onnx') ? ('onnx' as const) : ('tflite' as const) } : {}),
  // Of a signature that the runtime does not run by itself, the file says nothing of how its owner runs it.
  ...(formats.includes('onnx') || !formats.includes(source.format) || signature !== undefined ? {} : { runsFileToday: runtime }),
  ...(offers.includes('one-thread-default') ? { oneThreadUntold: true } : {}),
})

const nameOf = ({ id, runtime = id, precision }: Engine, version: string): string =>
  `${runtime} ${version}${precision === undefined ? '' : ` in ${precision}`}`

const effectOf = ({ precision }: Engine): OtherEngine['effect'] =>
  precision === undefined || precision === 'float32' ? 'rounding' : 'approximate'
