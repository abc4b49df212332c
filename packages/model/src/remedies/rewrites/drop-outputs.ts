// Outputs that nobody asked for are not computed: an engine computes every output that the caller fetches, and most callers fetch all.
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'
import { savingByRemoving } from '../kit/unfused.ts'

const TREATS = ['compute-bound-operators', 'memory-bound-operators', 'dispatch-overhead']

export const dropOutputs = defineRemedy({
  id: 'drop-outputs',
  title: 'Outputs that are not used are dropped',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time', 'memory', 'size'],
  apply(setup, evidence) {
    const { graph } = setup.model.proto
    const wished = evidence.constraints.outputs
    if (wished === null || graph === undefined) return []
    const output = graph.output.filter(({ name }) => wished.includes(name))
    const dropped = graph.output.filter(({ name }) => !wished.includes(name))
    if (output.length === 0 || dropped.length === 0) return []
    const changed = withoutDead(copyWith(graph, { output }))
    const left = new Set(changed.node)
    return rewriteProposal(setup, {
      model: withGraph(setup.model, changed),
      changes: dropped.map(({ name }) => `output '${name}' dropped`),
      predictedSavingMs: savingByRemoving(
        evidence,
        TREATS,
        graph.node.filter((node) => !left.has(node)),
      ),
      took: ({ outputs }) => outputs.length === output.length,
    })
  },
})
