// A forest that is larger than the cache of one core: each step down a tree waits for a node from farther away. A step whose node is near
// takes some 3 ns in an engine that walks tree after tree.
import { bytes, countFact, ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { forestNodes } from '../forests.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Time of a test whose node and feature are in the nearest caches: load, compare, load. */
const NEAR_MS = 3e-6

export const forestOutOfCache = defineRule({
  id: 'forest-out-of-cache',
  area: 'hardware',
  title: 'The trees do not fit in the CPU cache',
  needs: ['latency', 'costs', 'graph', 'machine', 'inputs'],
  check({ latency: { p50Ms }, costs, graph, machine, inputs }) {
    const cacheBytes = machine.caches.L2
    const forests = forestNodes(graph, costs)
    if (forests.length === 0) return 'does-not-apply'
    if (cacheBytes === null || cacheBytes === undefined)
      return { notChecked: 'this machine does not report the size of its L2 cache' }
    const rows = inputs[0]?.shape[0] ?? 1
    const large = forests.filter((forest) => forest.bytes > cacheBytes)
    const timeMs = large.reduce((sum, { node }) => sum + node.timeMs, 0)
    const tests = large.reduce((sum, one) => sum + one.tests * rows, 0)
    const savingMs = timeMs - tests * NEAR_MS
    if (large.length === 0 || !isWorthSaying(savingMs, p50Ms)) return 'clear'
    const total = large.reduce((sum, one) => sum + one.bytes, 0)
    const trees = large.reduce((sum, one) => sum + one.trees, 0)
    return {
      ...tell`${countFact('tree', trees)} of ${number(
        'tree-nodes',
        large.reduce((sum, one) => sum + one.nodes, 0),
        'nodes',
      )} nodes take ${bytes('trees-bytes', total)}
        as the engine keeps them, and the second cache holds ${bytes('second-cache', cacheBytes)}. They take ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of
        the p50, for ${number('tests', Math.round(tests), 'tests')} tests, ${ms('per-test', timeMs / tests)} each; a node that is near in memory takes
        ${ms('near-test', NEAR_MS)}. Smaller nodes, fewer trees, or more rows in a prediction make it less.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'no smaller trees were run; fix tries them as compiled code',
      basis: 'modelled',
      nodes: large.map(({ node }) => node.name),
      next: fixModel(),
    }
  },
})
