import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { loopCopies } from './loop-copies.ts'

const declared = (name: string) => ({ name, kind: 'tensor' as const, dtype: 'float32' as const, shape: [1] })
const view = (opType: string, inputs: readonly string[], outputs: readonly string[], more: Partial<NodeView> = {}): NodeView => ({
  ...{ name: outputs[0]!, opType, domain: '', inputs, outputs, attributes: {}, subgraphs: {} },
  ...more,
})
const graph = (nodes: readonly NodeView[], inputs: readonly string[], outputs: readonly string[]): GraphView => ({
  ...{ name: '', nodes, inputs: inputs.map(declared), outputs: outputs.map(declared), constants: {}, types: {} },
})

/** A Loop of 4 ms beside its body, in a prediction of 10 ms; the body multiplies with `weight` and gives `given` for it. */
const looped = (given: string, whole: OperatorExperiments['wholes'] = [], ownMs = 4) => {
  const body = graph(
    [view('MatMul', ['state', 'weight'], ['next']), view('Identity', ['weight'], ['copy']), view('Neg', ['weight'], ['changed'])],
    ['round', 'on', 'state', 'weight'],
    ['on', 'next', given],
  )
  const loop = view('Loop', ['rounds', 'yes', 'x', 'w'], ['last', 'after'], { name: 'loop', subgraphs: { body } })
  const nodes = [
    { name: 'loop', op: 'Loop', timeMs: ownMs },
    { name: 'inner', op: 'MatMul', timeMs: 2 },
  ]
  const base = evidence({ p50Ms: 10, nodes })
  const [ran, inner] = base.profile!.nodes
  return {
    ...base,
    graph: graph([loop], ['x'], ['last']),
    profile: {
      ...base.profile!,
      nodes: [
        { ...ran!, origin: ['loop'] },
        { ...inner!, parent: 'loop', inner: { path: [{ node: 'loop', attribute: 'body' }], nodes: ['next'] } },
      ],
    },
    operatorExperiments: { rows: [], left: [], coveredShare: 1, wholes: whole },
  }
}

checkRule(loopCopies, {
  found: [
    {
      name: 'a weight handed on as it came',
      given: looped('weight'),
      expect: { timeMs: 4, wouldSaveMs: null, nodes: ['loop'], next: 'whyslow fix MODEL -o fast/' },
    },
    { name: 'through a copy', given: looped('copy'), expect: { timeMs: 4, wouldSaveMs: null } },
    {
      name: 'what reading it from outside saves was timed on the whole model',
      given: looped('weight', [{ remedy: 'loop-invariants', ms: 5, low: 4.5, high: 5.5 }]),
      expect: { timeMs: 4, wouldSaveMs: 5, basis: 'measured', nodes: ['loop', 'inner'] },
    },
  ],
  clear: [
    { name: 'a round changes it', given: looped('changed') },
    { name: 'the loop takes next to nothing by itself', given: looped('weight', [], 0.1) },
  ],
})
