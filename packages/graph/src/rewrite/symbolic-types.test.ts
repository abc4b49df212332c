import { randomFeeds, typesAsRun } from '@whyslow/measure/support/engines/example-run.ts'
import { expect, test } from 'vitest'
import { transformerBlocks } from '../../test/support/example-transformer.ts'
import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '../build.ts'
import { symbolicTypes } from './symbolic-types.ts'

const typesOf = (nodes: ModelParts['nodes'], initializers: ModelParts['initializers'] = [], rest: Partial<ModelParts> = {}) => {
  const inputs = [valueInfo('x', 'float32', ['batch', 'length', 6])]
  const built = modelInMemory(model({ nodes, inputs, outputs: [valueInfo('y', 'float32')], initializers, ...rest }))
  return symbolicTypes(built, built.proto.graph!)
}

test('shape arithmetic gives back the symbols it took', () => {
  // [batch, length, 6] -> [batch, length, 2, 3], the first two read off x, the third left to the engine.
  const types = typesOf(
    [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['b'], { axis: 0 }),
      node('Slice', ['shape', 'from', 'to'], ['l']),
      node('Unsqueeze', ['b', 'axes'], ['b1']),
      node('Concat', ['b1', 'l', 'minus', 'three'], ['target'], { axis: 0 }),
      node('Reshape', ['x', 'target'], ['y']),
    ],
    [
      int64Tensor('zero', [], [0]),
      int64Tensor('from', [1], [1]),
      int64Tensor('to', [1], [2]),
      int64Tensor('axes', [1], [0]),
      int64Tensor('minus', [1], [-1]),
      int64Tensor('three', [1], [3]),
    ],
  )
  expect(types.get('target')?.sizes).toEqual(['batch', 'length', -1, 3])
  expect(types.get('y')).toMatchObject({ dtype: 'float32', shape: ['batch', 'length', 2, 3] })
})

test('what is not known stays apart from everything else', () => {
  const types = typesOf(
    [node('Slice', ['x', 'from', 'to', 'axes'], ['s']), node('NonZero', ['x'], ['n']), node('Neg', ['n'], ['y'])],
    [int64Tensor('from', [1], [0]), int64Tensor('to', [1], [5]), int64Tensor('axes', [1], [1])],
  )
  expect(types.get('s')?.shape).toEqual(['batch', 's@1', 6])
  expect(types.get('y')?.shape).toBeUndefined()
})

test('what is repeated is so many times as large, and what is moved has the shape of its data or of its indices', () => {
  const types = typesOf(
    [
      node('Tile', ['rows', 'repeats'], ['i']),
      node('GatherElements', ['x', 'i'], ['g'], { axis: 1 }),
      node('ScatterElements', ['x', 'i', 'g'], ['y'], { axis: 1 }),
    ],
    [int64Tensor('repeats', [3], [1, 2, 6])],
    { inputs: [valueInfo('x', 'float32', ['batch', 'length', 6]), valueInfo('rows', 'int64', ['batch', 5, 1])] },
  )
  expect(types.get('i')).toMatchObject({ dtype: 'int64', shape: ['batch', 10, 6] })
  expect(types.get('g')).toMatchObject({ dtype: 'float32', shape: ['batch', 10, 6] })
  expect(types.get('y')).toMatchObject({ dtype: 'float32', shape: ['batch', 'length', 6] })
})

test('a dimension that is not named is equal to no other', () => {
  const types = typesOf([node('Add', ['x', 'z'], ['y'])], [], {
    inputs: [valueInfo('x', 'float32', [null, 6]), valueInfo('z', 'float32', [null, 6])],
  })
  expect(types.get('y')?.shape).toEqual(['y@0', 6])
})

test('dimensions that an exporter gives one name for all are equal to no other', () => {
  for (const name of ['?', 'None', 'unk']) {
    const types = typesOf([node('Add', ['x', 'z'], ['y'])], [], {
      inputs: [valueInfo('x', 'float32', [name, 6]), valueInfo('z', 'float32', [name, 6])],
    })
    expect(types.get('x')?.shape).not.toEqual(types.get('z')?.shape)
  }
})

test('weights decide the last dimension of a product, broadcasting the others', () => {
  const types = typesOf(
    [node('MatMul', ['x', 'w'], ['p']), node('Add', ['p', 'b'], ['y'])],
    [floatTensor('w', [6, 2], new Array(12).fill(0)), floatTensor('b', [1, 1, 1, 2], [0, 0])],
  )
  expect(types.get('y')?.shape).toEqual([1, 'batch', 'length', 2])
})

