// How much memory a kernel must touch for its speed to be that of one cache level or of DRAM.
import type { Machine } from '../../machine/types.ts'

/** Memory is read in a stretch of this many L3s, so that little of it is still cached from the last time. */
const dramPerL3 = 4
const unknownL3DramBytes = 256 * 2 ** 20
const fewestDramBytes = 64 * 2 ** 20
const mostDramBytes = 2 ** 30
/** Share of the free memory that the stretch may take that is read. */
const freeMemoryShare = 0.25

export interface Sizes {
  readonly dramBytes: number
  /** Whether `dramBytes` is as large as wanted; else memory or a limit cut it short. */
  readonly dramIsLarge: boolean
  /** Stretches that fit in the L3 and not in the L2s; null: the L3 is not known. */
  readonly l3Bytes: readonly number[] | null
  /** Stretches, of all cores together, that fit in the L2s; null: the L2 is not known. */
  readonly l2Bytes: readonly number[] | null
  /** One core's part that fits in its L2; null: the L2 is not known. */
  readonly l2BytesPerCore: number | null
}

/** Chooses stretches for caches of the given sizes (bytes; an L2 a core, one shared L3). */
export function chooseSizes(caches: Machine['caches'], cores: number, freeBytes: number): Sizes {
  const l2 = caches.L2 ?? null
  const l3 = caches.L3 ?? null
  const wanted = Math.min(mostDramBytes, Math.max(fewestDramBytes, l3 === null ? unknownL3DramBytes : dramPerL3 * l3))
  const dramBytes = Math.min(wanted, Math.max(fewestDramBytes, freeBytes * freeMemoryShare))
  return {
    dramBytes: whole(dramBytes),
    dramIsLarge: l3 === null ? dramBytes === wanted : dramBytes >= dramPerL3 * l3,
    l3Bytes: l3 === null ? null : l3Stretches(l3, l2 === null ? 0 : l2 * cores),
    l2Bytes: l2 === null ? null : [whole((l2 * cores) / 4), whole((l2 * cores) / 2)],
    l2BytesPerCore: l2 === null ? null : whole(l2 / 2),
  }
}

/** A quarter and a half of the L3, or twice the L2s where that is more: a quarter is safer where others use the L3 too. */
function l3Stretches(l3: number, allL2: number): readonly number[] {
  const most = (l3 * 3) / 4
  return [...new Set([l3 / 4, l3 / 2].map((bytes) => whole(Math.min(most, Math.max(bytes, 2 * allL2)))))]
}

/** Divisible by every row length and vector width in use. */
function whole(bytes: number): number {
  return Math.max(1, Math.round(bytes / 65536)) * 65536
}
