import { floatTensor, graph, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isExternal } from '@whyslow/graph/tensor-data.ts'
import { expect, test } from 'vitest'
import { checkRemedy, exampleEvidence, exampleSetup } from '../../../test/support/remedies/check-remedy.ts'
import { externalData } from './external-data.ts'

/** 1.44 MB. */
const SIZE = 600
const numbers = (length: number) => Float32Array.from({ length }, (_, k) => ((k * 7919) % 1000) / 1000 - 0.5)
const weight = floatTensor('w', [SIZE, SIZE], numbers(SIZE * SIZE))
const bias = floatTensor('b', [SIZE], numbers(SIZE))
const x = valueInfo('x', 'float32', [2, SIZE])
const y = valueInfo('y', 'float32', [2, SIZE])
const linear = [node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])]
const inside = model({ nodes: linear, inputs: [x], outputs: [y], initializers: [weight, bias] })
const outsideOf = ({ proto }: Model) => proto.graph!.initializer.filter(isExternal).map(({ name }) => name)
const small = int64Tensor('shape', [2], [2, SIZE])

checkRemedy(externalData, {
  applies: [
    {
      name: 'initializers, but for small ones',
      model: model({
        nodes: [node('Reshape', ['x', 'shape'], ['r']), node('MatMul', ['r', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])],
        inputs: [x],
        outputs: [y],
        initializers: [small, weight, bias],
      }),
      changes: /^2 weights, 1\.44 MB, moved to a file next to the model$/,
      tolerance: 0,
      check: ({ setup }) => expect(outsideOf(setup.model)).toEqual(['w', 'b']),
    },
    {
      name: 'numbers in a typed field',
      model: model({
        nodes: linear,
        inputs: [x],
        outputs: [y],
        initializers: [copyWith(weight, { rawData: undefined, floatData: [...numbers(SIZE * SIZE)] }), bias],
      }),
      tolerance: 0,
      check: ({ setup }) => expect(outsideOf(setup.model)).toEqual(['w', 'b']),
    },
    {
      name: 'Constant nodes',
      model: model({
        nodes: [node('Constant', [], ['w'], { value: copyWith(weight, { name: '' }) }), ...linear],
        inputs: [x],
        outputs: [y],
        initializers: [bias],
      }),
      tolerance: 0,
      operators: ['MatMul', 'Add'],
      check: ({ setup }) => expect(outsideOf(setup.model)).toEqual(['b', 'w']),
    },
    {
      name: 'weights of the main graph that an If reads',
      model: model({
        nodes: [
          node('ReduceMax', ['x'], ['top'], { keepdims: 0 }),
          node('Cast', ['top'], ['isAny'], { to: 9 }),
          node('If', ['isAny'], ['y'], {
            then_branch: graph({ nodes: [node('MatMul', ['x', 'w'], ['t'])], outputs: [valueInfo('t', 'float32', [2, SIZE])] }),
            else_branch: graph({ nodes: [node('Add', ['x', 'b'], ['e'])], outputs: [valueInfo('e', 'float32', [2, SIZE])] }),
          }),
        ],
        inputs: [x],
        outputs: [y],
        initializers: [weight, bias],
      }),
      tolerance: 0,
    },
    {
      name: 'weights that a caller may replace',
      model: model({
        nodes: linear,
        inputs: [x, valueInfo('w', 'float32', [SIZE, SIZE])],
        outputs: [y],
        initializers: [weight, bias],
      }),
      tolerance: 0,
      feeds: { x: { dtype: 'float32', shape: [2, SIZE], data: numbers(2 * SIZE) } },
    },
  ],
  leaves: [
    {
      name: 'weights below 1 MB together',
      model: model({
        nodes: [node('Add', ['x', 'b'], ['y'])],
        inputs: [x],
        outputs: [y],
        initializers: [bias],
      }),
    },
    {
      name: 'Constant nodes where an initializer has to be an input',
      model: model({
        irVersion: 3,
        nodes: [node('Constant', [], ['w'], { value: weight }), node('MatMul', ['x', 'w'], ['y'])],
        inputs: [x],
        outputs: [y],
      }),
    },
  ],
})

test('what is outside can be read in any part, and not beyond its end', async () => {
  const [proposal] = await externalData.apply(exampleSetup(inside), exampleEvidence(), {} as never)
  const [source] = [...proposal!.setup.model.weights.values()]
  const all = Buffer.concat([weight.rawData, bias.rawData])
  expect(source!.sizeBytes).toBe(all.length)
  for (const [offset, length] of [
    [0, all.length],
    [weight.rawData.length - 8, 16],
    [weight.rawData.length, 12],
    [0, 0],
  ] as const)
    expect(Buffer.from(source!.read(offset, length)).equals(all.subarray(offset, offset + length))).toBe(true)
  expect(() => source!.read(all.length - 4, 8)).toThrow(RangeError)
})
