import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { withExecutedSubgraphs } from '@whyslow/graph/rewrite/executed-subgraphs.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { sharedQuantizer } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { describe, expect, test } from 'vitest'
import { evidence, type NodeNote } from '../../../test/support/diagnose/example-evidence.ts'
import { groupsOf } from './groups.ts'

const SHAPE = [1, 4, 8, 8]

function grouped(nodes: ModelParts['nodes'], notes: readonly NodeNote[], origins: Readonly<Record<string, string>> = {}) {
  const whole = modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', SHAPE)],
      outputs: [valueInfo('y', 'float32', SHAPE)],
      initializers: [
        floatTensor('epsilon', [], [1e-5]),
        floatTensor('scale', [4, 1, 1], [1, 2, 3, 4]),
        floatTensor('by_channel', [4], [1, 2, 3, 4]),
        int64Tensor('axes', [2], [2, 3]),
      ],
      opset: 21,
    }),
  )
  return groupsIn(whole, notes, origins)
}

function groupsIn(whole: Model, notes: readonly NodeNote[], origins: Readonly<Record<string, string>> = {}, p50Ms = 10) {
  const { profile, costs } = evidence({ p50Ms, nodes: notes })
  const executed = profile!.nodes.map((one) => ({ ...one, origin: [origins[one.name] ?? one.name] }))
  const groups = groupsOf({ ...profile!, nodes: executed }, costs!.nodes, withExecutedSubgraphs(whole, []), p50Ms)
  return groups.map(({ nodes: of, parts, timeMs, aboveMs, longest }) => ({
    nodes: of.map(({ name }) => name).join(),
    parts: parts.map(({ name }) => name).join(),
    timeMs,
    aboveMs,
    longest,
  }))
}

const named = (opType: string, name: string, inputs: readonly string[]) => node({ opType, name }, inputs, [name])
const note = (op: string, name: string, inputs: readonly string[], timeMs = 0.5): NodeNote => ({
  ...{ op, name, timeMs, floorMs: 0.125, in: [...inputs], out: [name], shape: SHAPE },
})

const pieces: readonly (readonly [string, string, readonly string[]])[] = [
  ['ReduceMean', 'mean', ['x', 'axes']],
  ['Sub', 'centred', ['x', 'mean']],
  ['Mul', 'square', ['centred', 'centred']],
  ['ReduceMean', 'variance', ['square', 'axes']],
  ['Add', 'sum', ['variance', 'epsilon']],
  ['Sqrt', 'root', ['sum']],
  ['Div', 'normal', ['centred', 'root']],
]

test('the pieces of a normalization are one part, and what scales it is a part of it', () => {
  const all = [...pieces, ['Mul', 'y', ['normal', 'scale']] as const]
  const groups = grouped(
    all.map((one) => named(...one)),
    all.map((one) => note(...one)),
  )
  const names = all.map(([, name]) => name).join()
  // Eight of 0.5 ms; one pass, of 0.125 ms, is needed.
  expect(groups).toEqual([{ nodes: names, parts: names, timeMs: 4, aboveMs: 3.875, longest: null }])
})

test('what else reads the numbers is no part of it', () => {
  const groups = grouped(
    [...pieces.map((one) => named(...one)), named('Softmax', 'y', ['normal'])],
    [...pieces.map((one) => note(...one)), note('Softmax', 'y', ['normal'])],
  )
  expect(groups.map(({ nodes }) => nodes)).toEqual([pieces.map(([, name]) => name).join(), 'y'])
})

test('an operator that the engine runs in pieces is one part', () => {
  const groups = grouped(
    [
      node({ opType: 'GroupNormalization', name: 'norm' }, ['x', 'by_channel', 'by_channel'], ['n'], { num_groups: 2 }),
      named('Relu', 'y', ['n']),
    ],
    [note('ReduceMean', 'inner_mean', ['x']), note('Sub', 'inner_sub', ['x', 'inner_mean'], 2), note('Relu', 'y', ['inner_sub'])],
    { inner_mean: 'norm', inner_sub: 'norm' },
  )
  expect(groups.map(({ nodes, parts, timeMs }) => ({ nodes, parts, timeMs }))).toEqual([
    { nodes: 'inner_mean,inner_sub', parts: 'norm', timeMs: 2.5 },
    { nodes: 'y', parts: 'y', timeMs: 0.5 },
  ])
})

test('what is quantized by its own range is one part with all products of it, what scales them, and their biases', () => {
  const whole = modelInMemory(sharedQuantizer())
  // The engine brings the bias into shape when it loads the model.
  const executed = whole.proto.graph!.node.filter(({ opType }) => opType !== 'Reshape')
  const groups = groupsIn(
    whole,
    executed.map(({ opType, name, input, output }) => ({ ...note(opType, name, input), out: output })),
  )
  const names = executed.map(({ name }) => name).join()
  expect(groups).toEqual([{ nodes: names, parts: names, timeMs: 5, aboveMs: 4.875, longest: null }])
})

test('rows that are added and what repeats their indices are one part', () => {
  const parts: ModelParts = {
    nodes: [
      named('Unsqueeze', 'rows', ['given', 'axes']),
      named('Expand', 'indices', ['rows', 'sizes']),
      node({ opType: 'ScatterElements', name: 'y' }, ['x', 'indices', 'updates'], ['y'], { reduction: 'add' }),
    ],
    inputs: [valueInfo('x', 'float32', [4, 8]), valueInfo('given', 'int64', [9]), valueInfo('updates', 'float32', [9, 8])],
    outputs: [valueInfo('y', 'float32', [4, 8])],
    initializers: [int64Tensor('sizes', [2], [9, 8]), int64Tensor('axes', [1], [1])],
    opset: 18,
  }
  const notes = [
    note('Unsqueeze', 'rows', ['given']),
    note('Expand', 'indices', ['rows']),
    note('ScatterElements', 'y', ['x', 'indices', 'updates']),
  ]
  expect(groupsIn(modelInMemory(model(parts)), notes).map(({ nodes, longest }) => ({ nodes, longest }))).toEqual([
    { nodes: 'rows,indices,y', longest: null },
  ])
})

