// From readings of kernels to roofs: the best of each kind, and why a level has none.
import type { Roofs } from '../../machine/types.ts'
import type { Sizes } from './sizes.ts'

export type RoofName = 'float32' | 'int8' | 'L2' | 'L3' | 'DRAM'

/** One kernel's speed in FLOPs or bytes a second, or why it has none. */
export type Reading = { readonly roof: RoofName; readonly kernel: string } & (
  | { readonly ok: true; readonly perSecond: number }
  | { readonly ok: false; readonly reason: string }
)

/** An L3 that is not this much faster than DRAM does not act as one. */
const leastL3Advantage = 1.1
/** Waits beyond this share of the time were caused by others, and roofs may be too low. */
const noisyShare = 0.1

/**
 * A slower level never has the higher roof: where L3 reads no faster than DRAM it gets DRAM's roof, with a word in
 * `reasons`; an L2 that nothing showed to be faster than L3 is null. `reasons.noise` is there where the machine was busy.
 * @param waitedShare Share of the wall time that the thread that waited most stood in the run queue.
 */
export function summarize(threads: number, readings: readonly Reading[], sizes: Sizes, waitedShare: number): Roofs {
  const best = (roof: RoofName) =>
    readings.reduce((most: number | null, each) => {
      if (each.roof !== roof || !each.ok) return most
      return most === null ? each.perSecond : Math.max(most, each.perSecond)
    }, null)
  const whyNone = (roof: RoofName) => {
    const failed = readings.find((each) => each.roof === roof && !each.ok)
    return failed && !failed.ok
      ? `no kernel for it ran: ${failed.kernel}: ${failed.reason}`
      : 'its size is not known on this system'
  }
  const reasons: Record<string, string> = {
    L1: 'a kernel of the engine takes longer to start than to read a cache of this size',
  }
  if (waitedShare > noisyShare) {
    const percent = Math.round(waitedShare * 100)
    reasons.noise = `a thread waited for a CPU ${percent} % of the time, so the roofs may be too low; measure again when the machine is quiet`
  }
  const flopsPerSecond: Record<string, number> = {}
  for (const dtype of ['float32', 'int8'] as const) {
    const flops = best(dtype)
    if (flops === null) reasons[dtype] = whyNone(dtype)
    else flopsPerSecond[dtype] = flops
  }
  const dram = best('DRAM')
  if (dram === null) reasons.DRAM = whyNone('DRAM')
  else if (!sizes.dramIsLarge) reasons.DRAM = 'measured in a stretch smaller than four L3s, so a part of it may come from cache'

  const ownL3 = best('L3')
  if (ownL3 === null) reasons.L3 = whyNone('L3')
  else if (dram !== null && ownL3 < dram * leastL3Advantage) {
    reasons.L3 = 'it is hardly faster than DRAM: other processes share it, or the size that the system reports is wrong'
  }
  const l3 = ownL3 === null ? null : Math.max(ownL3, dram ?? 0)

  const ownL2 = best('L2')
  const below = l3 ?? dram
  if (ownL2 === null) reasons.L2 = whyNone('L2')
  else if (below !== null && ownL2 < below) reasons.L2 = 'no kernel showed it to be faster than the level below it'
  const l2 = ownL2 !== null && below !== null && ownL2 < below ? null : ownL2
  return { threads, flopsPerSecond, bytesPerSecond: { L1: null, L2: l2, L3: l3, DRAM: dram }, reasons }
}
