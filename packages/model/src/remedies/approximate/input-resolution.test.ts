import { floatTensor, int64Tensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { inputResolution } from './input-resolution.ts'

const ramp = (name: string, shape: readonly number[]) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return floatTensor(
    name,
    shape,
    Array.from({ length: count }, (_, k) => Math.sin(k) / 4),
  )
}
const constants = [
  ramp('k', [4, 3, 3, 3]),
  ramp('w', [4, 2]),
  ramp('wide', [64, 2]),
  int64Tensor('second', [], [2]),
  floatTensor('grow', [4], [1, 1, 2, 2]),
]
const picture = valueInfo('x', 'float32', ['batch', 3, 'height', 'width'])
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({ nodes, inputs: [picture], outputs: [valueInfo('y', 'float32')], initializers: constants, ...rest })
const features = [node('Conv', ['x', 'k'], ['c'], { pads: [1, 1, 1, 1], strides: [2, 2] }), node('Relu', ['c'], ['r'])]
const classify = [node('GlobalAveragePool', ['r'], ['p']), node('Flatten', ['p'], ['f']), node('MatMul', ['f', 'w'], ['y'])]
const classifier = [...features, ...classify]
const evidence = { constraints: { maxLoss: 0.1 } }
const sizes = { batch: 2, height: 128, width: 256 }
const given = { evidence, sizes }
// Means over noise: the picture's detail is what gets lost.
const tolerance = 3

checkRemedy(inputResolution, {
  applies: [
    {
      name: 'a classifier with global pooling',
      model: make(classifier),
      ...given,
      variants: ['three-quarters', 'half'],
      tolerance,
      operators: ['Resize', 'Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'MatMul'],
      changes: /'x' resized from 128 x 256 to (96 x 192|64 x 128) inside the model/,
    },
    {
      name: 'a side that only one half divides',
      model: make(classifier),
      evidence,
      sizes: { batch: 1, height: 64, width: 192 },
      variants: ['half'],
      tolerance,
    },
    {
      name: 'channels last',
      model: make(
        [
          node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
          node('Conv', ['t', 'k'], ['c']),
          node('Relu', ['c'], ['r']),
          ...classify,
        ],
        {
          inputs: [valueInfo('x', 'float32', ['batch', 'height', 'width', 3])],
        },
      ),
      ...given,
      variants: ['three-quarters', 'half'],
      tolerance,
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: make(classifier), sizes },
    {
      name: 'height and width are fixed',
      model: make(classifier, { inputs: [valueInfo('x', 'float32', ['batch', 3, 128, 256])] }),
      ...given,
    },
    {
      name: 'the output has the size of the picture',
      model: make(features.slice(0, 1).concat(node('Relu', ['c'], ['y']))),
      ...given,
    },
    {
      name: 'the output is the size of the picture',
      model: make([...classifier, node('Shape', ['x'], ['s']), node('Gather', ['s', 'second'], ['z'])], {
        outputs: [valueInfo('y', 'float32'), valueInfo('z', 'int64')],
      }),
      ...given,
    },
    {
      name: 'weights multiply all pixels',
      model: make([
        node('Conv', ['x', 'k'], ['c'], { strides: [8, 8] }),
        node('Flatten', ['c'], ['f']),
        node('MatMul', ['f', 'wide'], ['y']),
      ]),
      evidence,
      sizes: { batch: 1, height: 32, width: 32 },
    },
    {
      name: 'sides that a stride of 32 does not divide',
      model: make(classifier),
      evidence,
      sizes: { batch: 1, height: 100, width: 100 },
    },
    { name: 'before opset 11', model: make(classifier, { opset: 10 }), ...given },
    {
      name: 'a sequence, no picture',
      model: make([node('ReduceMean', ['x'], ['y'], { axes: [1, 2, 3] })], {
        inputs: [valueInfo('x', 'float32', ['batch', 'length', 'width', 64])],
      }),
      ...given,
    },
  ],
})
