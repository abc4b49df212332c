// Exponentials and their kin cost many times an addition: erf, tanh, exp, log, pow. Their nodes take longer than a Relu on the same data
// would, and some of them longer than other operators that give the same numbers. Rates of single operators are measured with the roofs.

import { ms, part, ratio, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { COSTLY_OPERATORS } from '@whyslow/graph/operators/counts/costly.ts'
import { operatorKey } from '@whyslow/graph/operators/family.ts'
import type { Roofs } from '@whyslow/measure/machine/types.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import { savingOf } from '../../analyze/faster-variants.ts'
import { fixModel } from '../next-command.ts'
import { operators, operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

interface Equivalent {
  /** Operators whose rates are measured. */
  readonly operators: readonly string[]
  /** Steps of one simple operation each. */
  readonly simple: number
}

/** The same numbers from other operators, up to rounding. */
const EQUIVALENTS: Readonly<Record<string, Equivalent>> = {
  // max(x, 0) + a * (exp(min(x, 0)) - 1)
  Elu: { operators: ['Exp'], simple: 5 },
  Selu: { operators: ['Exp'], simple: 6 },
  Celu: { operators: ['Exp'], simple: 6 },
  // max(x, 0) + log(1 + exp(-|x|))
  Softplus: { operators: ['Exp', 'Log'], simple: 5 },
  Mish: { operators: ['Exp', 'Log', 'Tanh'], simple: 6 },
}

/** Features on their own, such as a log-mel spectrum or the code of a position: no other activation does their work. */
const FEATURES: ReadonlySet<string> = new Set(['Log', 'Sin', 'Cos'])

/** These share out 1 between many scores, which nothing that looks at one number does. */
const NORMALIZING: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax'])

type Rates = NonNullable<Roofs['elementsPerSecond']>

/** Share of the excess: if nodes that were timed alone have this much of it, the finding is about these, and measured. */
const MOST = 0.8

/** How much longer each node took than a Relu that was timed in its place, ms per prediction; keyed by node. */
function measuredExcess({ rows }: OperatorExperiments): ReadonlyMap<string, number> {
  return new Map(
    rows.flatMap((row) => {
      const relu = row.variants.find((one) => one.kind === 'relu' && verdictOf(one) === 'faster')
      if (relu === undefined) return []
      const saving = savingOf(row, relu)
      return row.nodes.map((name) => [name, saving.ms / row.nodes.length] as const)
    }),
  )
}

export const costlyActivations = defineRule({
  id: 'costly-activations',
  area: 'architecture',
  title: 'Activations with exponentials (GELU, SiLU, softmax) take the time',
  needs: ['latency', 'costs', 'profile'],
  wants: ['roofs', 'operatorExperiments'],
  check({ latency, costs, profile, roofs, operatorExperiments }) {
    const { p50Ms } = latency
    const rates = roofs?.elementsPerSecond
    // Without what starting the kernel costs: a cheap activation would pay that too.
    const runs = new Map(profile.nodes.map((node) => [node.name, node.runsPerPrediction]))
    const runsOf = (node: NodeCost) => runs.get(node.name) ?? 1
    const startMs = (node: NodeCost) => (profile.dispatchPerNodeUs / 1000) * runsOf(node)
    const againstRelu = operatorExperiments ? measuredExcess(operatorExperiments) : new Map<string, number>()
    const excessMs = (node: NodeCost) =>
      againstRelu.get(node.name) ?? Math.max(0, node.timeMs - stepMs(node, 'Relu', rates, runsOf(node)) - startMs(node))

    const all = costs.nodes.filter(
      (node) => COSTLY_OPERATORS.has(node.opType) && node.cost !== undefined && !isProduct(node) && excessMs(node) > 0,
    )
    const excessOf = (nodes: readonly NodeCost[]) => nodes.reduce((sum, node) => sum + excessMs(node), 0)
    const measured = all.filter(({ name }) => againstRelu.has(name))
    const isMeasured = measured.length > 0 && excessOf(measured) >= MOST * excessOf(all)
    const costly = isMeasured ? measured : all
    const savingMs = excessOf(costly)
    if (!isWorthSaying(savingMs, p50Ms) || costly.every(({ opType }) => FEATURES.has(opType))) return 'clear'
    const timeMs = costly.reduce((sum, node) => sum + node.timeMs, 0)
    const exact = rates && exactly(costly, (node) => equivalentMs(node, rates, runsOf(node), startMs(node)))
    const isSoftmax = costly.every(({ opType }) => NORMALIZING.has(opType))
    const instead = isSoftmax
      ? 'No activation does the same: after the last layer its inputs have the same order, and inside attention only fusing it helps.'
      : 'An activation without exponentials (Relu, HardSwish) comes close to that, after retraining.'
    return {
      ...tell`${operatorsTake(costly.map((node) => node.opType))} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50;
        ${cheapest(rates)} would take ${ms('data-alone', timeMs - savingMs)}.${slower(costly, rates)} ${instead}${exact ?? ''}`,
      timeMs,
      ...(isMeasured
        ? { wouldSaveMs: Math.min(savingMs, p50Ms), basis: 'measured' }
        : { wouldSaveMs: null, savingUnknown: 'a Relu in their place was not timed', basis: 'modelled' }),
      nodes: costly.map((node) => node.name),
      ...(isSoftmax ? {} : { next: fixModel('--max-loss', '0.01') }),
    }
  },
})

/** A square or another small whole power is multiplied. */
const isProduct = ({ opType, cost }: NodeCost): boolean => opType === 'Pow' && cost?.specialOps === 0

const cheapest = (rates: Rates | undefined) =>
  rates?.Relu === undefined ? 'reading and writing their data alone' : 'a Relu on the same data'

/** One operator on the node's elements: at its rate, and no faster than their data. */
function stepMs(node: NodeCost, operator: string, rates: Rates | undefined, runs: number): number {
  const rate = rates?.[operator]
  const atRate = rate === undefined ? 0 : (evaluationsOf(node) / rate) * 1000 * runs
  return Math.max(node.plainFloorMs ?? node.cappedFloorMs, atRate)
}

/** How often it evaluates the function that it does most. */
function evaluationsOf({ cost }: NodeCost): number {
  return Math.max(0, ...Object.values(cost?.functions ?? {}))
}

/** All steps of the exact equivalent, each started; undefined if there is none, or one of its rates is not known. */
function equivalentMs(node: NodeCost, rates: Rates, runs: number, startMs: number): number | undefined {
  const equivalent = EQUIVALENTS[node.opType]
  if (equivalent === undefined || evaluationsOf(node) === 0) return undefined
  const steps = [...equivalent.operators, ...Array<string>(equivalent.simple).fill('Relu')]
  if (steps.some((operator) => rates[operator] === undefined)) return undefined
  return steps.reduce((sum, operator) => sum + stepMs(node, operator, rates, runs) + startMs, 0)
}

/** How many times as long as a Relu the operator that takes the most time is, by the measured rates. */
function slower(costly: readonly NodeCost[], rates: Rates | undefined): Sentence | string {
  const most = costly.toSorted((a, b) => b.timeMs - a.timeMs)[0]!
  const [rate, relu] = [rates?.[operatorKey(most)], rates?.Relu]
  if (rate === undefined || relu === undefined || relu <= rate) return ''
  return tell` On this machine ${most.opType} takes ${ratio('against-relu', relu / rate)} times as long as Relu, both in the nearest cache.`
}

/** What the exact equivalents would save, where that is worth a word. */
function exactly(nodes: readonly NodeCost[], equivalentOf: (node: NodeCost) => number | undefined): Sentence | undefined {
  const better = nodes.flatMap((node) => {
    const timeMs = equivalentOf(node)
    return timeMs !== undefined && timeMs < node.timeMs ? [{ node, savingMs: node.timeMs - timeMs }] : []
  })
  const savingMs = better.reduce((sum, one) => sum + one.savingMs, 0)
  const allMs = nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  if (!isWorthSaying(savingMs, allMs)) return undefined
  const opTypes = better.map(({ node }) => node.opType)
  const parts = [...new Set(opTypes.flatMap((opType) => EQUIVALENTS[opType]!.operators))].join(' and ')
  return tell` Written with ${parts}, ${operators(opTypes)} would give the same numbers ${ms('exact-saving', savingMs)} sooner.`
}
