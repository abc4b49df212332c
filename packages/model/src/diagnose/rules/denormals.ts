// Subnormal float32 numbers (non-zero and below 1.18e-38 in size) take some CPUs a hundred times as long; others not at all, so
// only an experiment can tell: the same model with session.set_denormal_as_zero, paired. Without one, the weights are counted.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { ConstantView, GraphView } from '@whyslow/graph/types.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** One weight in a thousand: training with weight decay or ReLU leaves fewer; pruned or decayed layers far more. */
const SUBNORMAL_SHARE = 0.001
const NEXT = fixModel()

export const denormals = defineRule({
  id: 'denormals',
  area: 'hardware',
  title: 'Denormal numbers slow the arithmetic',
  needs: ['latency', 'graph'],
  wants: ['experiments'],
  check({ latency, graph, experiments }) {
    const worst = constantsOf(graph)
      .filter((constant) => (constant.statistics?.subnormalShare ?? 0) >= SUBNORMAL_SHARE)
      .sort((a, b) => b.statistics!.subnormalShare - a.statistics!.subnormalShare)[0]
    const inWeights =
      worst === undefined
        ? ''
        : tell`${share('subnormal-weights', worst.statistics!.subnormalShare)} of the numbers in '${worst.name}' are subnormal.`

    const experiment = experiments?.find((one) => one.id === 'denormals')
    if (experiment === undefined) {
      if (worst === undefined) return { notChecked: 'the weights hold none; activations were not tried (no experiment)' }
      return {
        title: 'Denormal weights slow the arithmetic on some CPUs',
        ...tell`${inWeights} Whether this CPU is slow with them was not measured.`,
        timeMs: 0,
        wouldSaveMs: 0,
        basis: 'measured',
        next: NEXT,
      }
    }

    const savingMs = latency.p50Ms * (1 - experiment.ratio)
    if (verdictOf(experiment) !== 'faster' || !isWorthSaying(savingMs, latency.p50Ms)) return 'clear'
    return {
      ...tell`With subnormal numbers taken as zero, a prediction takes ${ms('flushed', experiment.changedMs)} instead of
        ${ms('as-is', experiment.baseMs)} (${countFact('pair', experiment.pairs)} of processes).${worst === undefined ? '' : tell` ${inWeights}`}`,
      timeMs: savingMs,
      wouldSaveMs: savingMs,
      basis: 'measured',
      next: NEXT,
    }
  },
})

/** The graph's constants and those of its subgraphs. */
function constantsOf(graph: GraphView): ConstantView[] {
  const inner = graph.nodes.flatMap((node) => Object.values(node.subgraphs).flatMap(constantsOf))
  return [...Object.values(graph.constants), ...inner]
}
