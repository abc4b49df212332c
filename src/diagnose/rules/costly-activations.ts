// Exponentials and their kin cost many times an addition: erf, tanh, exp, log, pow. Their nodes take longer than reading and
// writing their data would.
import type { NodeCost } from '../../analyze/costs.ts'
import { defineRule } from '../rule.ts'
import { ms, operatorsTake, share, tell } from '../tell.ts'
import { isWorthSaying } from '../worth.ts'

/** Activations and norms built on special functions, as the engine runs them. */
const COSTLY = new Set([
  ...['Erf', 'Tanh', 'Sigmoid', 'Gelu', 'FastGelu', 'BiasGelu', 'QuickGelu', 'Swish', 'Softmax', 'LogSoftmax', 'Exp', 'Log'],
  ...['Pow', 'Softplus', 'Mish', 'Elu', 'Selu', 'Celu', 'HardSigmoid', 'Sin', 'Cos'],
])

export const costlyActivations = defineRule({
  id: 'costly-activations',
  area: 'architecture',
  title: 'Activations with exponentials take the time',
  needs: ['latency', 'costs', 'profile'],
  check({ latency, costs, profile }) {
    const { p50Ms } = latency
    // Without what starting the kernel costs: a cheap activation would pay that too.
    const runs = new Map(profile.nodes.map((node) => [node.name, node.runsPerPrediction]))
    const startMs = (node: NodeCost) => (profile.dispatchPerNodeUs / 1000) * (runs.get(node.name) ?? 1)
    const excessMs = (node: NodeCost) => Math.max(0, node.timeMs - node.cappedFloorMs - startMs(node))

    const costly = costs.nodes.filter((node) => COSTLY.has(node.opType) && node.cost !== undefined && excessMs(node) > 0)
    const savingMs = costly.reduce((sum, node) => sum + excessMs(node), 0)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const timeMs = costly.reduce((sum, node) => sum + node.timeMs, 0)
    return {
      ...tell`${operatorsTake(costly.map((node) => node.opType))} ${ms('time', timeMs)}, ${share('time-share', timeMs / p50Ms)} of the p50;
        reading and writing their data alone would take ${ms('data-alone', timeMs - savingMs)}. An activation without exponentials
        (Relu, HardSwish) comes close to that, after retraining.`,
      timeMs,
      wouldSaveMs: Math.min(savingMs, p50Ms),
      basis: 'modelled',
      nodes: costly.map((node) => node.name),
      next: 'whyslow fix MODEL -o fast/ --max-loss 0.01',
    }
  },
})
