import { floatTensor, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import type { RemedySetup } from '../kit/remedy.ts'
import { cancellingPairs } from './cancelling-pairs.ts'

type Nodes = Parameters<typeof model>[0]['nodes']
type Parts = Partial<Parameters<typeof model>[0]>
const x = valueInfo('x', 'float32', ['n', 3, 4, 5])
const y = (shape: readonly Dimension[] | null = ['n', 3, 4, 5], dtype: DType = 'float32') =>
  valueInfo('y', dtype, shape ?? undefined)
/** A graph from x [n, 3, 4, 5] to y. */
const chain = (nodes: Nodes, parts: Parts = {}) => model({ nodes, inputs: [x], outputs: [y()], ...parts })

const NHWC = [0, 2, 3, 1]
const NCHW = [0, 3, 1, 2]
const transpose = (from: string, to: string, perm?: readonly number[]) => node('Transpose', [from], [to], perm ? { perm } : {})
const cast = (from: string, to: string, type: number) => node('Cast', [from], [to], { to: type })
const [FLOAT, INT8, INT32, FLOAT16, DOUBLE] = [1, 3, 6, 10, 11]

/** What a shape that the model does not declare is tried with. */
const fed = (shape: readonly number[]) => {
  const length = shape.reduce((product, size) => product * size, 1)
  return { x: { dtype: 'float32' as const, shape, data: Float32Array.from({ length }, (_, k) => Math.sin(k)) } }
}
/** The integers that the rewritten model holds: shapes and axes. */
const numbersOf = ({ model: { proto } }: RemedySetup) => {
  return proto.graph!.initializer.map(({ rawData, dims }) => decodeNumbers(rawData, 'int64', Number(dims[0])))
}

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
      name: 'a Reshape that copies a dimension of the one before, whose shape is known: -1, 60',
      model: chain([node('Reshape', ['x', 'to1'], ['a']), node('Reshape', ['a', 'to2'], ['y'])], {
        initializers: [int64Tensor('to1', [3], [-1, 12, 5]), int64Tensor('to2', [2], [0, -1])],
        outputs: [y(['n', 60])],
      }),
      operators: ['Reshape'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[-1, 60]]),
    },
    {
      name: 'two symbols stay where they were: 0, 0, 20',
      model: chain([node('Unsqueeze', ['x', 'four'], ['a']), node('Reshape', ['a', 'to'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['n', 'm', 4, 5])],
        initializers: [int64Tensor('four', [1], [4]), int64Tensor('to', [3], [0, 0, 20])],
        outputs: [y(['n', 'm', 20])],
      }),
      operators: ['Reshape'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[0, 0, 20]]),
    },
    {
      name: 'Squeeze and Unsqueeze that come to the shape there was',
      model: chain([node('Relu', ['x'], ['r']), node('Squeeze', ['r', 'two'], ['a']), node('Unsqueeze', ['a', 'one'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['n', 1, 1, 5])],
        initializers: [int64Tensor('one', [1], [1]), int64Tensor('two', [1], [2])],
        outputs: [y(['n', 1, 1, 5])],
      }),
      operators: ['Relu'],
    },
    {
      name: 'Squeeze and Unsqueeze of other axes: [n, 1, 4, 5] to [n, 4, 1, 5]',
      model: chain([node('Squeeze', ['x', 'one'], ['a']), node('Unsqueeze', ['a', 'two'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['n', 1, 4, 5])],
        initializers: [int64Tensor('one', [1], [1]), int64Tensor('two', [1], [2])],
        outputs: [y(['n', 4, 1, 5])],
      }),
      operators: ['Reshape'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[-1, 4, 1, 5]]),
    },
    {
      // Places in [., n, ., 3, 4, 5, .]: the first adds 0 and 4, the second 2 and 6 of what comes out.
      name: 'Unsqueeze twice, of any rank, in the order of the last tensor',
      model: chain([node('Unsqueeze', ['x', 'a1'], ['a']), node('Unsqueeze', ['a', 'a2'], ['y'])], {
        inputs: [valueInfo('x', 'float32')],
        initializers: [int64Tensor('a1', [2], [4, 0]), int64Tensor('a2', [2], [6, 2])],
        outputs: [y(null)],
      }),
      feeds: [fed([2, 3, 4, 5])],
      operators: ['Unsqueeze'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[0, 2, 5, 6]]),
    },
    {
      name: 'Squeeze twice, counted in what comes in',
      model: chain([node('Squeeze', ['x', 'a1'], ['a']), node('Squeeze', ['a', 'a2'], ['y'])], {
        inputs: [valueInfo('x', 'float32')],
        initializers: [int64Tensor('a1', [1], [1]), int64Tensor('a2', [2], [0, 2])],
        outputs: [y(null)],
      }),
      feeds: [fed([1, 1, 4, 1, 5])],
      operators: ['Squeeze'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[0, 1, 3]]),
    },
    {
      name: 'Squeeze of some that Unsqueeze added, before opset 13',
      model: chain([node('Unsqueeze', ['x'], ['a'], { axes: [0, 2, 5] }), node('Squeeze', ['a'], ['y'], { axes: [2] })], {
        inputs: [valueInfo('x', 'float32')],
        outputs: [y(null)],
        opset: 11,
      }),
      feeds: [fed([2, 3, 4])],
      operators: ['Unsqueeze'],
    },
    {
      name: 'Squeeze of what Unsqueeze added and of more',
      model: chain([node('Unsqueeze', ['x', 'one'], ['a']), node('Squeeze', ['a', 'a2'], ['y'])], {
        inputs: [valueInfo('x', 'float32')],
        initializers: [int64Tensor('one', [1], [1]), int64Tensor('a2', [2], [1, 3])],
        outputs: [y(null)],
      }),
      feeds: [fed([2, 3, 1, 4])],
      operators: ['Squeeze'],
      check: ({ setup }) => expect(numbersOf(setup)).toEqual([[2]]),
    },
    {
      name: 'a Transpose that moves axes of size 1 alone, among changes of shape',
      model: chain([transpose('x', 'a', [2, 1, 0, 3]), node('Squeeze', ['a', 'one'], ['b']), transpose('b', 'y', [1, 0, 2])], {
        inputs: [valueInfo('x', 'float32', [1, 1, 'n', 5])],
        initializers: [int64Tensor('one', [1], [1])],
        outputs: [y([1, 'n', 5])],
      }),
      operators: ['Reshape'],
    },
    {
      name: 'a Transpose that changes nothing',
      model: chain([node('Relu', ['x'], ['r']), transpose('r', 'y', [1, 0, 2])], {
        inputs: [valueInfo('x', 'float32', [1, 1, 5])],
        outputs: [y([1, 1, 5])],
      }),
      operators: ['Relu'],
    },
    {
      name: 'a recurrent layer between: what it keeps of its state, squeezed and unsqueezed',
      model: chain(
        [
          node('LSTM', ['x', 'w', 'r'], ['', 'h', 'c'], { hidden_size: 2 }),
          node('Squeeze', ['h', 'zero'], ['a']),
          node('Unsqueeze', ['a', 'one'], ['b']),
          node('Squeeze', ['c', 'zero'], ['d']),
          node('Unsqueeze', ['d', 'one'], ['e']),
          node('Concat', ['b', 'e'], ['y'], { axis: 1 }),
        ],
        {
          inputs: [valueInfo('x', 'float32', ['steps', 1, 3])],
          initializers: [
            floatTensor(
              'w',
              [1, 8, 3],
              Array.from({ length: 24 }, (_, k) => Math.sin(k)),
            ),
            floatTensor(
              'r',
              [1, 8, 2],
              Array.from({ length: 16 }, (_, k) => Math.cos(k)),
            ),
            int64Tensor('zero', [1], [0]),
            int64Tensor('one', [1], [1]),
          ],
          outputs: [y([1, 2, 2])],
        },
      ),
      operators: ['LSTM', 'Concat'],
    },
    {
      name: 'a reduction drops the axes itself, another keeps them itself',
      model: chain(
        [
          node('ReduceMax', ['x'], ['a'], { axes: [-1, 1] }),
          node('Squeeze', ['a', 'axes'], ['b']),
          node('ReduceSum', ['b', 'one'], ['c'], { keepdims: 0 }),
          node('Unsqueeze', ['c', 'one'], ['y']),
        ],
        { initializers: [int64Tensor('axes', [2], [1, 3]), int64Tensor('one', [1], [1])], outputs: [y(['n', 1])] },
      ),
      operators: ['ReduceMax', 'ReduceSum'],
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
      name: 'Reshape that copies a dimension of the one before, which nobody knows',
      model: chain([node('Reshape', ['x', 'to1'], ['a']), node('Reshape', ['a', 'to2'], ['y'])], {
        inputs: [valueInfo('x', 'float32')],
        initializers: [int64Tensor('to1', [3], [-1, 12, 5]), int64Tensor('to2', [2], [0, -1])],
        outputs: [y([null, 60])],
      }),
      feeds: [fed([2, 3, 4, 5])],
    },
    {
      name: 'one symbol moved and one where it was: -1 beside 0 fails for a size of 0',
      model: chain([node('Flatten', ['x'], ['a']), node('Unsqueeze', ['a', 'one'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['n', 'm', 4, 5])],
        initializers: [int64Tensor('one', [1], [1])],
        outputs: [y(['n', 1, null])],
      }),
    },
    {
      name: 'a Transpose that moves a size that may be 1',
      model: chain([transpose('x', 'a', [1, 0, 2]), node('Flatten', ['a'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['n', 2, 5])],
        outputs: [y([2, null])],
      }),
    },
    {
      name: 'a reduction over other axes than those taken after it',
      model: chain([node('ReduceMax', ['x'], ['a'], { axes: [1, 2] }), node('Squeeze', ['a', 'one'], ['y'])], {
        initializers: [int64Tensor('one', [1], [1])],
        outputs: [y(['n', 1, 5])],
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
      name: 'Squeeze and Unsqueeze of other axes, of a shape that nobody knows',
      model: chain([node('Squeeze', ['x', 'two'], ['c']), node('Unsqueeze', ['c', 'one'], ['y'])], {
        inputs: [valueInfo('x', 'float32')],
        initializers: [int64Tensor('one', [1], [1]), int64Tensor('two', [1], [2])],
        outputs: [y(null)],
      }),
      feeds: [fed([2, 3, 1, 4])],
    },
  ],
})
