// Two-thread latency of one model differs up to three times between processes on shared machines; what tracks it is the time of a handoff
// between two threads. Processes are distinguished by it, and never averaged across it.
import type { LatencyBlock } from './types.ts'

/** Handoffs further apart than this are two regimes: 105-240 ns and 380-415 ns were seen for one and the same machine. */
export const REGIME_RATIO = 1.6

/** Handoffs nearer to each other than this are one regime: a few tens of nanoseconds are the noise of their own measurement. */
export const REGIME_LEAST_NS = 50

type Handoffs = Pick<LatencyBlock, 'handoffBeforeNs' | 'handoffAfterNs'>

/** The mean of before and after; null if neither was measured. */
export function handoffNs({ handoffBeforeNs, handoffAfterNs }: Handoffs): number | null {
  if (handoffBeforeNs === null || handoffAfterNs === null) return handoffBeforeNs ?? handoffAfterNs
  return (handoffBeforeNs + handoffAfterNs) / 2
}

const changes = ({ handoffBeforeNs: a, handoffAfterNs: b }: Handoffs): boolean => a !== null && b !== null && areApart([a, b])

/** Whether some handoffs, ns, are of another regime than others. */
const areApart = (handoffs: readonly number[]): boolean => isSlower(Math.max(...handoffs), Math.min(...handoffs))

/** Whether the first of two handoffs, ns, is of a slower regime. */
export const isSlower = (one: number, other: number): boolean => one > REGIME_RATIO * other && one - other > REGIME_LEAST_NS

/** Whether processes that are compared met different regimes; false if a handoff is unknown, and on one thread, which hands nothing over. */
export function spanRegimes(blocks: readonly Handoffs[], threads: number): boolean {
  const handoffs = blocks.flatMap((block) => handoffNs(block) ?? [])
  if (threads <= 1 || handoffs.length < blocks.length) return false
  return areApart(handoffs) || blocks.some(changes)
}

/** Regimes that say nothing of the machine: reported only if there is no other. */
export const UNKNOWN_REGIMES: ReadonlySet<string> = new Set(['handoff-unknown', 'changing-handoff'])

/**
 * Several threads only: a single thread hands nothing over, and its blocks are one regime. A block whose handoff could not be measured is
 * of the regime that all others are in; where these differ nothing tells, and it stands apart.
 */
export function tellRegimes<T extends Handoffs>(blocks: readonly T[], threads: number): (T & { readonly regime: string })[] {
  if (threads <= 1) return blocks.map((block) => ({ ...block, regime: 'one-thread' }))
  const steady = blocks.map((block) => (changes(block) ? null : handoffNs(block)))
  const order = steady.flatMap((ns, i) => (ns === null ? [] : [{ ns, i }]))
  const regimes: string[] = []
  let [name, floor, count] = ['', 0, 0]
  for (const { ns, i } of order.sort((a, b) => a.ns - b.ns)) {
    if (name === '' || isSlower(ns, floor)) {
      count++
      name = count === 1 ? 'fast-handoff' : count === 2 ? 'slow-handoff' : `slow-handoff-${count - 1}`
      floor = ns
    }
    regimes[i] = name
  }
  const unknown = count === 1 ? name : 'handoff-unknown'
  return blocks.map((block, i) => ({ ...block, regime: changes(block) ? 'changing-handoff' : (regimes[i] ?? unknown) }))
}
