import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { recurrentSteps } from './recurrent-steps.ts'

// 50 M multiply-adds as one product at 100 GFLOP/s: 1 ms.
const lstm = { op: 'LSTM', timeMs: 6, macs: 50e6, serialSteps: 200 }
const loop = [
  { op: 'Loop', name: 'loop', timeMs: 0.5 },
  { op: 'MatMul', timeMs: 4, macs: 0.5e6, runs: 100, parent: 'loop' },
]

checkRule(recurrentSteps, {
  found: [
    {
      name: 'an LSTM over 200 steps',
      given: evidence({ p50Ms: 10, nodes: [lstm] }),
      expect: { timeMs: 6, wouldSaveMs: null, area: 'architecture', title: /^200 sequential steps/, nodes: ['LSTM_0'] },
    },
    {
      // The body ran 100 times: 0.5 M x 100 = 50 M multiply-adds, 1 ms; 4 ms - 1 ms.
      name: 'a loop body',
      given: evidence({ p50Ms: 10, nodes: loop }),
      expect: { timeMs: 4, wouldSaveMs: null, nodes: ['MatMul_1'] },
    },
    {
      name: 'layers that wait for one another',
      given: evidence({ p50Ms: 20, nodes: [lstm, { ...lstm, op: 'GRU', in: ['LSTM_0'] }] }),
      expect: { title: /^400 sequential steps/, detail: /^LSTM, GRU take 12.* in 400 dependent steps/ },
    },
    {
      // Of two branches over 200 and 100 steps the longer, and the 50 steps of the layer behind them.
      name: 'branches that do not wait for one another',
      given: evidence({
        p50Ms: 20,
        nodes: [
          { ...lstm, in: ['x'] },
          { ...lstm, in: ['x'], serialSteps: 100 },
          { op: 'Concat', timeMs: 0.1, in: ['LSTM_0', 'LSTM_1'] },
          { ...lstm, in: ['Concat_2'], serialSteps: 50 },
        ],
      }),
      expect: { title: /^250 sequential steps/ },
    },
    {
      name: 'two nodes of one loop body',
      given: evidence({ p50Ms: 10, nodes: [...loop, { op: 'Add', timeMs: 2, runs: 100, parent: 'loop' }] }),
      expect: { title: /^100 sequential steps/ },
    },
    {
      name: '16 steps',
      given: evidence({ p50Ms: 10, nodes: [{ ...lstm, serialSteps: 16 }] }),
      expect: { title: /^16 sequential steps/ },
    },
    // 6 of 29.4 ms.
    { name: '20.4 % of the time', given: evidence({ p50Ms: 29.4, nodes: [lstm] }), expect: { wouldSaveMs: null } },
  ],
  clear: [
    { name: 'few steps', given: evidence({ p50Ms: 10, nodes: [{ ...lstm, serialSteps: 8 }] }) },
    { name: 'a small part of the time', given: evidence({ p50Ms: 100, nodes: [lstm] }) },
    { name: 'a deep tree', given: evidence({ p50Ms: 10, nodes: [{ ...lstm, op: 'TreeEnsembleRegressor' }] }) },
    {
      name: 'branches of an If',
      given: evidence({
        nodes: [
          { op: 'If', name: 'if', timeMs: 0.1 },
          { op: 'MatMul', timeMs: 9, runs: 1, parent: 'if' },
        ],
      }),
    },
    { name: '15 steps', given: evidence({ p50Ms: 10, nodes: [{ ...lstm, serialSteps: 15 }] }) },
    // 6 of 30.6 ms.
    { name: '19.6 % of the time', given: evidence({ p50Ms: 30.6, nodes: [lstm] }) },
  ],
})