test('an attention in pieces is one part with the biases that only it reads, and its products take what they take', () => {
  const whole = modelInMemory(transformerBlocks({ width: 16, heads: 4, inner: 16 }))
  const executed = whole.proto.graph!.node.map(({ opType, name, input, output }) => ({
    ...{ ...note(opType, name, input), out: output },
    ...(opType === 'MatMul' && { macs: 1e6, floorMs: 0.2 }),
  }))
  const [attention] = groupsIn(whole, executed).filter(({ nodes }) => nodes.includes('_shares'))
  const steps = [
    ...['query', 'query_split', 'query_heads', 'key', 'key_split', 'key_heads', 'value', 'value_split', 'value_heads'],
    ...['scores', 'scaled_scores', 'masked_scores', 'shares', 'context', 'context_turned', 'attended'],
  ]
  // Sixteen of 0.5 ms, whose two products need 0.2 each.
  expect(attention!.timeMs - attention!.aboveMs).toBeCloseTo(0.4)
  expect(attention!.nodes.split(',').sort()).toEqual(steps.map((step) => `/l0_${step}`).sort())
})

test('copies of one operator, as it is written, are alike and not one', () => {
  const groups = grouped(
    [named('Softmax', 's', ['x']), named('Softmax', 'y', ['s'])],
    [note('Softmax', 'first', ['x']), note('Softmax', 'second', ['x']), note('Softmax', 'y', ['first'])],
    { first: 's', second: 's' },
  )
  expect(groups.map(({ nodes, timeMs }) => ({ nodes, timeMs }))).toEqual([{ nodes: 'first,second,y', timeMs: 1.5 }])
})

describe('what is worth a question', () => {
  const parts: ModelParts = {
    nodes: [named('Conv', 'c', ['x', 'w']), named('Softmax', 'y', ['c'])],
    inputs: [valueInfo('x', 'float32', SHAPE)],
    outputs: [valueInfo('y', 'float32', SHAPE)],
    initializers: [floatTensor('w', [4, 4, 1, 1], new Float32Array(16))],
  }
  const asked = (name: 'c' | 'y', timeMs: number, floorMs: number, p50Ms: number) => {
    const of = name === 'c' ? { ...note('Conv', 'c', ['x', 'w']), macs: 1000 } : note('Softmax', 'y', ['c'])
    return groupsIn(modelInMemory(model(parts)), [{ ...of, timeMs, floorMs }], {}, p50Ms).length
  }

  test.each([
    // 0.003 of 0.3 ms.
    ['of a small model what takes a hundredth of it above its floor', 0.3, 0.0039, 0.0041],
    // A hundredth would be 0.1.
    ['of a large one what takes 0.005 ms above it', 10, 0.0059, 0.0061],
  ])('%s', (_, p50Ms, less, more) => {
    expect([asked('y', less, 0.001, p50Ms), asked('y', more, 0.001, p50Ms)]).toEqual([0, 1])
  })

  test('what takes 1.15 times its floor', () => {
    expect([asked('y', 1.13, 1, 10), asked('y', 1.17, 1, 10)]).toEqual([0, 1])
  })

  test('a product near its floor that takes a fiftieth of the whole, since int8 could be faster', () => {
    expect([asked('c', 0.196, 0.19, 10), asked('c', 0.204, 0.19, 10)]).toEqual([0, 1])
    expect(asked('y', 0.204, 0.19, 10)).toBe(0)
  })
})

test('a convolution is one part with the upsampling that nobody else reads, and with what follows it', () => {
  const sides = int64Tensor('sides', [8], [0, 0, 1, 1, 0, 0, 1, 1])
  const nodes = (...others: ModelParts['nodes']) => [
    node({ opType: 'Resize', name: 'up' }, ['x', '', 'scales'], ['up'], { mode: 'nearest' }),
    node({ opType: 'Pad', name: 'pad' }, ['up', 'sides'], ['pad'], { mode: 'reflect' }),
    named('Conv', 'conv', ['pad', 'w']),
    node({ opType: 'LeakyRelu', name: 'y' }, ['conv'], ['y']),
    ...others,
  ]
  const groupsWith = (...others: ModelParts['nodes']) =>
    groupsIn(
      modelInMemory(
        model({
          nodes: nodes(...others),
          inputs: [valueInfo('x', 'float32', SHAPE)],
          outputs: ['y', ...others.flatMap(({ output }) => output)].map((name) => valueInfo(name, 'float32')),
          initializers: [floatTensor('w', [4, 4, 3, 3], new Float32Array(144)), floatTensor('scales', [4], [1, 1, 2, 2]), sides],
        }),
      ),
      [note('Resize', 'up', ['x']), note('Pad', 'pad', ['up']), note('Conv', 'conv', ['pad']), note('LeakyRelu', 'y', ['conv'])],
    ).map(({ nodes: of }) => of)
  expect(groupsWith()).toEqual(['up,pad,conv,y'])
  // The upsampling is needed by another.
  expect(groupsWith(named('Neg', 'other', ['up']))).toContain('pad,conv,y')
})
