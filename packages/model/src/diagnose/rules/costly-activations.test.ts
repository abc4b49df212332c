import { checkRule, evidence, experiments, type NodeNote, roofs } from '../../../test/support/diagnose/check-rule.ts'
import { costlyActivations } from './costly-activations.ts'

const exp = (timeMs: number): NodeNote => ({ op: 'Exp', timeMs, functions: { exp: 1e6 } })

/** A Tanh of 1 ms that was timed beside a Relu, and an Exp of so long that was not; to start it takes 1 µs. */
const partlyTimed = (ratio: number, expMs: number) =>
  evidence({
    p50Ms: 10,
    dispatchUs: 1,
    nodes: [{ op: 'Tanh', timeMs: 1 }, exp(expMs)],
    operatorExperiments: experiments([{ opTypes: ['Tanh'], nodes: ['Tanh_0'], variants: [{ kind: 'relu', ratio }] }]),
  })

checkRule(costlyActivations, {
  found: [
    {
      // A Relu takes 1 ms, its start 1 µs: 3 - 1 - 0.001.
      name: 'an Exp against a Relu, by their rates',
      given: evidence({ p50Ms: 10, roofs: roofs({ elementsPerSecond: { Exp: 5e8, Relu: 1e9 } }), nodes: [exp(3)] }),
      expect: { wouldSaveMs: null, detail: /Exp takes 2\.0 times as long as Relu.*retraining\.$/ },
    },
    {
      // 1 µs a step to start, seven steps: 1e6 / 1e9 + 1e6 / 5e8 + 5 * 1e6 / 1e10 s = 3.5 ms; 12 - 3.507.
      name: 'a Softplus that takes longer than its parts',
      given: evidence({
        p50Ms: 20,
        dispatchUs: 1,
        roofs: roofs({ elementsPerSecond: { Exp: 1e9, Log: 5e8, Softplus: 1e8, Relu: 1e10 } }),
        nodes: [{ op: 'Softplus', timeMs: 12, functions: { exp: 1e6, log: 1e6 } }],
      }),
      expect: { wouldSaveMs: null, detail: /Written with Exp and Log, 1 Softplus would give the same numbers 8\.49 ms sooner/ },
    },
    {
      name: 'a Softmax, which no activation replaces',
      given: evidence({ p50Ms: 10, nodes: [{ op: 'Softmax', timeMs: 2, bytes: 1e6 }] }),
      expect: { wouldSaveMs: null, detail: /No activation does the same: .*only fusing it helps\.$/ },
    },
    {
      // Two copies of 1.5 ms, of which a Relu takes a fifth.
      name: 'a Tanh that was timed beside a Relu',
      given: evidence({
        p50Ms: 10,
        dispatchUs: 1,
        nodes: [
          { op: 'Tanh', timeMs: 1.5, bytes: 1e6 },
          { op: 'Tanh', timeMs: 1.5, bytes: 1e6 },
        ],
        operatorExperiments: experiments([
          {
            ...{ opTypes: ['Tanh'], nodes: ['Tanh_0', 'Tanh_1'], copies: 2, insideMs: 1.5, aloneMs: 1.5 },
            variants: [{ kind: 'relu', ratio: 0.2 }],
          },
        ]),
      }),
      expect: { wouldSaveMs: 2.4, basis: 'measured', nodes: ['Tanh_0', 'Tanh_1'] },
    },
    {
      // 1 MB at 10 GB/s = 0.1 ms floor, 1 µs start: 2 - 0.1 - 0.001 = 1.899 ms.
      name: 'a Tanh far above its memory floor',
      given: evidence({ p50Ms: 10, dispatchUs: 1, nodes: [{ op: 'Tanh', timeMs: 2, bytes: 1e6 }] }),
      expect: { timeMs: 2, wouldSaveMs: null, nodes: ['Tanh_0'] },
    },
    {
      // 0.82 ms of the 0.82 + 0.18 ms above a Relu are the Tanh's.
      name: 'timed beside a Relu, 82 % of the excess',
      given: partlyTimed(0.18, 0.181),
      expect: { wouldSaveMs: 0.82, basis: 'measured', nodes: ['Tanh_0'] },
    },
    {
      // 0.78 ms of 0.78 + 0.22 ms.
      name: 'timed beside a Relu, 78 % of the excess',
      given: partlyTimed(0.22, 0.221),
      expect: { wouldSaveMs: null, basis: 'modelled', nodes: ['Tanh_0', 'Exp_1'] },
    },
  ],
  clear: [
    {
      name: 'a Log alone, which is no activation',
      given: evidence({ p50Ms: 10, nodes: [{ op: 'Log', timeMs: 3, functions: { log: 1e6 }, bytes: 1e6 }] }),
    },
    {
      name: 'a square, which is multiplied, and the Log of a spectrum behind it',
      given: evidence({
        p50Ms: 10,
        nodes: [
          { op: 'Pow', timeMs: 3, bytes: 1e6 },
          { op: 'Log', timeMs: 3, functions: { log: 1e6 }, bytes: 1e6 },
        ],
      }),
    },
    {
      // 1e6 elements: a Relu at 1e9 / s takes 1 ms.
      name: 'an Exp that is as fast as a Relu',
      given: evidence({ p50Ms: 10, roofs: roofs({ elementsPerSecond: { Exp: 1e9, Relu: 1e9 } }), nodes: [exp(1.1)] }),
    },
    { name: 'a Tanh at its memory floor', given: evidence({ p50Ms: 10, nodes: [{ op: 'Tanh', timeMs: 2, bytes: 20e6 }] }) },
    { name: 'a Relu', given: evidence({ p50Ms: 10, nodes: [{ op: 'Relu', timeMs: 2, bytes: 1e6 }] }) },
    {
      // 2 µs a node, of which 1.9 µs is its start: a Relu would pay that too.
      name: 'small nodes that pay for their start',
      given: evidence({
        p50Ms: 0.1,
        dispatchUs: 1.9,
        nodes: Array.from({ length: 20 }, () => ({ op: 'Sigmoid', timeMs: 0.002 })),
      }),
    },
  ],
})
