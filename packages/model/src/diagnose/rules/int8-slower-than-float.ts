// Quantized operators that run in int8, and whose kernels are slower than float ones: on x86 grouped convolutions, which in float32 run in the
// blocked layout, and products of two int8 operands; ConvInteger, which has no fast kernel and scales its sums in passes of their own. Timed
// alone in both precisions if that was measured; else grouped convolutions far above what a float kernel needs.

import type { Outcome } from '@whyslow/diagnosis/rule.ts'
import { countFact, ms, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { Roofs } from '@whyslow/measure/machine/types.ts'
import type { Profile } from '@whyslow/measure/timing/types.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import { causesOf, findingOf, isFloatTwin } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { operators } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** Share of the float32 roof that a float kernel of few channels is assumed to reach at least, if its twin was not measured. */
const FLOAT_EFFICIENCY = 0.25
/** Bytes of a float32 over those of an int8. */
const FLOAT_BYTES = 4
const NOT_TIMED = 'no quantized operator was timed alone in float'
const NEXT = fixModel('--max-loss', '0.01')

interface Slower {
  readonly node: NodeCost
  readonly floatMs: number
}

export const int8SlowerThanFloat = defineRule({
  id: 'int8-slower-than-float',
  area: 'software',
  title: 'Quantized int8 kernels are slower here than float kernels',
  needs: ['latency', 'profile', 'costs'],
  wants: ['operatorExperiments', 'roofs'],
  check({ latency: { p50Ms }, profile, costs, operatorExperiments, roofs }) {
    const wasMeasured = operatorExperiments?.rows.some((row) => row.variants.some((variant) => isFloatTwin(variant, row)))
    if (!wasMeasured) {
      const found = modelled(slowerByArithmetic(costs.nodes, profile, roofs), p50Ms)
      const isGrouped = groupedIn(profile)
      const open = costs.nodes.filter(
        (node) => node.cost !== undefined && node.cost.macs > 0 && node.cost.arithmetic === 'int8' && !isGrouped(node),
      )
      const openMs = open.reduce((sum, { timeMs }) => sum + timeMs, 0)
      return found === 'clear' && isWorthSaying(openMs, p50Ms) ? { notChecked: NOT_TIMED, missing: 'operatorExperiments' } : found
    }
    const cure = 'In float they are faster: fix tries these layers and the whole model in float, and keeps what it proves.'
    return findingOf(causesOf(operatorExperiments!, isFloatTwin), p50Ms, { cure, next: NEXT })
  },
})

function modelled(slower: readonly Slower[], p50Ms: number): Outcome {
  const timeMs = slower.reduce((sum, { node }) => sum + node.timeMs, 0)
  const floatMs = slower.reduce((sum, one) => sum + one.floatMs, 0)
  if (slower.length === 0 || !isWorthSaying(timeMs - floatMs, p50Ms)) return 'clear'
  return {
    ...tell`${operators(slower.map(({ node }) => node.opType))}: ${countFact('node', slower.length)} in int8 ${slower.length === 1 ? 'takes' : 'take'}
        ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50. In float32 ${slower.length === 1 ? 'it' : 'they'} would take about
        ${ms('float-time', floatMs)}, by the arithmetic and bytes of them.`,
    timeMs,
    wouldSaveMs: null,
    savingUnknown: 'they were not timed alone in float: a longer run does it, and fix tries it',
    basis: 'measured',
    nodes: slower.map(({ node }) => node.name),
    next: NEXT,
  }
}

/** Grouped convolutions, of which arithmetic alone tells what a float kernel takes. */
function groupedIn({ graph }: Profile): (node: NodeCost) => boolean {
  const grouped = new Set(
    graph.nodes.flatMap(({ name, attributes: { group } }) => (typeof group === 'number' && group > 1 ? [name] : [])),
  )
  return ({ opType, name }) => opType === 'QLinearConv' && grouped.has(name)
}

function slowerByArithmetic(nodes: readonly NodeCost[], profile: Profile, roofs: Roofs | undefined): Slower[] {
  const rate = roofs?.flopsPerSecond.float32
  if (rate === undefined) return []
  const isGrouped = groupedIn(profile)
  return nodes.flatMap((node) => {
    if (!isGrouped(node) || node.cost === undefined) return []
    const floatMs = ((2 * node.cost.macs) / (rate * FLOAT_EFFICIENCY)) * 1000 + FLOAT_BYTES * node.cappedFloorMs
    return floatMs < node.timeMs ? [{ node, floatMs }] : []
  })
}
