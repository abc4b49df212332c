import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { describe, expect, test } from 'vitest'
import { attribute, floatTensor, graph, int64Tensor, model, modelInMemory, node, valueInfo } from './build.ts'
import { copyWith } from './copy.ts'
import { raiseOpset } from './raise-opset.ts'
import { problemsOf } from './validate.ts'

const x = { dtype: 'float32', shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, k) => ((k * 7) % 11) - 5) } as const
const image = {
  dtype: 'float32',
  shape: [1, 2, 3, 4],
  data: Float32Array.from({ length: 24 }, (_, k) => ((k * 7) % 11) - 5),
} as const

const floats = (name: string, values: readonly number[]) => attribute(name, { floats: values })
const withAttributes = (one: ReturnType<typeof node>, ...more: readonly ReturnType<typeof attribute>[]) =>
  copyWith(one, { attribute: [...one.attribute, ...more] })

const CASES = [
  { name: 'Slice', opset: 9, nodes: [node('Slice', ['x'], ['y'], { starts: [0, -3], ends: [2, 100], axes: [1, 2] })] },
  { name: 'Slice without axes', opset: 9, nodes: [node('Slice', ['x'], ['y'], { starts: [1], ends: [2] })] },
  {
    name: 'Slice to the end, written as the largest int64',
    opset: 9,
    nodes: [
      withAttributes(
        node('Slice', ['x'], ['y'], { starts: [1], axes: [2] }),
        attribute('ends', { ints: [9223372036854775807n] }),
      ),
    ],
  },
  { name: 'Clip', opset: 9, nodes: [withAttributes(node('Clip', ['x'], ['y'], { min: { float: -1 }, max: { float: 2 } }))] },
  { name: 'Clip above only', opset: 9, nodes: [node('Clip', ['x'], ['y'], { max: { float: 2 } })] },
  { name: 'Pad with a value', opset: 9, nodes: [node('Pad', ['x'], ['y'], { pads: [0, 1, 0, 0, 0, 2], value: { float: 3 } })] },
  { name: 'Pad by reflection', opset: 10, nodes: [node('Pad', ['x'], ['y'], { pads: [0, 0, 1, 0, 0, 2], mode: 'reflect' })] },
  { name: 'TopK', opset: 9, nodes: [node('TopK', ['x'], ['y', 'i'], { k: 2, axis: 2 })] },
  { name: 'Dropout', opset: 9, nodes: [node('Dropout', ['x'], ['y'], { ratio: { float: 0.5 } })] },
  {
    name: 'Squeeze of Unsqueeze',
    opset: 9,
    nodes: [node('Unsqueeze', ['x'], ['u'], { axes: [0, 3] }), node('Squeeze', ['u'], ['y'], { axes: [0] })],
  },
  { name: 'Squeeze of all', opset: 9, nodes: [node('Unsqueeze', ['x'], ['u'], { axes: [0, 3] }), node('Squeeze', ['u'], ['y'])] },
  { name: 'ReduceSum', opset: 11, nodes: [node('ReduceSum', ['x'], ['y'], { axes: [1], keepdims: 0 })] },
  { name: 'Split', opset: 9, nodes: [node('Split', ['x'], ['a', 'y'], { axis: 2, split: [1, 3] })] },
  { name: 'Softmax over what lies behind axis 1', opset: 9, nodes: [node('Softmax', ['x'], ['y'])] },
  { name: 'Softmax over the last axis', opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: 2 })] },
  {
    name: 'LogSoftmax of a value of unknown rank',
    opset: 9,
    nodes: [node('Reshape', ['x', 'shape'], ['r']), node('LogSoftmax', ['r'], ['y'])],
  },
  {
    name: 'BatchNormalization',
    opset: 8,
    nodes: [node('BatchNormalization', ['x', 'ones', 'ones', 'ones', 'ones'], ['y'], { spatial: 1 })],
  },
  {
    name: 'Upsample by attribute',
    opset: 8,
    image: true,
    nodes: [withAttributes(node('Upsample', ['x'], ['y'], { mode: 'nearest' }), floats('scales', [1, 1, 2, 3]))],
  },
  { name: 'Upsample by input', opset: 9, image: true, nodes: [node('Upsample', ['x', 'scales'], ['y'], { mode: 'linear' })] },
  { name: 'Resize', opset: 10, image: true, nodes: [node('Resize', ['x', 'scales'], ['y'], { mode: 'nearest' })] },
  {
    name: 'inside of If',
    opset: 9,
    nodes: [
      node('Constant', [], ['yes'], { value: copyWith(int64Tensor('', [], [1]), { dataType: 9, rawData: Uint8Array.of(1) }) }),
      node('If', ['yes'], ['y'], {
        then_branch: graph({
          nodes: [node('Clip', ['x'], ['t'], { min: { float: 0 } })],
          outputs: [valueInfo('t', 'float32', [2, 3, 4])],
        }),
        else_branch: graph({ nodes: [node('Identity', ['x'], ['e'])], outputs: [valueInfo('e', 'float32', [2, 3, 4])] }),
      }),
    ],
  },
]

const make = (one: (typeof CASES)[number]) =>
  model({
    nodes: one.nodes,
    inputs: [valueInfo('x', 'float32', 'image' in one ? image.shape : x.shape)],
    outputs: [valueInfo('y', 'float32')],
    initializers: [
      floatTensor('ones', [3], [1, 2, 1.5]),
      floatTensor('scales', [4], [1, 1, 2, 2]),
      int64Tensor('shape', [3], [4, 2, 3]),
    ],
    opset: one.opset,
  })

describe('raiseOpset', () => {
  test.each(CASES)('$name gives the same as before', async (one) => {
    const before = make(one)
    const { model: raised, reason } = raiseOpset(modelInMemory(before), 13)
    expect(reason).toBeUndefined()
    expect(raised!.proto.opsetImport.map(({ version }) => version)).toEqual([13n])
    expect(problemsOf(raised!.proto)).toEqual([])
    const feeds = { x: 'image' in one ? image : x }
    const [expected] = await runModel(modelInMemory(before), [feeds])
    const [got] = await runModel(raised!, [feeds])
    expect(got).toEqual(expected)
  })

  test('a model that is there already stays as it is', () => {
    const there = modelInMemory(make({ ...CASES[0]!, opset: 17 }))
    expect(raiseOpset(there, 13).model).toBe(there)
  })

  test('says why it cannot', () => {
    const relu = { name: '', nodes: [node('Relu', ['x'], ['y'])] }
    expect(raiseOpset(modelInMemory(make({ ...relu, opset: 6 })), 13).reason).toBe('opset 6 cannot be raised to 13')
    const perElement = make({
      name: '',
      opset: 8,
      nodes: [node('BatchNormalization', ['x', 'ones', 'ones', 'ones', 'ones'], ['y'], { spatial: 0 })],
    })
    expect(raiseOpset(modelInMemory(perElement), 13).reason).toMatch(
      /^opset 8 .*: BatchNormalization with parameters per element$/,
    )
  })
})
