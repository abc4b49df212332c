// What the host's threads were at in the window: operators, calls, loading of data, and the time in which nothing was recorded.
import { median } from '@whyslow/measure/statistics/index.ts'
import { kindCode, type Timeline } from '../recordings/recording.ts'
import type { HostSets } from './device-facts.ts'
import { byName, byStart, endOf, eventsOf, filterEvents } from './events.ts'
import type { HostFacts, HostParts, ShapeFacts, TrainingFacts } from './facts.ts'
import { PairIndex } from './id-index.ts'
import { clipTo, difference, gaps, IntervalList, type Intervals, intersection, lengthOf, partition, union } from './intervals.ts'
import { isAllocating, isBackward, isCompiling, isMatrixOperator, isTrainingOnly } from './names.ts'
import type { Steps } from './window.ts'

export interface HostContext {
  readonly timeline: Timeline
  /** The thread that is judged. */
  readonly thread: number
  readonly fromUs: number
  readonly toUs: number
  /** What the thread was at. */
  readonly sets: HostSets
  /** What the device was busy with; undefined: none was recorded. */
  readonly busy: Intervals | undefined
}

export function hostFacts(context: HostContext): HostFacts {
  const { sets, fromUs, toUs, busy } = context
  const length = toUs - fromUs
  const share = (set: Intervals): number => lengthOf(set) / length
  const nothing = gaps(union(...Object.values(sets)), fromUs, toUs)
  const frames = framesOf(context)
  const exposed = busy === undefined ? sets.dataLoading : difference(sets.dataLoading, busy)
  return {
    parts: partsOf(context),
    unrecorded: share(nothing),
    operators: share(sets.operators),
    dataLoading: share(sets.dataLoading),
    exposedDataLoading: share(exposed),
    compiling: share(sets.compiling),
    compilations: countOf(context, isCompiling),
    allocating: share(sets.allocating),
    allocations: countOf(context, isAllocating),
    python: frames === null ? null : share(intersection(nothing, frames)),
    stacks: frames !== null,
  }
}

function partsOf({ sets, fromUs, toUs }: HostContext): HostParts {
  const { dataLoading, compiling, allocating, operators } = sets
  const framework = union(sets.synchronising, sets.launching, sets.spans)
  const whole = { starts: Float64Array.of(fromUs), ends: Float64Array.of(toUs) }
  const lengths = partition(whole, [dataLoading, compiling, allocating, operators, framework])
  const share = (part: number): number => (toUs > fromUs ? lengths[part]! / (toUs - fromUs) : 0)
  return {
    ...{ dataLoading: share(0), compiling: share(1), allocating: share(2), operators: share(3) },
    ...{ framework: share(4), unrecorded: share(5) },
  }
}

function framesOf({ timeline, thread, fromUs, toUs }: HostContext): Intervals | null {
  const list = new IntervalList()
  for (const event of eventsOf(timeline, 'python'))
    if (timeline.track[event] === thread) list.add(timeline.startUs[event]!, endOf(timeline, event))
  return list.length === 0 ? null : clipTo(list.merged(), fromUs, toUs)
}

function countOf({ timeline, thread, fromUs, toUs }: HostContext, ask: (name: string) => boolean): number {
  const asked = byName(timeline, ask)
  let count = 0
  for (const event of eventsOf(timeline, 'op', 'runtime', 'launch', 'annotation', 'slice', 'python')) {
    const start = timeline.startUs[event]!
    if (timeline.track[event] === thread && start >= fromUs && start < toUs && asked(timeline.name[event]!)) count++
  }
  return count
}

