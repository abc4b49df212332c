// Constant folding and simplification by onnx-simplifier (https://github.com/onnxsim/onnxsim): what depends on constants alone is
// computed once, before the model is shipped. ONNX Runtime folds at every load; a simplifier saves that time, and uncovers fusions.
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { adoptOptimized, countComputingNodes, nodesGone } from '@whyslow/graph/rewrite/optimized-elsewhere.ts'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'
import { savingByRemoving } from '../kit/unfused.ts'

const TREATS = ['dispatch-overhead', 'unfused-operators', 'cold-start']

export const constantFolding = defineRemedy({
  id: 'constant-folding',
  title: 'What depends on constants alone is computed before the model is shipped',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time', 'memory', 'size'],
  async apply(setup, evidence, { simplify }) {
    if (simplify === undefined) return []
    const simplified = await orNothing(() => simplify(setup.model))
    const model = simplified && adoptOptimized(simplified, setup.model)
    if (model === undefined) return []
    const fewer = countComputingNodes(setup.model) - countComputingNodes(model)
    if (fewer <= 0) return []
    return rewriteProposal(setup, {
      model,
      changes: [`simplified: ${count(countComputingNodes(model), 'node')} instead of ${countComputingNodes(setup.model)}`],
      predictedSavingMs: savingByRemoving(evidence, TREATS, nodesGone(model, setup.model)),
    })
  },
})

/** The simplifier refuses models with operators that it does not know; that is no failure of ours. */
async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}
