import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { dropOutputs } from './drop-outputs.ts'

/** Two heads on one trunk. */
const heads = model({
  nodes: [
    node('Relu', ['x'], ['t']),
    node('Mul', ['t', 'w'], ['boxes']),
    node('Exp', ['t'], ['e']),
    node('Neg', ['e'], ['scores']),
  ],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('boxes', 'float32', [2, 3]), valueInfo('scores', 'float32', [2, 3])],
  initializers: [floatTensor('w', [3], [1, 2, 3])],
})

checkRemedy(dropOutputs, {
  applies: [
    {
      name: 'the one head, with all that only it needed',
      model: heads,
      evidence: { constraints: { outputs: ['scores'] } },
      profiled: true,
      narrows: true,
      operators: ['Relu', 'Exp', 'Neg'],
      changes: /^output 'boxes' dropped$/,
      check: ({ setup, predictedSavingMs }) => {
        expect(setup.model.proto.graph!.initializer).toEqual([])
        expect(predictedSavingMs).toBe(1)
      },
    },
    {
      name: 'the other head',
      model: heads,
      evidence: { constraints: { outputs: ['boxes'] } },
      narrows: true,
      operators: ['Relu', 'Mul'],
    },
  ],
  leaves: [
    { name: 'nobody said which', model: heads },
    { name: 'all are wished', model: heads, evidence: { constraints: { outputs: ['scores', 'boxes'] } } },
    { name: 'none of those wished is there', model: heads, evidence: { constraints: { outputs: ['classes'] } } },
  ],
})
