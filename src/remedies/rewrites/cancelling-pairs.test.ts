import { expect } from 'vitest'
import { floatTensor, int64Tensor, model, node, valueInfo } from '../../graph/build.ts'
import type { Dimension, DType } from '../../graph/types.ts'
import { checkRemedy } from '../check-remedy.ts'
import { cancellingPairs } from './cancelling-pairs.ts'

type Nodes = Parameters<typeof model>[0]['nodes']
type Parts = Partial<Parameters<typeof model>[0]>
const x = valueInfo('x', 'float32', ['n', 3, 4, 5])
const y = (shape: readonly Dimension[] = ['n', 3, 4, 5], dtype: DType = 'float32') => valueInfo('y', dtype, shape)
/** A graph from x [n, 3, 4, 5] to y. */
const chain = (nodes: Nodes, parts: Parts = {}) => model({ nodes, inputs: [x], outputs: [y()], ...parts })

const NHWC = [0, 2, 3, 1]
const NCHW = [0, 3, 1, 2]
const transpose = (from: string, to: string, perm?: readonly number[]) => node('Transpose', [from], [to], perm ? { perm } : {})
const cast = (from: string, to: string, type: number) => node('Cast', [from], [to], { to: type })
const [FLOAT, INT8, INT32, FLOAT16, DOUBLE] = [1, 3, 6, 10, 11]

