import { floatTensor, int64Tensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseAttention } from './fuse-attention.ts'

// Two heads of width 3; values have heads of width 2.
const type = ['batch', 'length', 6]
const memory = ['batch', 'other', 6]
const inputs = [
  valueInfo('q', 'float32', type),
  valueInfo('k', 'float32', memory),
  valueInfo('v', 'float32', ['batch', 'other', 4]),
]
const constants = [
  int64Tensor('split', [4], [0, 0, 2, 3]),
  int64Tensor('split_v', [4], [0, -1, 2, 2]),
  int64Tensor('join', [3], [0, 0, 4]),
  floatTensor('scale', [], [0.4]),
]
const heads = (name: string, target: string, perm: readonly number[]) => [
  node('Reshape', [name, target], [`${name}4`]),
  node('Transpose', [`${name}4`], [`${name}h`], { perm }),
]
const query = heads('q', 'split', [0, 2, 1, 3])
const key = heads('k', 'split', [0, 2, 3, 1])
const value = heads('v', 'split_v', [0, 2, 1, 3])
const scores = [node('MatMul', ['qh', 'kh'], ['s0']), node('Mul', ['s0', 'scale'], ['s1'])]
const rest = (seen: string) => [
  node('Softmax', [seen], ['p'], { axis: -1 }),
  node('MatMul', ['p', 'vh'], ['c']),
  node('Transpose', ['c'], ['ct'], { perm: [0, 2, 1, 3] }),
  node('Reshape', ['ct', 'join'], ['y']),
]
const plain = [...query, ...key, ...value, ...scores, ...rest('s1')]
const make = (nodes: ModelParts['nodes'], parts: Partial<ModelParts> = {}) =>
  model({ nodes, inputs, outputs: [valueInfo('y', 'float32', ['batch', 'length', 4])], initializers: constants, ...parts })
const masked = (shape: readonly (string | number)[], order = ['s1', 'mask']) =>
  make([...query, ...key, ...value, ...scores, node('Add', order, ['s2']), ...rest('s2')], {
    inputs: [...inputs, valueInfo('mask', 'float32', shape)],
  })
const sizes = { batch: 2, length: 3, other: 5 }