test('quantized products have the columns of their weights', () => {
  const packed = { opType: 'MatMulNBits', domain: 'com.microsoft' }
  const inputs = [
    valueInfo('x', 'float32', ['batch', 'length', 32]),
    valueInfo('w', 'uint8', [8, 1, 16]),
    valueInfo('scales', 'float32', [8]),
    valueInfo('b', 'int8', [8, 4]),
    valueInfo('one', 'float32', []),
  ]
  const types = typesOf(
    [
      node(packed, ['x', 'w', 'scales'], ['p'], { K: 32, N: 8, bits: 4, block_size: 32 }),
      node('DynamicQuantizeLinear', ['p'], ['q', 'scale', 'zero']),
      node('MatMulInteger', ['q', 'b', 'zero'], ['i']),
      node('DequantizeLinear', ['b', 'one'], ['floats']),
      node('MatMul', ['p', 'floats'], ['y']),
    ],
    [],
    { inputs },
  )
  expect(types.get('p')).toMatchObject({ dtype: 'float32', shape: ['batch', 'length', 8] })
  expect(types.get('q')).toMatchObject({ dtype: 'uint8', shape: ['batch', 'length', 8] })
  expect(types.get('i')).toMatchObject({ dtype: 'int32', shape: ['batch', 'length', 4] })
  expect(types.get('y')).toMatchObject({ dtype: 'float32', shape: ['batch', 'length', 4] })
})

test('a graph input that could be another at the next call is no size', () => {
  const types = typesOf([node('Reshape', ['x', 'target'], ['y'])], [int64Tensor('target', [2], [-1, 6])], {
    inputs: [valueInfo('x', 'float32', ['batch', 'length', 6]), valueInfo('target', 'int64', [2])],
    irVersion: 4,
  })
  expect(types.get('y')?.shape).toEqual(['y@0', 'y@1'])
})

test('Pad adds begins and ends by axis; a symbol that grows is another', () => {
  const pads = (opset: number, values: readonly number[], axes?: readonly number[]) =>
    typesOf(
      [node('Pad', axes ? ['x', 'pads', '', 'axes'] : ['x', 'pads'], ['y'])],
      [int64Tensor('pads', [values.length], values), ...(axes ? [int64Tensor('axes', [axes.length], axes)] : [])],
      { inputs: [valueInfo('x', 'float32', ['batch', 4, 6])], opset },
    ).get('y')?.shape
  expect(pads(13, [0, 1, 2, 0, 3, -1])).toEqual(['batch', 8, 7])
  expect(pads(13, [1, 0, 0, 0, 0, 0])).toEqual(['y@0', 4, 6])
  expect(pads(18, [2, 3], [-1])).toEqual(['batch', 4, 11])
})

test('agrees with what a transformer block shows when it runs', async () => {
  const block = modelInMemory(transformerBlocks())
  const symbols: Readonly<Record<string, number>> = { batch: 3, length: 5 }
  const inferred = symbolicTypes(block, block.proto.graph!)
  const run = await typesAsRun(block, randomFeeds(block, 1, symbols))
  const numbers = (shape: readonly (string | number)[] | undefined) =>
    shape?.map((size) =>
      String(size)
        .split('*')
        .reduce((product, part) => product * (symbols[part] ?? Number(part)), 1),
    )
  expect(run.size).toBeGreaterThan(50)
  for (const [name, { dtype, shape }] of run) {
    expect([name, inferred.get(name)?.dtype, numbers(inferred.get(name)?.shape)]).toEqual([name, dtype, shape])
  }
})

test('recurrent layers: steps and directions first, or the batch', () => {
  const numbers = (name: string, shape: readonly number[]) => {
    const length = shape.reduce((product, size) => product * size, 1)
    return floatTensor(name, shape, new Array(length).fill(0.1))
  }
  const outputs = ['y', 'h', 'c'].map((name) => valueInfo(name, 'float32'))
  const of = (opType: string, gates: number, attributes: Readonly<Record<string, number | string>>, directions = 1) =>
    typesOf(
      [node(opType, ['x', 'w', 'r'], opType === 'LSTM' ? ['y', 'h', 'c'] : ['y', 'h'], { hidden_size: 4, ...attributes })],
      [numbers('w', [directions, gates * 4, 6]), numbers('r', [directions, gates * 4, 4])],
      { outputs: opType === 'LSTM' ? outputs : outputs.slice(0, 2) },
    )
  const forward = of('LSTM', 4, {})
  expect(['y', 'h', 'c'].map((name) => forward.get(name)?.shape)).toEqual([
    ['batch', 1, 'length', 4],
    [1, 'length', 4],
    [1, 'length', 4],
  ])
  const both = of('GRU', 3, { direction: 'bidirectional' }, 2)
  expect(both.get('y')?.shape).toEqual(['batch', 2, 'length', 4])
  const batchFirst = of('RNN', 1, { layout: 1 })
  expect(['y', 'h'].map((name) => batchFirst.get(name)?.shape)).toEqual([
    ['batch', 'length', 1, 4],
    ['batch', 1, 4],
  ])
})