checkRemedy(cancellingPairs, {
  applies: [
    {
      name: 'Transposes there and back',
      model: chain([node('Relu', ['x'], ['r']), transpose('r', 'a', NHWC), transpose('a', 'b', NCHW), node('Neg', ['b'], ['y'])]),
      operators: ['Relu', 'Neg'],
      changes: /^undone by or merged with another, taken out: 2 Transpose$/,
      profiled: true,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(2),
    },
    {
      name: 'Transposes that come to another order are one: y[i] = x[p[q[i]]], p = q = 0231 gives 0312',
      model: chain([transpose('x', 'a', NHWC), transpose('a', 'y', NHWC)], { outputs: [y(['n', 5, 3, 4])] }),
      operators: ['Transpose'],
    },
    {
      name: 'Transposes that reverse, without saying so',
      model: chain([node('Relu', ['x'], ['r']), transpose('r', 'a'), transpose('a', 'y')]),
      operators: ['Relu'],
    },
    {
      name: 'the first of two Transposes stays where another reads it',
      model: chain(
        [
          node('Relu', ['x'], ['r']),
          transpose('r', 'a', NHWC),
          transpose('a', 'b', NCHW),
          node('Neg', ['b'], ['y']),
          node('Abs', ['a'], ['z']),
        ],
        {
          outputs: [y(), valueInfo('z', 'float32', ['n', 4, 5, 3])],
        },
      ),
      operators: ['Relu', 'Transpose', 'Neg', 'Abs'],
    },
    {
      name: 'Transposes with elementwise operators between them, whose declared shapes go',
      model: chain(
        [
          transpose('x', 'a', NHWC),
          node('Relu', ['a'], ['r']),
          node('Mul', ['half', 'r'], ['m']),
          node('Clip', ['m', '', 'top'], ['c']),
          transpose('c', 'y', NCHW),
        ],
        {
          initializers: [floatTensor('half', [1], [0.5]), floatTensor('top', [], [0.7])],
          values: [valueInfo('r', 'float32', ['n', 4, 5, 3])],
        },
      ),
      operators: ['Relu', 'Mul', 'Clip'],
      check: ({ setup }) => expect(setup.model.proto.graph!.valueInfo).toEqual([]),
    },
    {
      name: 'Transposes with an operator between them that come to another order',
      model: chain([transpose('x', 'a', NHWC), node('Relu', ['a'], ['r']), transpose('r', 'y', NHWC)], {
        outputs: [y(['n', 5, 3, 4])],
      }),
      operators: ['Relu', 'Transpose'],
    },
    {
      name: 'Casts to a wider type and back',
      model: chain([node('Relu', ['x'], ['r']), cast('r', 'a', DOUBLE), cast('a', 'b', FLOAT), node('Neg', ['b'], ['y'])]),
      operators: ['Relu', 'Neg'],
    },
    {
      name: 'Casts by way of a wider type',
      model: chain([cast('x', 'i', INT8), cast('i', 'a', INT32), cast('a', 'y', FLOAT)]),
      operators: ['Cast', 'Cast'],
    },
    {
      name: 'Reshape after Reshape, Flatten, Squeeze and Unsqueeze',
      model: chain(
        [
          node('Unsqueeze', ['x', 'one'], ['a']),
          node('Squeeze', ['a', 'one'], ['a2']),
          node('Flatten', ['a2'], ['b']),
          node('Reshape', ['b', 'to1'], ['c']),
          node('Reshape', ['c', 'to2'], ['y']),
        ],
        {
          initializers: [int64Tensor('one', [1], [1]), int64Tensor('to1', [2], [-1, 5]), int64Tensor('to2', [3], [-1, 12, 5])],
          outputs: [y(['n', 12, 5])],
        },
      ),
      operators: ['Reshape'],
    },
    {
      name: 'Unsqueeze and Squeeze of the same axes, in either order',
      model: chain(
        [
          node('Unsqueeze', ['x', 'axes'], ['a']),
          node('Squeeze', ['a', 'axes2'], ['b']),
          node('ReduceMax', ['b'], ['c'], { axes: [1] }),
          node('Squeeze', ['c', 'one'], ['d']),
          node('Unsqueeze', ['d', 'one'], ['e']),
          node('Neg', ['e'], ['y']),
        ],
        {
          initializers: [int64Tensor('axes', [2], [-1, 0]), int64Tensor('axes2', [2], [0, -1]), int64Tensor('one', [1], [1])],
          outputs: [y(['n', 1, 4, 5])],
        },
      ),
      operators: ['ReduceMax', 'Neg'],
    },
    {
      name: 'axes as attributes, before opset 13',
      model: chain(
        [
          node('Relu', ['x'], ['r']),
          node('Unsqueeze', ['r'], ['a'], { axes: [2] }),
          node('Squeeze', ['a'], ['y'], { axes: [2] }),
        ],
        { opset: 11 },
      ),
      operators: ['Relu'],
    },
  ],
  leaves: [
    {
      name: 'Transposes between an input and an output of one name each',
      model: chain([transpose('x', 'a', NHWC), transpose('a', 'y', NCHW)]),
    },
    {
      name: 'Transposes that do not cancel, the first with another reader',
      model: chain([transpose('x', 'a', NHWC), transpose('a', 'y', NHWC), node('Abs', ['a'], ['z'])], {
        outputs: [y(['n', 5, 3, 4]), valueInfo('z', 'float32', ['n', 4, 5, 3])],
      }),
    },
    {
      name: 'a value between the Transposes that is an output',
      model: chain([transpose('x', 'a', NHWC), node('Relu', ['a'], ['r']), transpose('r', 'y', NCHW)], {
        outputs: [y(), valueInfo('r', 'float32', ['n', 4, 5, 3])],
      }),
    },
    {
      name: 'an operator between the Transposes that looks at an axis',
      model: chain([transpose('x', 'a', NHWC), node('Softmax', ['a'], ['s'], { axis: -1 }), transpose('s', 'y', NCHW)]),
    },
    {
      name: 'an operator between them whose other operand has axes',
      model: chain([transpose('x', 'a', NHWC), node('Mul', ['a', 'w'], ['s']), transpose('s', 'y', NCHW)], {
        initializers: [floatTensor('w', [3], [1, 2, 3])],
      }),
    },
    {
      name: 'Casts by way of a narrower type',
      model: chain([node('Relu', ['x'], ['r']), cast('r', 'a', FLOAT16), cast('a', 'y', FLOAT)]),
    },
    {
      name: 'Casts by way of a type that cuts off',
      model: chain([node('Relu', ['x'], ['r']), cast('r', 'a', INT32), cast('a', 'y', FLOAT)]),
    },
    {
      name: 'Reshape that copies a dimension of the one before',
      model: chain([node('Reshape', ['x', 'to1'], ['a']), node('Reshape', ['a', 'to2'], ['y'])], {
        initializers: [int64Tensor('to1', [3], [-1, 12, 5]), int64Tensor('to2', [2], [0, -1])],
        outputs: [y(['n', 60])],
      }),
    },
    {
      name: 'Reshape after a Reshape that another reads',
      model: chain([node('Reshape', ['x', 'to1'], ['a']), node('Reshape', ['a', 'to2'], ['y']), node('Abs', ['a'], ['z'])], {
        initializers: [int64Tensor('to1', [2], [-1, 60]), int64Tensor('to2', [2], [-1, 30])],
        outputs: [y([null, 30]), valueInfo('z', 'float32', ['n', 60])],
      }),
    },
    {
      name: 'Squeeze and Unsqueeze of other axes',
      model: chain(
        [
          node('Unsqueeze', ['x', 'one'], ['a']),
          node('ReduceMax', ['a'], ['b'], { axes: [2] }),
          node('Squeeze', ['b', 'two'], ['c']),
          node('Unsqueeze', ['c', 'one'], ['y']),
        ],
        {
          initializers: [int64Tensor('one', [1], [1]), int64Tensor('two', [1], [2])],
          outputs: [y(['n', 1, 1, 4, 5])],
        },
      ),
    },
  ],
})
