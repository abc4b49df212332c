// What became of a model's quantization: what runs in int8, what was meant to and does not, and what to look out for.

import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { type Hazard, quantizationHazards } from './quantization-hazards.ts'
import { type TimedGroup, timedGroups } from './quantization-times.ts'

export interface FusedOperator {
  readonly opType: string
  readonly nodes: number
  readonly timeMs: number
}

export interface Lint {
  /** Operators that run in int8 or with few-bit weights, by type, the longest first. */
  readonly fused: readonly FusedOperator[]
  readonly unfused: readonly TimedGroup[]
  /** Conversions that belong to no unfused group: where float begins and ends. */
  readonly borders: { readonly nodes: number; readonly timeMs: number }
  readonly hazards: readonly Hazard[]
}

/** Reads the executed graph; without a profile or costs there is nothing to read, and undefined is given. */
export function lintQuantization(evidence: AnalyzedEvidence): Lint | undefined {
  const { profile, costs, graph, model, engine, machine } = evidence
  if (profile === undefined || costs === undefined) return undefined
  const unfused = timedGroups({ profile, costs, graph, model, engine, machine })
  const inGroups = new Set(unfused.flatMap(({ conversions }) => conversions.map(({ name }) => name)))
  const apart = new Set(unfused.map(({ operator }) => operator.name))
  const borders = profile.nodes.filter(({ name, opType }) => CONVERSIONS.has(opType) && !inGroups.has(name))
  return {
    fused: fusedOperators(profile, apart),
    unfused,
    borders: { nodes: borders.length, timeMs: borders.reduce((sum, { timeMs }) => sum + timeMs, 0) },
    hazards: quantizationHazards(evidence),
  }
}

const CONVERSIONS = new Set(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'])

function fusedOperators({ nodes }: Profile, apart: ReadonlySet<string>): FusedOperator[] {
  const byType = new Map<string, { nodes: number; timeMs: number }>()
  for (const node of nodes) {
    if (apart.has(node.name) || !(INT8_OPERATORS.has(node.opType) || movesIntegers(node))) continue
    const { nodes: count, timeMs } = byType.get(node.opType) ?? { nodes: 0, timeMs: 0 }
    byType.set(node.opType, { nodes: count + 1, timeMs: timeMs + node.timeMs })
  }
  return [...byType].map(([opType, one]) => ({ opType, ...one })).sort((a, b) => b.timeMs - a.timeMs)
}

/** An operator that passes numbers on, run on 8-bit ones. */
function movesIntegers({ opType, outputTypes, inserted }: ProfiledNode): boolean {
  return !inserted && int8KernelOf(opType)?.kind === 'moves' && /^u?int8$/.test(outputTypes[0]?.dtype ?? '')
}