checkRemedy(fuseAttention, {
  applies: [
    {
      name: 'without mask',
      model: make(plain),
      sizes,
      operators: ['MultiHeadAttention'],
      changes: /1 attention block computed by MultiHeadAttention/,
    },
    {
      name: 'a mask of the shape of the scores',
      model: masked(['batch', 2, 'length', 'other']),
      sizes,
      operators: ['MultiHeadAttention'],
    },
    {
      name: 'a mask over keys, for all queries',
      model: masked(['batch', 1, 1, 'other'], ['mask', 's1']),
      sizes,
      operators: ['Shape', 'Gather', 'Concat', 'Expand', 'MultiHeadAttention'],
    },
    {
      name: 'a mask of two dimensions',
      model: masked(['length', 'other']),
      sizes,
      operators: ['Unsqueeze', 'MultiHeadAttention'],
    },
    {
      name: 'sizes read off the values between, a mask whose length is not known to be that of the keys',
      model: make(
        [
          ...query,
          ...key,
          ...value,
          ...scores,
          node('Add', ['s1', 'mask'], ['s2']),
          ...rest('s2').slice(0, 3),
          node('Shape', ['ct'], ['size']),
          node('Gather', ['size', 'first'], ['lengths'], { axis: 0 }),
          node('Concat', ['lengths', 'width'], ['joined'], { axis: 0 }),
          node('Reshape', ['ct', 'joined'], ['y']),
        ],
        {
          inputs: [...inputs, valueInfo('mask', 'float32', ['batch', 1, 1, 'seen'])],
          initializers: [...constants, int64Tensor('first', [2], [0, 1]), int64Tensor('width', [1], [4])],
        },
      ),
      sizes: { ...sizes, seen: 5 },
      operators: ['Shape', 'Gather', 'Shape', 'Gather', 'Concat', 'Expand', 'MultiHeadAttention'],
    },
    {
      name: 'the scale shared between query and key, the key transposed twice',
      model: make([
        node('Reshape', ['q', 'split'], ['q4']),
        node('Transpose', ['q4'], ['qt'], { perm: [0, 2, 1, 3] }),
        node('Mul', ['qt', 'scale'], ['qh']),
        ...heads('k', 'split', [0, 2, 1, 3]),
        node('Transpose', ['kh'], ['kt'], { perm: [0, 1, 3, 2] }),
        node('Div', ['kt', 'scale'], ['ks']),
        ...value,
        node('MatMul', ['qh', 'ks'], ['s0']),
        ...rest('s0'),
      ]),
      sizes,
      operators: ['MultiHeadAttention'],
    },
    {
      name: 'as the engine writes it after its own fusions: scale and transposition in the product',
      model: make(
        [
          ...query,
          ...heads('k', 'split', [0, 2, 1, 3]),
          ...value,
          node({ opType: 'FusedMatMul', domain: 'com.microsoft' }, ['qh', 'kh'], ['s0'], { alpha: 0.4, transB: 1 }),
          ...rest('s0'),
        ],
        { opsets: { 'com.microsoft': 1 } },
      ),
      sizes,
      operators: ['MultiHeadAttention'],
    },
    {
      name: 'a block of a transformer, biases and mask',
      model: transformerBlocks({ width: 16, heads: 4, inner: 16 }),
      sizes: { batch: 2, length: 5 },
      variants: ['multi-head', 'attention'],
    },
    {
      name: 'a block of an older opset',
      model: transformerBlocks({ width: 16, heads: 2, inner: 16, opset: 11 }),
      sizes: { batch: 1, length: 4 },
      variants: ['multi-head', 'attention'],
    },
  ].map((one) => ({ variants: ['multi-head'], ...one })),
  leaves: [
    {
      name: 'others read the size of what lies between',
      model: make([...plain, node('Shape', ['ct'], ['size'])], {
        outputs: [valueInfo('y', 'float32'), valueInfo('size', 'int64')],
      }),
      sizes,
    },
    {
      name: 'the shares are an output',
      model: make(plain, { outputs: [valueInfo('y', 'float32'), valueInfo('p', 'float32')] }),
      sizes,
    },
    {
      name: 'the scores have a second reader',
      model: make([...plain, node('Neg', ['s0'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
      sizes,
    },
    {
      name: 'softmax over queries',
      model: make([...plain.slice(0, 8), node('Softmax', ['s1'], ['p'], { axis: 2 }), ...plain.slice(9)]),
      sizes,
    },
    {
      name: 'heads are not turned back',
      model: make([
        ...plain.slice(0, 10),
        node('Transpose', ['c'], ['ct'], { perm: [0, 2, 3, 1] }),
        node('Reshape', ['ct', 'join'], ['y']),
      ]),
      sizes,
    },
    {
      name: 'the key is not transposed',
      model: make([...query, ...heads('k', 'split', [0, 2, 1, 3]), ...value, ...scores, ...rest('s1')], {
        inputs: inputs.map((one) =>
          one.name === 'k'
            ? valueInfo('k', 'float32', ['batch', 3, 6])
            : one.name === 'v'
              ? valueInfo('v', 'float32', ['batch', 3, 4])
              : one,
        ),
      }),
      sizes,
    },
    {
      name: 'the mask is multiplied',
      model: make([...query, ...key, ...value, ...scores, node('Mul', ['s1', 'mask'], ['s2']), ...rest('s2')], {
        inputs: [...inputs, valueInfo('mask', 'float32', ['batch', 1, 1, 'other'])],
      }),
      sizes,
    },
    { name: 'a mask of queries of its own', model: masked(['batch', 1, 'else', 'other']), sizes: { ...sizes, else: 3 } },
    {
      name: 'one query for the whole batch',
      model: make(plain, { inputs: [valueInfo('q', 'float32', [1, 'length', 6]), ...inputs.slice(1)] }),
      sizes,
    },
  ],
})
