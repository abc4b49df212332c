import { expect, test } from 'vitest'
import { floatTensor, int64Tensor, model, modelInMemory, node, valueInfo } from '../build.ts'
import type { Model } from '../model.ts'
import { partOf } from './part.ts'
import type { SymbolicType } from './symbolic-rule.ts'

const float = (...shape: number[]): SymbolicType => ({ dtype: 'float32', shape })
const types = new Map<string, SymbolicType>([
  ['x', float(2, 3)],
  ['a', float(2, 3)],
  ['b', float(2, 3)],
  ['to', { dtype: 'int64', shape: [2], sizes: [3, 2] }],
  ['r', float(3, 2)],
])

/** x → Add w → a → Relu → b → Reshape to → r; a is read by another, too. */
function whole(given: { listed?: boolean } = {}): Model {
  return modelInMemory(
    model({
      nodes: [
        node('Add', ['x', 'w'], ['a']),
        node('Relu', ['a'], ['b']),
        node('Shape', ['x'], ['to']),
        node('Reshape', ['b', 'to'], ['r']),
        node('Neg', ['a'], ['other']),
      ],
      inputs: [valueInfo('x', 'float32', [2, 3]), ...(given.listed ? [valueInfo('w', 'float32', [2, 3])] : [])],
      outputs: [valueInfo('r', 'float32', [3, 2]), valueInfo('other', 'float32', [2, 3])],
      initializers: [floatTensor('w', [2, 3], new Float32Array(6))],
    }),
  )
}

const part = (of: Model, ...opTypes: string[]) => {
  const nodes = of.proto.graph!.node.filter(({ opType }) => opTypes.includes(opType))
  return partOf(of, nodes, types)?.proto.graph
}
const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name)

test('reads what others make, brings its weights, and gives what others read', () => {
  const graph = part(whole(), 'Add', 'Relu')!
  expect(names(graph.input)).toEqual(['x'])
  expect(names(graph.initializer)).toEqual(['w'])
  expect(names(graph.output)).toEqual(['a', 'b'])
})

test('nodes stand in the order of the model, however they are given', () => {
  const of = whole()
  const [add, relu] = of.proto.graph!.node
  expect(partOf(of, [relu!, add!], types)!.proto.graph!.node.map(({ opType }) => opType)).toEqual(['Add', 'Relu'])
})

test('a shape that is computed comes along as a constant', () => {
  const graph = part(whole(), 'Reshape')!
  expect(names(graph.input)).toEqual(['b'])
  expect(graph.initializer).toEqual([int64Tensor('to', [2], [3, 2])])
})

test('weights that a caller could replace are listed among the inputs, as they were', () => {
  const graph = part(whole({ listed: true }), 'Add')!
  expect(names(graph.input)).toEqual(['x', 'w'])
  expect(names(graph.initializer)).toEqual(['w'])
})

test('nothing where the type of what it reads is not known', () => {
  const model = whole()
  expect(partOf(model, [model.proto.graph!.node[1]!], new Map())).toBeUndefined()
})

test('floats that the engine computes beforehand are weights, random ones; without that they are an input', () => {
  const computed = modelInMemory(
    model({
      nodes: [node('Neg', ['w'], ['v']), node('Mul', ['x', 'v'], ['y'])],
      inputs: [valueInfo('x', 'float32', [2, 3])],
      outputs: [valueInfo('y', 'float32', [2, 3])],
      initializers: [floatTensor('w', [3], [1, 2, 3])],
    }),
  )
  const known = new Map([...types, ['v', float(3)], ['y', float(2, 3)]])
  const cut = (isFolded?: (value: string) => boolean) =>
    partOf(computed, computed.proto.graph!.node.slice(1), known, isFolded)!.proto.graph!
  const folded = cut((value) => value === 'v')
  expect([names(folded.input), names(folded.initializer)]).toEqual([['x'], ['v']])
  expect(new Set(new Float32Array(folded.initializer[0]!.rawData!.slice().buffer)).size).toBe(3)
  expect([names(cut().input), names(cut().initializer)]).toEqual([['x', 'v'], []])
})

test('integers of which a shape is computed within the part are constants too', () => {
  const computed = modelInMemory(
    model({
      nodes: [node('Shape', ['x'], ['to']), node('Mul', ['to', 'one'], ['m']), node('Expand', ['x', 'm'], ['y'])],
      inputs: [valueInfo('x', 'float32', [2, 3])],
      outputs: [valueInfo('y', 'float32', [2, 3])],
      initializers: [int64Tensor('one', [1], [1])],
    }),
  )
  const sizes: SymbolicType = { dtype: 'int64', shape: [2], sizes: [2, 3] }
  const known = new Map([...types, ['to', sizes], ['m', sizes], ['y', float(2, 3)]])
  const graph = partOf(computed, computed.proto.graph!.node.slice(1), known)!.proto.graph!
  expect([names(graph.input), names(graph.initializer)]).toEqual([['x'], ['to', 'one']])
})

test('integers that are spread or put into another shape are data, and inputs', () => {
  const indices = modelInMemory(
    model({
      nodes: [node('Shape', ['x'], ['to']), node('Expand', ['index', 'to'], ['y'])],
      inputs: [valueInfo('x', 'float32', [2, 3]), valueInfo('index', 'int64', [2, 1])],
      outputs: [valueInfo('y', 'int64', [2, 3])],
    }),
  )
  const integers = (...shape: number[]): SymbolicType => ({ dtype: 'int64', shape })
  const known = new Map([...types, ['to', integers(2)], ['index', integers(2, 1)], ['y', integers(2, 3)]])
  const graph = partOf(indices, indices.proto.graph!.node.slice(1), known)!.proto.graph!
  expect(names(graph.input)).toEqual(['index'])
  expect(graph.initializer).toEqual([int64Tensor('to', [2], [2, 3])])
})

test('who asks for the shape of a value does not read it', () => {
  const of = modelInMemory(
    model({
      nodes: [
        node('Relu', ['x'], ['b']),
        node('Shape', ['b'], ['to']),
        node('Neg', ['b'], ['n']),
        node('Reshape', ['n', 'to'], ['r']),
      ],
      inputs: [valueInfo('x', 'float32', [2, 3])],
      outputs: [valueInfo('r', 'float32', [2, 3])],
    }),
  )
  expect(names(part(of, 'Relu', 'Neg')!.output)).toEqual(['n'])
})
