// Operators with what their calls took in the window: on the device if there is one, joined with its kernels by the ids of the
// file; on the host their own time, without that of operators that they called.
import { type Detail, kindCode, type Timeline } from '../recordings/recording.ts'
import type { Callers } from './callers.ts'
import type { JudgedWork } from './device-work.ts'
import { byName, byStart, eventsOf, filterEvents, onceByName, selfTimes } from './events.ts'
import type { MatrixFacts, OperatorRow } from './facts.ts'
import { PairIndex } from './id-index.ts'
import { isMatrixKernel, isMatrixOperator, nodeName, shortKernelName, usesPlainUnits, usesTensorCores } from './names.ts'
import { bytesOf, flopsOf } from './work-of.ts'

/** Rows beyond are summed up as one. */
const MOST_ROWS = 2000

interface Group {
  name: string
  opType: string
  detail: number
  calls: number
  timeUs: number
  /** Time with the operators that it called. */
  wholeUs: number
  kernels: Map<string, number>
  /** What the file states of its kernels; `kernels` of them. */
  stated: { flops: number; bytes: number; withFlops: number; withBytes: number; kernels: number }
}

/** Rows of a device's work by operator and the shapes of its inputs, longest first. */
export function deviceRows(timeline: Timeline, { events }: JudgedWork, callers: Callers): OperatorRow[] {
  const { name, detail, details, names, durationUs } = timeline
  const kernelOf = onceByName(names, shortKernelName)
  const groups: Group[] = []
  const [pairs, ofPairs, ofKernels] = [new PairIndex(), [] as Group[], new Map<string, Group>()]
  const groupOf = (caller: number, kernel: string): Group => {
    const pair = caller < 0 ? -1 : pairs.of(name[caller]!, detail[caller]!)
    const known = caller < 0 ? ofKernels.get(kernel) : ofPairs[pair]
    if (known !== undefined) return known
    const text = caller < 0 ? kernel : names[name[caller]!]!
    const group = newGroup(text, text, caller < 0 ? 0 : detail[caller]!)
    groups.push(group)
    if (caller < 0) ofKernels.set(kernel, group)
    else ofPairs[pair] = group
    return group
  }
  const counted = new Uint8Array(timeline.length)
  for (const event of events) {
    const caller = callers(event)
    const kernel = kernelOf(name[event]!)
    const group = groupOf(caller, kernel)
    // An operator of many kernels is one call.
    const call = caller < 0 ? event : caller
    if (counted[call] === 0) group.calls++
    counted[call] = 1
    group.timeUs += durationUs[event]!
    group.wholeUs += durationUs[event]!
    addStated(group, details[detail[event]!]!)
    group.kernels.set(kernel, (group.kernels.get(kernel) ?? 0) + durationUs[event]!)
  }
  return rowsOf(timeline, groups)
}

function newGroup(name: string, opType: string, detail: number): Group {
  const stated = { flops: 0, bytes: 0, withFlops: 0, withBytes: 0, kernels: 0 }
  return { name, opType, detail, calls: 0, timeUs: 0, wholeUs: 0, kernels: new Map(), stated }
}

function addStated({ stated }: Group, { flops, accessedBytes }: Detail): void {
  stated.kernels++
  if (flops !== undefined) {
    stated.withFlops++
    stated.flops += flops
  }
  if (accessedBytes !== undefined) {
    stated.withBytes++
    stated.bytes += accessedBytes
  }
}

/** Rows of what ran on the host between two times, by operator and shapes. */
export function hostRows(
  timeline: Timeline,
  kind: 'op' | 'node' | 'slice' | 'python',
  fromUs: number,
  toUs: number,
): OperatorRow[] {
  const { name, detail, details, names, startUs } = timeline
  const inside = filterEvents(eventsOf(timeline, kind), (event) => startUs[event]! >= fromUs && startUs[event]! < toUs)
  const sorted = byStart(timeline, inside)
  const self = selfTimes(timeline, sorted)
  const [pairs, groups] = [new PairIndex(), [] as Group[]]
  for (let at = 0; at < sorted.length; at++) {
    const event = sorted[at]!
    const pair = pairs.of(name[event]!, detail[event]!)
    const group = groups[pair] ?? hostGroup(names[name[event]!]!, kind, details[detail[event]!]!.opType, detail[event]!)
    groups[pair] = group
    group.calls++
    group.timeUs += self[at]!
    group.wholeUs += timeline.durationUs[event]!
  }
  return rowsOf(timeline, groups)
}

