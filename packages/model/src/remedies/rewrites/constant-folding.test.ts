import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { expect } from 'vitest'
import { checkRemedy, engineTools, exampleSetup } from '../../../test/support/remedies/check-remedy.ts'
import { constantFolding } from './constant-folding.ts'

/** y = x + (a + b), with a + b left to compute, or done; outputs named otherwise where wanted. */
const sum = (folded: boolean, output = 'y', shape: readonly (string | number)[] = ['n', 2]) =>
  model({
    nodes: [
      ...(folded ? [] : [node({ opType: 'Add', name: 'fold-me' }, ['a', 'b'], ['c'])]),
      node({ opType: 'Add', name: 'stays' }, ['x', 'c'], [output]),
    ],
    inputs: [valueInfo('x', 'float32', shape)],
    outputs: [valueInfo(output, 'float32', shape)],
    initializers: folded ? [floatTensor('c', [2], [4, 6])] : [floatTensor('a', [2], [1, 2]), floatTensor('b', [2], [3, 4])],
  })

const gives = (result: () => Model) => ({ ...engineTools, simplify: async () => result() })

checkRemedy(constantFolding, {
  applies: [
    {
      name: 'what the simplifier folded; its sharper input shape is not taken over; the time of what went is the saving',
      model: sum(false),
      tools: gives(() => modelInMemory(sum(true, 'y', [2, 2]))),
      // The engine folds as the simplifier does.
      toolsAround: { ...engineTools, simplify: (given) => engineTools.optimize(exampleSetup(given), 'basic') },
      operators: ['Add'],
      changes: /^simplified: 1 node instead of 2$/,
      profiled: true,
      // 1 ms each node in the profile; one is gone.
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(1),
    },
  ],
  leaves: [
    { name: 'no simplifier is there', model: sum(false) },
    {
      name: 'the simplifier throws',
      model: sum(false),
      tools: gives(() => {
        throw new Error('unsupported operator')
      }),
    },
    { name: 'the simplifier does nothing', model: sum(false), tools: gives(() => modelInMemory(sum(false))) },
    { name: 'the simplifier loses an output', model: sum(false), tools: gives(() => modelInMemory(sum(true, 'z'))) },
    {
      name: 'the simplifier makes a model that is not valid',
      model: sum(false),
      tools: gives(() => modelInMemory(model({ nodes: [], outputs: [valueInfo('y', 'float32', [2])] }))),
    },
  ],
})
