// Weights listed among the graph's inputs may be overridden by the caller at every call, so the engine may neither fold nor fuse with
// them. Before IR version 4 every initializer had to be listed: https://github.com/onnx/onnx/blob/main/docs/IR.md#graphs
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, predictedSaving, rewriteProposal } from '../kit/remedy.ts'

/** The first IR version in which an initializer need not be an input. */
const FREE_INITIALIZERS = 4n
const TREATS = ['initializers-as-inputs']

export const initializersAsInputs = defineRemedy({
  id: 'initializers-as-inputs',
  title: 'Weights taken out of the graph inputs',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time', 'memory'],
  betweenOperators: true,
  repairs: ({ condition }) => condition === 'constants-as-inputs',
  apply(setup, evidence) {
    const { proto } = setup.model
    if (proto.graph === undefined) return []
    const { graph } = proto
    // What the user feeds stays an input, default value or not.
    const fed = new Set(evidence.inputs.map(({ name }) => name))
    const weights = new Set([
      ...graph.initializer.map(({ name }) => name),
      ...graph.sparseInitializer.flatMap(({ values }) => values?.name ?? []),
    ])
    const input = graph.input.filter(({ name }) => !weights.has(name) || fed.has(name))
    const taken = graph.input.length - input.length
    if (taken === 0) return []
    const model = withGraph(setup.model, copyWith(graph, { input }))
    const irVersion = proto.irVersion < FREE_INITIALIZERS ? FREE_INITIALIZERS : proto.irVersion
    return rewriteProposal(setup, {
      model: { ...model, proto: copyWith(model.proto, { irVersion }) },
      changes: [`${count(taken, 'weight')} no longer listed as graph inputs`],
      // The finding says 0 if no experiment has measured it: it is not known then.
      predictedSavingMs: predictedSaving(TREATS, evidence) || null,
      took: ({ constants }) => Object.values(constants).every(({ name, isGraphInput }) => !isGraphInput || fed.has(name)),
    })
  },
})
