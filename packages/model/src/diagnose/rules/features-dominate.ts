// The model behind its features: scaling, one-hot columns, imputing, joining columns take longer than the trees or the linear model that
// the features are for.

import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import { fixModel } from '../next-command.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** What scores rows of features. */
const SCORING = /^(TreeEnsemble|Linear(Classifier|Regressor)|SVM)/

export const featuresDominate = defineRule({
  id: 'features-dominate',
  area: 'software',
  title: 'Preparing the features takes longer than the model',
  needs: ['latency', 'costs', 'graph'],
  check({ latency: { p50Ms }, costs, graph }) {
    const scoring = graph.nodes.filter(({ domain, opType }) => domain === 'ai.onnx.ml' && SCORING.test(opType))
    if (scoring.length === 0) return 'does-not-apply'
    const before = namesBefore(
      graph,
      scoring.flatMap(({ inputs }) => inputs),
    )
    const isScoring = new Set(scoring.map(({ name }) => name))
    const preparing = costs.nodes.filter(({ name }) => before.has(name))
    const sum = (nodes: readonly NodeCost[], of: (node: NodeCost) => number) => nodes.reduce((all, node) => all + of(node), 0)
    const featuresMs = sum(preparing, ({ timeMs }) => timeMs)
    const modelMs = sum(
      costs.nodes.filter(({ name }) => isScoring.has(name)),
      ({ timeMs }) => timeMs,
    )
    const savingMs = featuresMs - sum(preparing, ({ cappedFloorMs }) => cappedFloorMs)
    if (featuresMs <= modelMs || !isWorthSaying(savingMs, p50Ms)) return 'clear'
    return {
      ...tell`${operatorsTake(preparing.map(({ opType }) => opType))} ${ms('features', featuresMs)} to prepare the features,
        ${share('features-share', featuresMs / p50Ms)} of the p50, and the model itself ${ms('scoring', modelMs)}. Each is a small operator with a call
        of its own. Scaling goes into the weights or thresholds where the model is trained again without it, one-hot columns into a table look-up; features
        that change seldom are kept by whoever calls.`,
      timeMs: featuresMs,
      wouldSaveMs: null,
      savingUnknown: 'no model without this preparation was run; fix tries it as compiled code',
      basis: 'modelled',
      nodes: preparing.map(({ name }) => name),
      next: fixModel(),
    }
  },
})

/** Nodes that these values are made by, directly or not. */
function namesBefore({ nodes }: GraphView, values: readonly string[]): ReadonlySet<string> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const found = new Set<string>()
  const open = [...values]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const maker = makers.get(value)
    if (maker === undefined || found.has(maker.name)) continue
    found.add(maker.name)
    open.push(...maker.inputs)
  }
  return found
}
