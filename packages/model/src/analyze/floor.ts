// The least time a node can take on this machine: the roofline (Williams, Waterman, Patterson: Roofline, CACM 2009) with a roof per
// precision and a bandwidth per cache level, all of them measured. It is a lower bound: where something is not known, nothing is added.
//
// Arithmetic. MACs at the roof of their precision, 2 FLOPs each. Simple operations (add, multiply, compare, select) at half of it:
// the roof is reached with fused multiply-adds, and an operation that stands alone does half of one. A precision without a measured
// roof has float32's, scaled by how many more or fewer elements a vector register holds. Special functions (exp, division …) at the
// rate of the fastest operator that evaluates them, which was measured in float32; what is wider is taken to be as fast. A processor
// may do them, and simple operations, side by side: of all these the longest counts. Functions without a rate are left out.
//
// Memory. Data that nodes hand on were written just before: they are as near as what the node reads, or what it writes where that is
// more, allows (the output can take the place of an input). Weights are as near as the weights of the whole model and the largest
// node's data allow: in a prediction each weight is used once, so that all others pass through the caches before it is used again.
// A body that runs several times finds its weights again where they and its data fit. A recurrent node reads the weights of its
// state at every step, from where these alone fit.
import { bitsPerElement } from '@whyslow/graph/dtype.ts'
import { OPERATORS_BY_FUNCTION, type SpecialFunction } from '@whyslow/graph/operators/counts/functions.ts'
import type { Cost } from '@whyslow/graph/operators/types.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { type Level, type Memory, nearestMemory } from '@whyslow/measure/machine/memories.ts'
import type { Roofs } from '@whyslow/measure/machine/types.ts'

export interface Floor {
  readonly computeMs: number
  /** `computeMs` without special functions. */
  readonly plainComputeMs: number
  readonly memoryMs: number
  /** Where the bytes that take the most of `memoryMs` come from; null if nothing moves or no bandwidth is known. */
  readonly level: Level | null
}

/** What must stay in a cache for a node to find it there, bytes; see above. */
export interface WorkingSets {
  /** The node's data: read or written, whichever is more. */
  readonly dataBytes: number
  /** The weights of the whole model, and the largest node's data. */
  readonly modelBytes: number
}

export interface FloorGiven {
  /** Cost of one run. */
  readonly cost: Cost
  /** Runs in one prediction. */
  readonly runs: number
  readonly roofs: Roofs
  readonly memories: readonly Memory[]
  readonly sets: WorkingSets
}

/** The floor of all runs of a node in one prediction. */
export const floorOf = (given: FloorGiven): Floor => ({
  computeMs: computeMs(given.cost, given.roofs) * given.runs,
  plainComputeMs: computeMs({ ...given.cost, functions: {} }, given.roofs) * given.runs,
  ...memoryFloor(given),
})

function computeMs({ macs, simpleOps, functions, arithmetic }: Cost, { flopsPerSecond, elementsPerSecond }: Roofs): number {
  const { float32 } = flopsPerSecond
  const scaled = float32 === undefined ? undefined : float32 * lanesAgainstFloat32(arithmetic)
  const roof = flopsPerSecond[arithmetic] ?? scaled
  const macSeconds = roof === undefined ? 0 : (2 * macs) / roof
  const simpleSeconds = scaled === undefined ? 0 : simpleOps / (scaled / 2)
  const lanes = Math.max(1, lanesAgainstFloat32(arithmetic))
  const functionSeconds = Object.entries(functions ?? {}).map(([name, count]) => {
    const rate = rateOf(name as SpecialFunction, elementsPerSecond)
    return rate === undefined ? 0 : count / (rate * lanes)
  })
  return (macSeconds + Math.max(simpleSeconds, ...functionSeconds)) * 1000
}

/** Evaluations a second in float32; undefined if no operator that evaluates it was measured. */
function rateOf(name: SpecialFunction, elementsPerSecond: Roofs['elementsPerSecond']): number | undefined {
  const rates = OPERATORS_BY_FUNCTION[name].flatMap((operator) => elementsPerSecond?.[operator] ?? [])
  return rates.length === 0 ? undefined : Math.max(...rates)
}

function lanesAgainstFloat32(dtype: DType): number {
  // Below 8 bits elements are unpacked before anything is done with them.
  return 32 / Math.max(8, bitsPerElement(dtype) ?? 32)
}

function memoryFloor({ cost, runs, memories, sets }: FloorGiven): Pick<Floor, 'memoryMs' | 'level'> {
  const { dataBytes, modelBytes } = sets
  const repeatedBytes = cost.serialSteps > 1 ? cost.streamingBytes - cost.bytes : 0
  const stepBytes = cost.serialSteps > 1 ? repeatedBytes / (cost.serialSteps - 1) : 0
  const otherBytes = cost.bytes - cost.weightBytes
  const traffic = [
    { bytes: cost.weightBytes * Math.min(1, runs), memory: nearestMemory(memories, modelBytes) },
    { bytes: otherBytes * runs, memory: nearestMemory(memories, dataBytes) },
    { bytes: cost.weightBytes * Math.max(0, runs - 1), memory: nearestMemory(memories, cost.weightBytes + dataBytes) },
    { bytes: repeatedBytes * runs, memory: nearestMemory(memories, stepBytes) },
  ]
  let memoryMs = 0
  let mostMs = 0
  let level: Level | null = null
  for (const { bytes, memory } of traffic) {
    if (memory === undefined) continue
    const ms = (bytes / memory.bytesPerSecond) * 1000
    memoryMs += ms
    if (ms <= mostMs) continue
    mostMs = ms
    level = memory.level
  }
  return { memoryMs, level }
}
