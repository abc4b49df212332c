// Nodes that do not wait for each other can run side by side. It pays only where branches of weight lie side by side, since the
// engine's plan for it reuses less memory and hands each node from thread to thread.
// https://onnxruntime.ai/docs/performance/tune-performance/threading.html#set-number-of-inter-op-threads
import type { Profile } from '@whyslow/measure/timing/types.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { readsKeys, withOptions } from '../kit/session-options.ts'

const KEY = 'session.inter_op_num_threads'
/** Below a tenth of the nodes' time outside the longest path, moving nodes between threads costs more than it gains. */
const MIN_SHARE_BESIDE = 0.1

export const executionMode = defineRemedy({
  id: 'execution-mode',
  title: 'Run branches of the graph side by side',
  treats: ['dispatch-overhead'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency'],
  apply(setup, evidence) {
    const { profile, usableCpus } = evidence
    if (setup.options.executionMode === 'parallel') {
      const changes = ['nodes one after the other instead of side by side']
      return [
        {
          variant: 'sequential',
          setup: withOptions(setup, { executionMode: 'sequential' }, { [KEY]: null }),
          changes,
          predictedSavingMs: null,
        },
      ]
    }
    if (profile === undefined || usableCpus < 2 || shareBesideLongestPath(profile) < MIN_SHARE_BESIDE) return []
    const counts = readsKeys(evidence, [KEY]) ? [...new Set([2, usableCpus])] : [null]
    return counts.map((count) => ({
      variant: count === null ? 'parallel' : `parallel-${count}`,
      setup: withOptions(setup, { executionMode: 'parallel' }, { [KEY]: count === null ? null : String(count) }),
      changes: [`nodes that do not wait for each other run side by side${count === null ? '' : `, ${count} at once`}`],
      predictedSavingMs: null,
    }))
  },
})

/** Share 0..1 of the nodes' time that is not on the longest path through the graph: what could run in parallel. */
export function shareBesideLongestPath({ graph, nodes }: Profile): number {
  const profiled = new Map(nodes.map((node) => [node.name, node]))
  const timeOf = new Map<string, number>()
  for (const { name, timeMs } of nodes) {
    // A body's time counts for the node that holds it, at whatever depth.
    let top = name
    for (let at = profiled.get(name)?.parent ?? null; at !== null; at = profiled.get(at)?.parent ?? null) top = at
    timeOf.set(top, (timeOf.get(top) ?? 0) + timeMs)
  }
  // By value: when it is there at the earliest. Nodes of a graph stand in an order that can be run.
  const readyAt = new Map<string, number>()
  let [longest, total] = [0, 0]
  for (const { name, inputs, outputs } of graph.nodes) {
    const timeMs = timeOf.get(name) ?? 0
    const end = timeMs + inputs.reduce((latest, input) => Math.max(latest, readyAt.get(input) ?? 0), 0)
    for (const output of outputs) readyAt.set(output, end)
    longest = Math.max(longest, end)
    total += timeMs
  }
  return total === 0 ? 0 : 1 - longest / total
}