function hostGroup(text: string, kind: string, opType: string | undefined, detail: number): Group {
  const name = kind === 'node' ? nodeName(text) : text
  return newGroup(name, opType ?? name, detail)
}

/** Operators that hand their work to another one, which is recorded too: it is counted there. */
const OUTER = /^aten::(linear|matmul|conv[123]d|_?convolution)$/
const INNER =
  /^(aten::(mm|addmm|bmm|baddbmm|mv|addmv|\w+_convolution(_\w+)?|thnn_conv2d|_slow_conv2d_forward|mkldnn_linear)|mkldnn::\w+)$/

/** An operator that keeps less of its time to itself has handed its work to those that it called. [ours] */
const OWN_WORK = 0.5

function rowsOf({ details }: Timeline, groups: readonly Group[]): OperatorRow[] {
  const hasInner = groups.some(({ opType }) => INNER.test(opType))
  const sorted = [...groups].sort((a, b) => b.timeUs - a.timeUs)
  const rows = sorted.slice(0, MOST_ROWS).map((group): OperatorRow => {
    const { shapes, types, concrete } = details[group.detail]!
    const { calls } = group
    const isOuter = (hasInner && OUTER.test(group.opType)) || group.timeUs < OWN_WORK * group.wholeUs
    const known = shapes === undefined || isOuter ? undefined : shapes
    const { stated } = group
    const all = (count: number, sum: number): number | null => (count > 0 && count === stated.kernels ? sum : null)
    const ofCalls = (each: number | null): number | null => (each === null ? null : each * calls)
    const flops = all(stated.withFlops, stated.flops) ?? ofCalls(known ? flopsOf(group.opType, known, concrete) : null)
    const bytes = all(stated.withBytes, stated.bytes) ?? ofCalls(known ? bytesOf(group.opType, known, types, concrete) : null)
    const kernel = [...group.kernels].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
    return {
      ...{ name: group.name, opType: group.opType, shapes: shapes ?? null, types: types ?? null, calls },
      ...{ timeMs: group.timeUs / 1000, kernel, flops, bytes },
    }
  })
  const rest = sorted.slice(MOST_ROWS)
  if (rest.length === 0) return rows
  const timeMs = rest.reduce((sum, { timeUs }) => sum + timeUs, 0) / 1000
  const name = `${rest.length} others`
  return [
    ...rows,
    { name, opType: 'others', shapes: null, types: null, calls: rest.length, timeMs, kernel: null, flops: null, bytes: null },
  ]
}

/** Matrix products and convolutions of a device, and by what they were computed, as far as names tell. */
export function matrixFacts(timeline: Timeline, { events }: JudgedWork, callers: Callers): MatrixFacts | null {
  const { name, detail, details, names, durationUs, kind } = timeline
  const sums = { totalMs: 0, tensorCoresMs: 0, plainMs: 0, unknownMs: 0 }
  let float32Ms: number | null = null
  const kernels = new Map<string, number>()
  const kernelOf = onceByName(names, shortKernelName)
  const isMatrixName = byName(timeline, isMatrixKernel)
  const isPointwise = byName(timeline, (one) => /elementwise|reduce_kernel/.test(one))
  const isProduct = byName(timeline, isMatrixOperator)
  const onTensorCores = byName(timeline, usesTensorCores)
  const onPlainUnits = byName(timeline, usesPlainUnits)
  for (const event of events) {
    if (kind[event] !== kindCode('kernel')) continue
    const caller = callers(event)
    const kernel = name[event]!
    const isMatrix = isMatrixName(kernel) || (caller >= 0 && isProduct(name[caller]!) && !isPointwise(kernel))
    if (!isMatrix) continue
    const ms = durationUs[event]! / 1000
    sums.totalMs += ms
    const how = onTensorCores(kernel) ? 'tensorCoresMs' : onPlainUnits(kernel) ? 'plainMs' : 'unknownMs'
    sums[how] += ms
    if (how === 'plainMs') kernels.set(kernelOf(kernel), (kernels.get(kernelOf(kernel)) ?? 0) + ms)
    const type = caller < 0 ? undefined : details[detail[caller]!]!.types?.find((one) => one !== '' && one !== 'Scalar')
    if (type !== undefined) float32Ms = (float32Ms ?? 0) + (type === 'float' ? ms : 0)
  }
  if (sums.totalMs === 0) return null
  return {
    ...sums,
    float32Ms,
    kernels: [...kernels]
      .sort((a, b) => b[1] - a[1])
      .map(([one]) => one)
      .slice(0, 5),
  }
}