/** What tells training from prediction: operators that only training needs, autograd, a backward pass. */
export function trainingFacts({ timeline, thread, fromUs, toUs }: HostContext): TrainingFacts | null {
  const { name, names, details, detail, durationUs, startUs, track } = timeline
  const calls = new Map<string, number>()
  const isOnly = byName(timeline, isTrainingOnly)
  const isBack = byName(timeline, isBackward)
  const isMatrix = byName(timeline, isMatrixOperator)
  let [backward, any, tracked, operators, trainingUs, operatorsUs] = [false, false, 0, 0, 0, 0]
  for (const event of eventsOf(timeline, 'op', 'kernel', 'annotation')) {
    const one = name[event]!
    const told = details[detail[event]!]!
    if (isBack(one) || told.backward === true) backward = true
    if (startUs[event]! < fromUs || startUs[event]! >= toUs) continue
    const isOperator = timeline.kind[event] === kindCode('op')
    if (isOperator && isMatrix(one)) operators++
    if (isOperator) any = true
    // Of the model's own: what makes its inputs may be tracked, and costs nothing.
    if (told.sequence === true && isMatrix(one)) tracked++
    if (isOperator && track[event] === thread) operatorsUs += durationUs[event]!
    if (!isOnly(one) && !runsTraining(names[one]!, told.concrete)) continue
    calls.set(names[one]!, (calls.get(names[one]!) ?? 0) + 1)
    trainingUs += durationUs[event]!
  }
  if (!any) return null
  const trainingOnly = [...calls].map(([one, count]) => ({ name: one, calls: count })).sort((a, b) => b.calls - a.calls)
  return { trainingOnly, trainingMs: trainingUs / 1000, backward, tracked, operators, operatorsMs: operatorsUs / 1000 }
}

/** Whether the operator runs training, by its own argument `training`. */
function runsTraining(name: string, concrete: readonly string[] | undefined): boolean {
  if (concrete === undefined) return false
  if (name === 'aten::batch_norm') return concrete[5] === 'True'
  return name === 'aten::dropout' && concrete[2] === 'True' && concrete[1] !== '0.' && concrete[1] !== '0'
}

/** Whether matrix products and convolutions meet shapes after the first step that no step before had. */
export function shapeFacts({ timeline, thread, fromUs, toUs }: HostContext, steps: Steps | undefined): ShapeFacts | null {
  if (steps === undefined || steps.all.length < 2) return null
  const isMatrix = byName(timeline, isMatrixOperator)
  const { name, detail, details, startUs, track } = timeline
  const events = filterEvents(
    eventsOf(timeline, 'op'),
    (event) => track[event] === thread && isMatrix(name[event]!) && details[detail[event]!]!.shapes !== undefined,
  )
  if (events.length === 0) return null
  const pairs = new PairIndex()
  const fresh: number[] = []
  const outer = outermost(timeline, byStart(timeline, events))
  let step = 0
  for (const event of outer) {
    while (step + 1 < steps.all.length && steps.all[step + 1]!.startUs <= startUs[event]!) step++
    const known = pairs.length
    const isNew = pairs.of(name[event]!, detail[event]!) === known
    if (isNew && step > 0 && startUs[event]! >= fromUs && startUs[event]! < toUs) fresh.push(event)
  }
  const excess = excessUs(timeline, outer, fresh) / (toUs - fromUs)
  return { newShapes: fresh.length, operators: outer.length, excess }
}

/** aten::linear holds aten::addmm: one product. */
function outermost(timeline: Timeline, sorted: Uint32Array): Uint32Array {
  let end = Number.NEGATIVE_INFINITY
  return filterEvents(sorted, (event) => {
    if (timeline.startUs[event]! < end) return false
    end = endOf(timeline, event)
    return true
  })
}

/** What these calls took beyond the median call of their layer. */
function excessUs(timeline: Timeline, events: Uint32Array, fresh: readonly number[]): number {
  if (fresh.length === 0) return 0
  const { name, detail, details, durationUs } = timeline
  // What a product's weights are tells calls of one layer from those of another.
  const layerOf = (event: number): string =>
    `${name[event]} ${details[detail[event]!]!.shapes!.findLast((shape) => shape.length > 1)}`
  const [pairs, layers] = [new PairIndex(), [] as string[]]
  const layerAt = (event: number): string => {
    const pair = pairs.of(name[event]!, detail[event]!)
    layers[pair] ??= layerOf(event)
    return layers[pair]
  }
  const times = new Map<string, number[]>(fresh.map((event) => [layerAt(event), []]))
  for (const event of events) times.get(layerAt(event))?.push(durationUs[event]!)
  const typical = new Map([...times].map(([layer, all]) => [layer, median(all)]))
  return fresh.reduce((sum, event) => sum + Math.max(0, durationUs[event]! - typical.get(layerAt(event))!), 0)
}
