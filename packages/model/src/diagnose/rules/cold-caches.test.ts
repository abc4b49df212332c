import { checkRule, evidence, experiments } from '../../../test/support/diagnose/check-rule.ts'
import { coldCaches } from './cold-caches.ts'

const row = { opTypes: ['Conv'], nodes: ['a', 'b'], copies: 2, insideMs: 2, aloneMs: 1, variants: [] }
const beside = (wholeMs: number | null, rows = [row]) => ({ ...experiments(rows), wholeMs })

checkRule(coldCaches, {
  found: [
    {
      name: 'twice as long within the model',
      given: evidence({ p50Ms: 10, operatorExperiments: beside(10) }),
      expect: { timeMs: 4, wouldSaveMs: 2, basis: 'measured', nodes: ['a', 'b'] },
    },
    {
      name: 'those that agree are not in it',
      given: evidence({ p50Ms: 10, operatorExperiments: beside(10, [row, { ...row, nodes: ['c', 'd'], insideMs: 1.1 }]) }),
      expect: { wouldSaveMs: 2, nodes: ['a', 'b'] },
    },
    {
      // Two that take 0.18 ms longer each.
      name: '18 % longer within the model',
      given: evidence({ p50Ms: 5, operatorExperiments: beside(5, [{ ...row, insideMs: 1.18 }]) }),
      expect: { wouldSaveMs: 0.36 },
    },
  ],
  clear: [
    { name: 'as long as alone', given: evidence({ p50Ms: 10, operatorExperiments: beside(10, [{ ...row, insideMs: 1.1 }]) }) },
    { name: 'too small a part of the p50', given: evidence({ p50Ms: 1000, operatorExperiments: beside(1000) }) },
    {
      // 0.24 ms of 5 are enough to say, but 1.12 and 1 agree.
      name: '12 % longer within the model',
      given: evidence({ p50Ms: 5, operatorExperiments: beside(5, [{ ...row, insideMs: 1.12 }]) }),
    },
  ],
  notChecked: [
    { name: 'the state of the machine is not known', given: evidence({ p50Ms: 10, operatorExperiments: beside(null) }) },
  ],
})
