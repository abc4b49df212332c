// Recurrence: each step waits for the one before it, so the work is many small multiplications in a row instead of one large one.
// LSTM, GRU and RNN over a sequence, and bodies of Loop and Scan.
import { ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { defineRule } from '../rule.ts'

const RECURRENT = /^(LSTM|GRU|RNN|DynamicQuantizeLSTM|AttnLSTM)$/
const LOOPS = /^(Loop|Scan)$/

/** Fewer than 16 steps in a row are a handful of kernels, as any small network has. */
const MIN_STEPS = 16

/** Below a fifth of the p50 the rest of the model decides. */
const MIN_SHARE = 0.2

export const recurrentSteps = defineRule({
  id: 'recurrent-steps',
  area: 'architecture',
  title: 'Sequential recurrent steps take the time',
  needs: ['latency', 'costs', 'roofs', 'profile'],
  check({ latency, costs, roofs, profile }) {
    const { p50Ms } = latency
    const roof = roofs.flopsPerSecond.float32
    if (roof === undefined) return { notChecked: 'the float32 roof was not measured' }
    const byName = new Map(profile.nodes.map((node) => [node.name, node]))
    const costOf = new Map(costs.nodes.map((node) => [node.name, node.cost]))
    const stepsOf = (node: ProfiledNode) =>
      RECURRENT.test(node.opType) ? (costOf.get(node.name)?.serialSteps ?? 1) : loopRuns(node, byName)

    const serial = profile.nodes.filter((node) => stepsOf(node) >= MIN_STEPS)
    // Node times and the p50 are measured apart: on a restless machine they can disagree.
    const timeMs = Math.min(
      p50Ms,
      serial.reduce((sum, node) => sum + node.timeMs, 0),
    )
    if (timeMs < MIN_SHARE * p50Ms) return 'clear'

    const macs = serial.reduce((sum, node) => sum + (costOf.get(node.name)?.macs ?? 0) * node.runsPerPrediction, 0)
    const atOnceMs = ((2 * macs) / roof) * 1000
    const savingMs = Math.max(0, timeMs - atOnceMs)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const steps = Math.round(stepsInARow(profile.graph, byName, serial, stepsOf))
    const kinds = [...new Set(serial.map((node) => (RECURRENT.test(node.opType) ? node.opType : 'a loop body')))]
    return {
      title: `${steps} sequential steps take the time`,
      ...tell`${kinds.join(', ')} ${kinds.length === 1 ? 'takes' : 'take'} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50, in ${number('steps', steps, 'steps')}
        dependent steps of ${ms('step', timeMs / steps)}. The same ${number('macs', macs, 'multiply-adds')} multiply-adds as one matrix
        multiplication would take ${ms('at-once', atOnceMs)} at the measured roof.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'steps that wait for each other cannot be run as one multiplication to compare',
      basis: 'modelled',
      nodes: serial.map((node) => node.name),
    }
  },
})

/** Along the longest path: layers wait for one another, branches do not. Of a loop all of the body runs in each round. */
function stepsInARow(
  graph: GraphView,
  byName: ReadonlyMap<string, ProfiledNode>,
  serial: readonly ProfiledNode[],
  stepsOf: (node: ProfiledNode) => number,
): number {
  // By node of the graph: the steps in it, and by loop its rounds.
  const stepsAt = new Map<string, Map<string, number>>()
  for (const node of serial) {
    let top = node
    for (let at: ProfiledNode | undefined = node; at !== undefined; at = byName.get(at.parent ?? '')) top = at
    const inside = stepsAt.get(top.name) ?? new Map<string, number>()
    const name = RECURRENT.test(node.opType) ? node.name : (node.parent ?? '')
    stepsAt.set(top.name, inside.set(name, Math.max(inside.get(name) ?? 0, stepsOf(node))))
  }
  const total = (name: string) => [...(stepsAt.get(name)?.values() ?? [])].reduce((sum, one) => sum + one, 0)
  // Nodes stand in an order that can be run.
  const stepsBefore = new Map<string, number>()
  let longest = Math.max(...[...stepsAt.keys()].map(total))
  for (const { name, inputs, outputs } of graph.nodes) {
    const steps = total(name) + inputs.reduce((most, input) => Math.max(most, stepsBefore.get(input) ?? 0), 0)
    for (const output of outputs) stepsBefore.set(output, steps)
    longest = Math.max(longest, steps)
  }
  return longest
}

/** How often the node runs as part of a Loop's or Scan's body; 1 outside. */
function loopRuns(node: ProfiledNode, byName: ReadonlyMap<string, ProfiledNode>): number {
  for (let parent = byName.get(node.parent ?? ''); parent !== undefined; parent = byName.get(parent.parent ?? '')) {
    if (LOOPS.test(parent.opType)) return node.runsPerPrediction
  }
  return 1
}
