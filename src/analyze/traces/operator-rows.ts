// Operators with what their calls took in the window: on the device where there is one, joined with its kernels by the ids of the
// file; on the host their own time, without that of operators that they called.
import { type Detail, kindCode, type Timeline } from '../../evidence/traces/recording.ts'
import type { Callers } from './callers.ts'
import type { Judged } from './device-work.ts'
import { byStart, eventsOf, selfTimes } from './events.ts'
import type { MatrixFacts, OperatorRow } from './facts.ts'
import { isMatrixKernel, isMatrixOperator, nodeName, shortKernelName, usesPlainUnits, usesTensorCores } from './names.ts'
import { bytesOf, flopsOf } from './work-of.ts'

/** Rows beyond are summed up as one. */
const MOST_ROWS = 2000

interface Group {
  name: string
  opType: string
  detail: number
  calls: Set<number> | number
  timeUs: number
  /** With the operators that it called. */
  wholeUs: number
  kernels: Map<string, number>
  /** What the file states of its kernels; `kernels` of them. */
  stated: { flops: number; bytes: number; withFlops: number; withBytes: number; kernels: number }
}

const nothingStated = (): Group['stated'] => ({ flops: 0, bytes: 0, withFlops: 0, withBytes: 0, kernels: 0 })

/** By operator and the shapes of its inputs, longest first: of a device's work. */
export function deviceRows(timeline: Timeline, { events }: Judged, callers: Callers): OperatorRow[] {
  const { name, detail, details, names, durationUs } = timeline
  const groups = new Map<string, Group>()
  for (const event of events) {
    const caller = callers(event)
    const kernel = shortKernelName(names[name[event]!]!)
    const key = caller < 0 ? kernel : `${name[caller]} ${detail[caller]}`
    const group = groups.get(key) ?? {
      ...{ name: caller < 0 ? kernel : names[name[caller]!]!, opType: caller < 0 ? kernel : names[name[caller]!]! },
      ...{ detail: caller < 0 ? 0 : detail[caller]!, calls: new Set<number>(), timeUs: 0, wholeUs: 0 },
      ...{ kernels: new Map<string, number>(), stated: nothingStated() },
    }
    groups.set(key, group)
    if (typeof group.calls !== 'number') group.calls.add(caller < 0 ? -1 - event : caller)
    group.timeUs += durationUs[event]!
    group.wholeUs += durationUs[event]!
    addStated(group, details[detail[event]!]!)
    group.kernels.set(kernel, (group.kernels.get(kernel) ?? 0) + durationUs[event]!)
  }
  return rowsOf(timeline, [...groups.values()])
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

/** By operator and shapes: of what ran on the host between two times. */
export function hostRows(
  timeline: Timeline,
  kind: 'op' | 'node' | 'slice' | 'python',
  fromUs: number,
  toUs: number,
): OperatorRow[] {
  const { name, detail, details, names, startUs } = timeline
  const inside = eventsOf(timeline, kind).filter((event) => startUs[event]! >= fromUs && startUs[event]! < toUs)
  const groups = new Map<string, Group>()
  const sorted = byStart(timeline, inside)
  const self = selfTimes(timeline, sorted)
  for (let at = 0; at < sorted.length; at++) {
    const event = sorted[at]!
    const key = `${name[event]} ${detail[event]}`
    const group = groups.get(key) ?? hostGroup(names[name[event]!]!, kind, details[detail[event]!]!.opType, detail[event]!)
    groups.set(key, group)
    if (typeof group.calls === 'number') group.calls++
    group.timeUs += self[at]!
    group.wholeUs += timeline.durationUs[event]!
  }
  return rowsOf(timeline, [...groups.values()])
}

function hostGroup(text: string, kind: string, opType: string | undefined, detail: number): Group {
  const name = kind === 'node' ? nodeName(text) : text
  return { name, opType: opType ?? name, detail, calls: 0, timeUs: 0, wholeUs: 0, kernels: new Map(), stated: nothingStated() }
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
    const calls = typeof group.calls === 'number' ? group.calls : group.calls.size
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
export function matrixFacts(timeline: Timeline, { events }: Judged, callers: Callers): MatrixFacts | null {
  const { name, detail, details, names, durationUs, kind } = timeline
  const sums = { totalMs: 0, tensorCoresMs: 0, plainMs: 0, unknownMs: 0 }
  let float32Ms: number | null = null
  const kernels = new Map<string, number>()
  for (const event of events) {
    if (kind[event] !== kindCode('kernel')) continue
    const caller = callers(event)
    const kernel = names[name[event]!]!
    const isMatrix =
      isMatrixKernel(kernel) ||
      (caller >= 0 && isMatrixOperator(names[name[caller]!]!) && !/elementwise|reduce_kernel/.test(kernel))
    if (!isMatrix) continue
    const ms = durationUs[event]! / 1000
    sums.totalMs += ms
    const how = usesTensorCores(kernel) ? 'tensorCoresMs' : usesPlainUnits(kernel) ? 'plainMs' : 'unknownMs'
    sums[how] += ms
    if (how === 'plainMs') kernels.set(shortKernelName(kernel), (kernels.get(shortKernelName(kernel)) ?? 0) + ms)
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
