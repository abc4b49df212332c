// Kernels that fit their shapes badly: few channels in front of a wide kernel, transposed convolutions, work too small for the threads or the
// vectors. The counterfactual is the operator alone, with one thing changed.
import type { OperatorExperiment, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import { type Cause, causesOf, findingOf, isAttention, isNormalization, isRun } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

const OF_ONE: ReadonlySet<string> = new Set(['rewrite', 'filled-channels', 'plain-layout', 'four-samples'])
const OF_RUNS: ReadonlySet<string> = new Set(['four-samples'])
/** What fewer passes over a run give is another finding's; so is what a fused attention does. */
const FEWER_PASSES: ReadonlySet<string> = new Set(['one-pass', 'rewrite'])

export const inefficientKernels = defineRule({
  id: 'inefficient-kernels',
  area: 'software',
  title: 'Kernels are slow at the shapes of this model',
  needs: ['latency', 'operatorExperiments'],
  wants: ['costs'],
  check({ latency, operatorExperiments, costs }) {
    const above = new Map((costs?.nodes ?? []).map(({ name, timeMs, cappedFloorMs }) => [name, timeMs - cappedFloorMs]))
    const isElsewhere = ({ kind, remedy }: OperatorVariant, row: OperatorExperiment) =>
      (isRun(row) && FEWER_PASSES.has(kind)) || (isAttention(row) && remedy === 'fuse-attention')
    const passes = causesOf(operatorExperiments, isElsewhere)
    const others = new Set(passes.map(({ row }) => row))
    const causes = causesOf(
      operatorExperiments,
      ({ kind }, row) => !isNormalization(row) && !others.has(row) && (isRun(row) ? OF_RUNS : OF_ONE).has(kind),
    ).map((one) => aboveTheFloor(one, above))
    const remedies = causes.flatMap(({ variant }) => variant.remedy ?? [])
    const cure =
      remedies.length > 0
        ? 'Exact rewrites bring faster kernels; fix proves them on the whole model.'
        : causes.some(({ variant }) => variant.kind === 'four-samples')
          ? 'More samples in one call, or larger layers, fill the kernels better.'
          : 'Channels in multiples of what the kernels work on at once, or another layout, fit them better.'
    return findingOf(causes, latency.p50Ms, { cure, next: remedies.length > 0 ? fixModel() : null })
  },
})

/** More channels share what is read for all of them: per channel that is less than a kernel without any fault would take for these. */
function aboveTheFloor(cause: Cause, above: ReadonlyMap<string, number>): Cause {
  const { row, variant, saving } = cause
  if (variant.kind !== 'filled-channels' || row.nodes.some((name) => !above.has(name))) return cause
  const mostMs = Math.max(
    0,
    row.nodes.reduce((sum, name) => sum + above.get(name)!, 0),
  )
  return {
    ...cause,
    saving: { ms: Math.min(saving.ms, mostMs), low: Math.min(saving.low, mostMs), high: Math.min(saving.high, mostMs) },
  }
}
