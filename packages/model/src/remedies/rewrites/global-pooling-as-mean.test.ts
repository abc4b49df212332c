import { type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { evidence } from '../../../test/support/diagnose/example-evidence.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { globalPoolingAsMean } from './global-pooling-as-mean.ts'

const make = (shape: readonly (string | number)[], opset: number, opType = 'GlobalAveragePool', rest: Partial<ModelParts> = {}) =>
  model({
    nodes: [node(opType, ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', shape)],
    outputs: [valueInfo('y', 'float32')],
    opset,
    ...rest,
  })

/** Pooled in this domain; the conversion behind the pooling is of its origin as well. */
const pooledIn = (domain: string) => {
  const ran = evidence({
    nodes: [
      { op: 'GlobalAveragePool', timeMs: 1, domain },
      { op: 'ReorderInput', timeMs: 1, domain: 'com.microsoft.nchwc' },
    ],
  }).profile!
  return { profile: { ...ran, nodes: ran.nodes.map((one) => ({ ...one, origin: ['y'] })) } }
}

checkRemedy(globalPoolingAsMean, {
  applies: [
    {
      name: 'pictures',
      model: make(['batch', 4, 5, 7], 17),
      operators: ['ReduceMean'],
      changes: /1 GlobalAveragePool as ReduceMean/,
    },
    { name: 'what the engine pools as it is', model: make(['batch', 4, 5, 7], 17), evidence: pooledIn('') },
    { name: 'axes as an input', model: make(['batch', 3, 'height', 'width'], 18), operators: ['ReduceMean'] },
    { name: 'one axis of space', model: make([1, 4, 9], 13), operators: ['ReduceMean'] },
  ],
  leaves: [
    {
      name: 'what the engine pools in its blocked layout',
      model: make(['batch', 4, 5, 7], 17),
      evidence: pooledIn('com.microsoft.nchwc'),
    },
    { name: 'the largest of each channel', model: make(['batch', 4, 5, 7], 17, 'GlobalMaxPool') },
  ],
})
