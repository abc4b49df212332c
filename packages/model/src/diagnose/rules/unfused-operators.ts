// Operators that were exported in pieces and that the engine did not put together again. Each piece reads and writes the whole
// tensor and pays its own start.
// What an attention saves whose fused form was timed next to its pieces is known, of the others it is not.

import type { Given, Outcome } from '@whyslow/diagnosis/rule.ts'
import { countFact, ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { type Group, unfusedGroups } from '@whyslow/measure/engines/onnxruntime/facts/unfused-patterns.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import { causesOf, findingOf, isAttention, savingOfWhole } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const unfusedOperators = defineRule({
  id: 'unfused-operators',
  area: 'software',
  title: 'Operators that could be fused run separately',
  needs: ['latency', 'profile', 'roofs', 'machine'],
  wants: ['operatorExperiments'],
  check(given) {
    const [alone, rest] = [timedAlone(given), modelled(given)]
    if (!isFound(alone) || !isFound(rest)) return isFound(alone) ? alone : rest
    return {
      ...tell`${alone} ${{ detail: rest.detail, facts: rest.facts.map((fact) => ({ ...fact, name: `others-${fact.name}` })) }}`,
      timeMs: alone.timeMs + rest.timeMs,
      wouldSaveMs: alone.wouldSaveMs,
      basis: 'measured',
      nodes: [...new Set([...(alone.nodes ?? []), ...(rest.nodes ?? [])])],
      next: NEXT,
    }
  },
})

const NEXT = fixModel()

type Found = Extract<Outcome, { readonly wouldSaveMs: unknown }>
const isFound = (one: Outcome): one is Found => typeof one === 'object' && 'wouldSaveMs' in one

type Wanted = Given<AnalyzedEvidence, 'latency' | 'profile' | 'roofs' | 'machine', 'operatorExperiments'>

/** Attentions compared with their fused form. */
function timedAlone({ latency, operatorExperiments: experiments }: Wanted): Outcome {
  const causes = experiments ? causesOf(experiments, ({ remedy }, row) => remedy === 'fuse-attention' && isAttention(row)) : []
  return findingOf(causes, latency.p50Ms, { cure: 'One operator keeps the scores of a head in the nearest cache.', next: NEXT })
}

function modelled({ latency, profile, roofs, machine, operatorExperiments }: Wanted): Outcome {
  const { p50Ms } = latency
  // What was timed alone next to its rewrite is said as it was measured, above or by another finding.
  const elsewhere = savingOfWhole(operatorExperiments)
  const groups = unfusedGroups(profile.graph, typesAtRunTime(profile.nodes)).filter(
    ({ parts }) => !parts.every(({ name }) => elsewhere.has(name)),
  )
  if (groups.length === 0) return 'clear'
  const byName = new Map(profile.nodes.map((node) => [node.name, node]))
  const transfer = (bytes: number) => transferMs(bytes, roofs.bytesPerSecond, machine.caches.L3 ?? 0)
  const timed = groups
    .map((group) => timeGroup(group, byName, transfer, profile.dispatchPerNodeUs / 1000))
    .filter(({ savingMs }) => savingMs > 0)
  const timeMs = timed.reduce((sum, group) => sum + group.timeMs, 0)
  const savingMs = timed.reduce((sum, group) => sum + group.savingMs, 0)
  if (!isWorthSaying(savingMs, p50Ms)) return 'clear'

  const kinds = [...new Set(timed.map(({ kind }) => kind))].map((kind) => {
    const same = timed.filter((group) => group.kind === kind)
    const kindMs = same.reduce((sum, group) => sum + group.timeMs, 0)
    return tell`${number(kind, same.length, 'groups')} ${kind} (${ms(`${kind}-time`, kindMs)})`
  })
  const nodes = timed.flatMap((group) => group.nodes)
  const fused =
    timeMs > savingMs
      ? tell`Fused, they would pass over their data once, in no less than ${ms('fused', timeMs - savingMs)}.`
      : tell`Folded into the weights of the operators around them, they would take no time.`
  return {
    ...tell`${kinds.reduce((all, kind) => tell`${all}, ${kind}`)} run as ${countFact('node', nodes.length)} that take ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)}
        of the p50. ${fused}`,
    timeMs,
    wouldSaveMs: null,
    savingUnknown: 'their fused forms were not timed: fix tries them',
    basis: 'measured',
    nodes,
    next: NEXT,
  }
}

function typesAtRunTime(nodes: readonly ProfiledNode[]): ReadonlyMap<string, TensorType> {
  const typed = nodes.flatMap(({ inputs, inputTypes, outputs, outputTypes }) => [
    ...inputs.map((name, k) => [name, inputTypes[k]] as const),
    ...outputs.map((name, k) => [name, outputTypes[k]] as const),
  ])
  return new Map(typed.flatMap(([name, type]) => (type ? [[name, type] as const] : [])))
}

interface TimedGroup {
  readonly kind: Group['kind']
  readonly timeMs: number
  readonly savingMs: number
  readonly nodes: readonly string[]
}

/** The fused operator: one start, each outer tensor once, and never less than the work that stays. Folded into weights: nothing. */
function timeGroup(
  { kind, parts, kept }: Group,
  byName: ReadonlyMap<string, ProfiledNode>,
  transfer: (bytes: number) => number,
  startMs: number,
): TimedGroup {
  const nodes = parts.flatMap((part) => byName.get(part.name) ?? [])
  const timeMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
  const keptMs = kept.reduce((sum, part) => sum + (byName.get(part.name)?.timeMs ?? 0), 0)
  const runs = Math.max(0, ...nodes.map((node) => node.runsPerPrediction))
  const fusedMs = kind === 'BatchNormalization' ? 0 : Math.max(keptMs, (startMs + transfer(outerBytes(nodes))) * runs)
  return { kind, timeMs, savingMs: Math.max(0, timeMs - fusedMs), nodes: nodes.map(({ name }) => name) }
}

/** Bytes of the values that enter the group, each once, and of those that its last node gives. */
function outerBytes(nodes: readonly ProfiledNode[]): number {
  const inside = new Set(nodes.flatMap((node) => node.outputs))
  const entering = new Map<string, TensorType | null>()
  for (const node of nodes) {
    node.inputs.forEach((name, index) => {
      if (!inside.has(name)) entering.set(name, node.inputTypes[index] ?? null)
    })
  }
  const leaving = nodes.at(-1)?.outputTypes[0] ?? null
  return [...entering.values(), leaving].reduce((sum, type) => sum + (type === null ? 0 : (sizeInBytes(type) ?? 0)), 0)
}

/** Time of a transfer at the measured bandwidth of the level that holds the bytes. */
function transferMs(bytes: number, bandwidth: Readonly<Record<string, number | null>>, l3Bytes: number): number {
  const near = bytes <= l3Bytes ? bandwidth.L3 : null
  const rate = near ?? bandwidth.DRAM
  return rate === null || rate === undefined ? 0 : (bytes / rate) * 1000
}