test('sizes behind operators that move or repeat positions are those that the engine gives', async () => {
  const nodes = [
    node('ConvTranspose', ['x', 'w'], ['t'], {
      strides: [2, 3],
      pads: [1, 0, 1, 2],
      output_padding: [1, 0],
      dilations: [1, 2],
      group: 2,
    }),
    node('ConvTranspose', ['x', 'w'], ['same'], { strides: [2, 3], auto_pad: 'SAME_UPPER', group: 2 }),
    node('ConvTranspose', ['x', 'w'], ['valid'], { auto_pad: 'VALID', group: 2 }),
    node('ConvTranspose', ['x', 'w'], ['said'], { strides: [2, 2], output_shape: [9, 10], group: 2 }),
    node('DepthToSpace', ['x'], ['d'], { blocksize: 2 }),
    node('SpaceToDepth', ['x'], ['s'], { blocksize: 2 }),
    node('Upsample', ['x', 'factors'], ['u'], { mode: 'nearest' }),
    node('Crop', ['u'], ['c'], { border: [1, 2, 3, 1] }),
    node('Crop', ['u'], ['f'], { border: [1, 2, 0, 0], scale: [4, 5] }),
    node('ImageScaler', ['x'], ['y'], { scale: 2.5, bias: [0.5, 1.5, 2.5, 3.5] }),
  ]
  const built = modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', [2, 4, 4, 6])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [floatTensor('w', [4, 3, 3, 2], new Array(72).fill(1)), floatTensor('factors', [4], [1, 1, 2.3, 1.5])],
      opset: 9,
    }),
  )
  const types = symbolicTypes(built, built.proto.graph!)
  const ran = await typesAsRun(built, randomFeeds(built, 1))
  for (const name of nodes.flatMap(({ output }) => output)) expect(types.get(name), name).toMatchObject(ran.get(name)!)
})

test('Resize takes factors or sizes; a symbol is left where the factor is 1', () => {
  const resized = (inputs: readonly string[]) =>
    typesOf(
      [node('Resize', inputs, ['y'])],
      [floatTensor('factors', [3], [1, 1, 1.75]), int64Tensor('sizes', [3], [2, 5, 7])],
    ).get('y')?.shape
  expect(resized(['x', '', 'factors'])).toEqual(['batch', 'length', 10])
  expect(resized(['x', '', '', 'sizes'])).toEqual([2, 5, 7])
  expect(resized(['x', '', 'unknown'])).toEqual(['y@0', 'y@1', 'y@2'])
})

test('a padding as PyTorch writes it, turned from the last axis first to the first', () => {
  const ints = (name: string, ...numbers: number[]) => int64Tensor(name, [numbers.length], numbers)
  const types = typesOf(
    [
      node('Reshape', ['list', 'pairs'], ['table']),
      node('Slice', ['table', 'last', 'beyond', 'first', 'last'], ['turned']),
      node('Transpose', ['turned'], ['sides'], { perm: [1, 0] }),
      node('Reshape', ['sides', 'last'], ['flat']),
      node('Cast', ['flat'], ['pads'], { to: 7 }),
      node('Pad', ['x', 'pads'], ['y']),
    ],
    [ints('list', 1, 2, 0, 3, 0, 0), ints('pairs', -1, 2), ints('last', -1), ints('beyond', -(2 ** 53)), ints('first', 0)],
  )
  expect(types.get('pads')?.sizes).toEqual([0, 0, 1, 0, 3, 2])
  expect(types.get('y')?.shape).toEqual(['batch', 'y@1', 9])
})

test('of a padding that is computed the axes are known, and no size', () => {
  const types = typesOf([node('NonZero', ['x'], ['n']), node('Pad', ['x', 'n'], ['y'])])
  expect(types.get('y')?.shape).toEqual(['y@0', 'y@1', 'y@2'])
})

test('comparisons of sizes, what is made of them, and the number of axes', () => {
  const types = typesOf(
    [
      node('Shape', ['x'], ['shape']),
      node('Size', ['shape'], ['rank']),
      node('Greater', ['rank', 'three'], ['more']),
      node('LessOrEqual', ['rank', 'three'], ['less']),
      node('Not', ['more'], ['no']),
      node('And', ['more', 'less'], ['both']),
      node('Or', ['more', 'less'], ['either']),
      node('Cast', ['rank'], ['true'], { to: 9 }),
      node('Size', ['x'], ['count']),
      node('Cast', ['count'], ['open'], { to: 9 }),
      node('Not', ['open'], ['y']),
    ],
    [int64Tensor('three', [], [3])],
  )
  const known = ['rank', 'more', 'less', 'no', 'both', 'either', 'true', 'count', 'open', 'y'].map(
    (name) => types.get(name)?.sizes,
  )
  expect(known).toEqual([[3], [0], [1], [1], [0], [1], [1], ['6*batch*length'], undefined, undefined])
})
