import { expect, test } from 'vitest'
import { floatTensor, model, modelInMemory, node, valueInfo } from './build.ts'
import { cutModel, nodesBefore, nodesBehind } from './cut.ts'
import type { Model } from './model.ts'
import { linksOf } from './walk.ts'

/** x -> a -> b -> c -> y, with z = side(b) as a second output, and w read by b alone. */
const chain = modelInMemory(
  model({
    nodes: [
      node('Relu', ['x'], ['a']),
      node('Add', ['a', 'w'], ['b']),
      node('Erf', ['b'], ['c']),
      node('Add', ['c', 'other'], ['d']),
      node('Tanh', ['d'], ['y']),
      node('Neg', ['b'], ['z']),
    ],
    inputs: [valueInfo('x', 'float32', ['n', 2]), valueInfo('other', 'float32', ['n', 2])],
    outputs: [valueInfo('y', 'float32', ['n', 2]), valueInfo('z', 'float32', ['n', 2])],
    initializers: [floatTensor('w', [2], [1, 2])],
  }),
)

const shape = ({ proto: { graph } }: Model) => ({
  nodes: graph!.node.map(({ opType }) => opType),
  inputs: graph!.input.map(({ name }) => name),
  outputs: graph!.output.map(({ name }) => name),
  constants: graph!.initializer.map(({ name }) => name),
})

test('a head takes what it reads, and what stays takes its value instead of that', () => {
  const { head, rest, tail } = cutModel(chain, { head: { value: 'b', columns: 2 } })
  expect(shape(head!)).toEqual({ nodes: ['Relu', 'Add'], inputs: ['x'], outputs: ['b'], constants: ['w'] })
  expect(shape(rest)).toEqual({
    nodes: ['Erf', 'Add', 'Tanh', 'Neg'],
    inputs: ['other', 'b'],
    outputs: ['y', 'z'],
    constants: [],
  })
  expect(tail).toBe(undefined)
})

test('a tail gives the outputs behind it, and what stays gives its value and the other outputs', () => {
  const { rest, tail } = cutModel(chain, { head: { value: 'b', columns: 2 }, tail: { value: 'd', columns: 2 } })
  expect(shape(tail!)).toEqual({ nodes: ['Tanh'], inputs: ['d'], outputs: ['y'], constants: [] })
  expect(shape(rest)).toEqual({ nodes: ['Erf', 'Add', 'Neg'], inputs: ['other', 'b'], outputs: ['z', 'd'], constants: [] })
})

test('a value that is not there is said', () => {
  expect(() => cutModel(chain, { head: { value: 'gone', columns: 2 } })).toThrow('the model has no value "gone" to be cut at')
})

test('nodes before a value are those that nothing else needs, nodes behind it all that depend on it', () => {
  const { graph } = chain.proto
  const links = linksOf(graph!)
  const types = (nodes: ReadonlySet<{ readonly opType: string }>) => [...nodes].map(({ opType }) => opType).sort()
  expect(types(nodesBefore(graph!, 'c', links))).toEqual(['Erf'])
  expect(types(nodesBefore(graph!, 'b', links))).toEqual(['Add', 'Relu'])
  expect(types(nodesBehind(graph!, 'c', links))).toEqual(['Add', 'Tanh'])
})
