import { checkRule } from '../check-rule.ts'
import { alone, clearAlone, foundAlone } from '../example-alone.ts'
import { slowNormalization } from './slow-normalization.ts'

const given = { opTypes: ['InstanceNormalization'], copies: 2, variant: { kind: 'rewrite', remedy: 'softmax-of-two' } } as const

checkRule(slowNormalization, {
  found: [
    {
      name: 'the remedy by name',
      given: alone(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /by softmax-of-two/ },
    },
    {
      name: 'in pieces',
      given: alone(given, { row: { opTypes: ['ReduceMean', 'Sub', 'Mul', 'ReduceMean', 'Sqrt', 'Div'] } }),
      expect: { detail: /ReduceMean\+Sub\+Mul\+Sqrt\+Div \(.*\) takes .* by softmax-of-two/ },
    },
    {
      name: 'no command where nothing but a batch makes it faster',
      given: alone(given, { change: { kind: 'four-samples', remedy: null } }),
      expect: { next: null, detail: /more samples in one call/ },
    },
    ...foundAlone(given),
  ],
  clear: [
    { name: 'an operator that normalizes nothing', given: alone(given, { row: { opTypes: ['Conv'] } }) },
    {
      name: 'the softmax of an attention, with its products',
      given: alone(given, { row: { opTypes: ['MatMul', 'Softmax', 'MatMul'] } }),
    },
    { name: 'a mean alone', given: alone(given, { row: { opTypes: ['ReduceMean'] } }) },
    { name: 'a Relu in its place, which gives other numbers', given: alone(given, { change: { kind: 'relu', remedy: null } }) },
    ...clearAlone(given, 'one-thread'),
  ],
})
