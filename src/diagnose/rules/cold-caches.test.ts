import { checkRule, evidence, experiments } from '../check-rule.ts'
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
  ],
  clear: [
    { name: 'as long as alone', given: evidence({ p50Ms: 10, operatorExperiments: beside(10, [{ ...row, insideMs: 1.1 }]) }) },
    { name: 'too small a part of the p50', given: evidence({ p50Ms: 1000, operatorExperiments: beside(1000) }) },
  ],
  notChecked: [
    { name: 'the state of the machine is not known', given: evidence({ p50Ms: 10, operatorExperiments: beside(null) }) },
  ],
})
