// Trees that were grown without a limit: a few ways are many times as deep as the usual one, and each step waits for the one before. Rows
// that go deep take longest, and what walks all trees alike (vectors, GPUs) walks to the deepest leaf.
import { countFact, ms, number, part, ratio, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { forestNodes, TYPICAL_DEPTH } from '../forests.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

const DEEP = 16

export const deepUnbalancedTrees = defineRule({
  id: 'deep-unbalanced-trees',
  area: 'architecture',
  title: 'The trees are deep and unbalanced',
  needs: ['latency', 'costs', 'graph'],
  check({ latency: { p50Ms }, costs, graph }) {
    const forests = forestNodes(graph, costs)
    if (forests.length === 0) return 'does-not-apply'
    const deep = forests.filter(({ deepest }) => deepest >= DEEP)
    const timeMs = deep.reduce((sum, { node }) => sum + node.timeMs, 0)
    const savingMs = deep.reduce((sum, { node, tests, usualTests }) => sum + node.timeMs * (1 - usualTests / tests), 0)
    if (deep.length === 0 || !isWorthSaying(savingMs, p50Ms)) return 'clear'
    const worst = deep.reduce((a, b) => (b.deepest > a.deepest ? b : a))
    const mean = worst.tests / worst.trees
    return {
      ...tell`${countFact('tree', worst.trees)} with ${number('tree-nodes', worst.nodes, 'nodes')} nodes go ${number('deepest', worst.deepest, 'tests')} tests deep,
        ${ratio('deepest-to-mean', worst.deepest / mean)} times as deep as a row goes where each branch is taken half the time. They take ${ms('time', timeMs)},
        ${part('time-share', timeMs / p50Ms)} of the p50. Limited to a depth of ${number('usual-depth', TYPICAL_DEPTH, 'tests')}
        (max_depth, min_samples_leaf: options of the training), a row would make ${share('tests-left', worst.usualTests / worst.tests)} of these tests.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'trees of another depth have to be trained first',
      basis: 'modelled',
      nodes: deep.map(({ node }) => node.name),
      next: fixModel(),
    }
  },
})
