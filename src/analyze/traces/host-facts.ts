// What the host's threads were at in the window: operators, calls, loading of data, and the time in which nothing was recorded.
import { kindCode, type Timeline } from '../../evidence/traces/recording.ts'
import { hostSets } from './device-facts.ts'
import { byName, byStart, endOf, eventsOf } from './events.ts'
import type { HostFacts, ShapeFacts, TrainingFacts } from './facts.ts'
import { difference, gaps, IntervalList, type Intervals, intersection, lengthOf, union } from './intervals.ts'
import { isAllocating, isBackward, isCompiling, isMatrixOperator, isTrainingOnly } from './names.ts'
import { median, type Step, type Steps } from './window.ts'

export interface HostContext {
  readonly timeline: Timeline
  /** The thread that is judged. */
  readonly thread: number
  readonly fromUs: number
  readonly toUs: number
  /** What the device was busy with; undefined: none was recorded. */
  readonly busy?: Intervals
}

export function hostFacts(context: HostContext): HostFacts {
  const { timeline, thread, fromUs, toUs, busy } = context
  const length = toUs - fromUs
  const sets = hostSets(timeline, thread, context, busy === undefined)
  const share = (set: Intervals): number => lengthOf(set) / length
  const known = [
    sets.operators,
    sets.launching,
    sets.synchronising,
    sets.allocating,
    sets.compiling,
    sets.dataLoading,
    sets.spans,
  ].reduce(union)
  const nothing = gaps(known, fromUs, toUs)
  const frames = framesOf(context)
  const exposed = busy === undefined ? sets.dataLoading : difference(sets.dataLoading, busy)
  return {
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

function framesOf({ timeline, thread, fromUs, toUs }: HostContext): Intervals | null {
  const list = new IntervalList()
  for (const event of eventsOf(timeline, 'python'))
    if (timeline.track[event] === thread) list.add(timeline.startUs[event]!, endOf(timeline, event))
  return list.length === 0 ? null : list.merged(fromUs, toUs)
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

/** By the operator's own argument `training`. */
function runsTraining(name: string, concrete: readonly string[] | undefined): boolean {
  if (concrete === undefined) return false
  if (name === 'aten::batch_norm') return concrete[5] === 'True'
  return name === 'aten::dropout' && concrete[2] === 'True' && concrete[1] !== '0.' && concrete[1] !== '0'
}

/** Whether matrix products and convolutions meet shapes after the first step that no step before had. */
export function shapeFacts({ timeline, thread, fromUs, toUs }: HostContext, steps: Steps | undefined): ShapeFacts | null {
  if (steps === undefined || steps.all.length < 2) return null
  const isMatrix = byName(timeline, isMatrixOperator)
  const { name, detail, details, startUs, durationUs, track } = timeline
  const events = eventsOf(timeline, 'op').filter(
    (event) => track[event] === thread && isMatrix(name[event]!) && details[detail[event]!]!.shapes !== undefined,
  )
  if (events.length === 0) return null
  const seen = new Set<number>()
  const fresh: number[] = []
  const typical = new Map<string, number[]>()
  // What a product's weights are tells calls of one layer from those of another.
  const layerOf = (event: number): string =>
    `${name[event]} ${details[detail[event]!]!.shapes!.findLast((shape) => shape.length > 1)}`
  let [outerEnd, count] = [Number.NEGATIVE_INFINITY, 0]
  for (const event of byStart(timeline, events)) {
    // aten::linear holds aten::addmm: one product.
    if (startUs[event]! < outerEnd) continue
    outerEnd = endOf(timeline, event)
    count++
    const step = stepAt(steps.all, startUs[event]!)
    const key = name[event]! * 500_000 + detail[event]!
    if (!seen.has(key) && step > 0 && startUs[event]! >= fromUs && startUs[event]! < toUs) fresh.push(event)
    seen.add(key)
    const times = typical.get(layerOf(event))
    if (times === undefined) typical.set(layerOf(event), [durationUs[event]!])
    else times.push(durationUs[event]!)
  }
  const excessUs = fresh.reduce((sum, event) => sum + Math.max(0, durationUs[event]! - median(typical.get(layerOf(event))!)), 0)
  return { newShapes: fresh.length, operators: count, excess: excessUs / (toUs - fromUs) }
}

function stepAt(steps: readonly Step[], at: number): number {
  let step = -1
  while (step + 1 < steps.length && steps[step + 1]!.startUs <= at) step++
  return step
}
