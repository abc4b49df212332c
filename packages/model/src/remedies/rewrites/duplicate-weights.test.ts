import { floatTensor, graph, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { duplicateWeights } from './duplicate-weights.ts'

/** 100 floats: 400 bytes. */
const numbers = (last = 9) => Array.from({ length: 100 }, (_, index) => (index === 99 ? last : index / 10))
const weight = (name: string, shape: readonly number[] = [100], values = numbers()) => floatTensor(name, shape, values)
const x = valueInfo('x', 'float32', [100])
const y = valueInfo('y', 'float32', [100])
const twice = (...initializers: ReturnType<typeof weight>[]) =>
  model({ nodes: [node('Mul', ['x', 'a'], ['m']), node('Add', ['m', 'b'], ['y'])], inputs: [x], outputs: [y], initializers })

checkRemedy(duplicateWeights, {
  applies: [
    {
      name: 'two initializers',
      model: twice(weight('a'), weight('b')),
      changes: /^1 weight equal to others kept once: 400 bytes less$/,
      check: ({ setup }) => expect(setup.model.proto.graph!.initializer.map(({ name }) => name)).toEqual(['a']),
    },
    {
      name: 'an initializer, and a Constant node whose data are written as typed floats',
      model: model({
        nodes: [
          node('Constant', [], ['b'], { value_floats: { floats: numbers() } }),
          node('Mul', ['x', 'b'], ['m']),
          node('Add', ['m', 'a'], ['y']),
        ],
        inputs: [x],
        outputs: [y],
        initializers: [weight('a')],
      }),
      check: ({ setup }) => expect(setup.model.proto.graph!.node.map(({ opType }) => opType)).toEqual(['Mul', 'Add']),
    },
    {
      name: 'in both branches of an If, and outside',
      model: model({
        nodes: [
          node('ReduceMax', ['x'], ['top'], { keepdims: 0 }),
          node('Cast', ['top'], ['isAny'], { to: 9 }),
          node('Mul', ['x', 'a'], ['m']),
          node('If', ['isAny'], ['y'], {
            then_branch: graph({
              nodes: [node('Add', ['m', 'b'], ['t'])],
              outputs: [valueInfo('t', 'float32', [100])],
              initializers: [weight('b')],
            }),
            else_branch: graph({
              nodes: [node('Sub', ['m', 'c'], ['e'])],
              outputs: [valueInfo('e', 'float32', [100])],
              initializers: [weight('c')],
            }),
          }),
        ],
        inputs: [x],
        outputs: [y],
        initializers: [weight('a')],
      }),
      changes: /^2 weights equal to others kept once: 800 bytes less$/,
    },
  ],
  leaves: [
    { name: 'one number differs', model: twice(weight('a'), weight('b', [100], numbers(10))) },
    {
      name: 'another shape',
      model: model({
        nodes: [node('Mul', ['x', 'a'], ['m']), node('Add', ['m', 'b'], ['y'])],
        inputs: [x],
        outputs: [valueInfo('y', 'float32', [1, 100])],
        initializers: [weight('a'), weight('b', [1, 100])],
      }),
    },
    {
      name: 'the same bytes as another type',
      model: model({
        nodes: [node('Mul', ['x', 'a'], ['m']), node('Cast', ['b'], ['f'], { to: 1 }), node('Add', ['m', 'f'], ['y'])],
        inputs: [x],
        outputs: [y],
        initializers: [weight('a', [100], new Array(100).fill(0)), rawTensor('b', 'int32', [100], new Uint8Array(400))],
      }),
    },
    {
      name: 'one that a caller may override',
      model: model({
        nodes: [node('Mul', ['x', 'a'], ['m']), node('Add', ['m', 'b'], ['y'])],
        inputs: [x, valueInfo('b', 'float32', [100])],
        outputs: [y],
        initializers: [weight('a'), weight('b')],
      }),
    },
    {
      name: 'one that is an output',
      model: model({
        nodes: [node('Mul', ['x', 'a'], ['y'])],
        inputs: [x],
        outputs: [y, valueInfo('b', 'float32', [100])],
        initializers: [weight('a'), weight('b')],
      }),
    },
    {
      name: 'a few bytes',
      model: model({
        nodes: [node('Mul', ['x', 'a'], ['m']), node('Add', ['m', 'b'], ['y'])],
        inputs: [x],
        outputs: [y],
        initializers: [weight('a', [1], [2]), weight('b', [1], [2])],
      }),
    },
  ],
})
