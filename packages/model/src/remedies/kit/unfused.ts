// Which patterns the engine left unfused, and what fusing them would save: read off the profile of the graph that it ran.

import { sum } from '@whyslow/graph/rewrite/floats.ts'
import type { Replacement } from '@whyslow/graph/rewrite/match.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { NodeProto } from 'onnx-buf'
import { predictedSaving, type RemedyEvidence } from './remedy.ts'

/** Share of a prediction: layers that take less are left unchanged. */
const LEAST_TIME = 0.005

/** The name by which the profile knows a node of the model. */
const nameOf = ({ name, output }: NodeProto): string => name || (output.find((one) => one !== '') ?? '')

/**
 * False where the profile shows that the engine put the node into an operator of another type by itself; true if it ran as it is
 * written, and if nothing is known of it.
 */
export function isUnfused({ profile }: RemedyEvidence, node: NodeProto): boolean {
  const name = nameOf(node)
  const ran = profile?.nodes.filter(({ origin }) => origin.includes(name)) ?? []
  return ran.length === 0 || ran.some(({ opType }) => opType === node.opType)
}

/**
 * Time of the operators that a fused one replaces, but for the longest, which is taken as the time of the fused one; ms per
 * prediction. Without a profile: what the findings treated would save.
 */
export function savingByFusing(
  evidence: RemedyEvidence,
  treats: readonly string[],
  replaced: readonly Pick<Replacement, 'parts'>[],
): number | null {
  const { profile, p50Ms } = evidence
  if (profile === undefined) return predictedSaving(treats, evidence)
  const savings = replaced.map(({ parts }) => {
    const times = timesOf(evidence, parts)
    return times.length === 0 ? 0 : sum(times) - Math.max(...times)
  })
  return Math.min(sum(savings), p50Ms)
}

/**
 * Time per prediction, ms, of what the engine ran and that held nothing but nodes taken out: 0 if it takes them out by itself.
 * Without a profile: what the findings treated would save.
 */
export function savingByRemoving(
  evidence: RemedyEvidence,
  treats: readonly string[],
  nodes: readonly NodeProto[],
): number | null {
  if (evidence.profile === undefined) return predictedSaving(treats, evidence)
  return Math.min(sum(timesOf(evidence, nodes)), evidence.p50Ms)
}

/** Time per prediction of each operator that ran with nothing in it but these nodes, ms; empty without a profile. */
export function timesOf({ profile }: RemedyEvidence, parts: readonly NodeProto[]): readonly number[] {
  const names = new Set(parts.map(nameOf))
  const ran = profile?.nodes.filter(({ origin }) => origin.length > 0 && origin.every((one) => names.has(one))) ?? []
  return ran.map(({ timeMs }) => timeMs)
}

/** Whether a change of the node is worth a trial; true if its time is not known. */
export const isLong = (evidence: RemedyEvidence, node: NodeProto): boolean =>
  evidence.profile === undefined || timeWith(evidence, node) >= LEAST_TIME * evidence.p50Ms

/** Time per prediction of the operators that ran with this node in them, ms; 0 without a profile. */
export function timeWith({ profile }: RemedyEvidence, node: NodeProto): number {
  const name = nameOf(node)
  return sum((profile?.nodes ?? []).filter(({ origin }) => origin.includes(name)).map(({ timeMs }) => timeMs))
}

/** How many nodes of these types the graph and its subgraphs hold. */
export function countRun({ nodes }: GraphView, opTypes: RegExp): number {
  const inner = nodes.flatMap(({ subgraphs }) => Object.values(subgraphs))
  return nodes.filter(({ opType }) => opTypes.test(opType)).length + sum(inner.map((graph) => countRun(graph, opTypes)))
}
