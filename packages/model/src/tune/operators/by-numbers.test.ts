import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { expect, test } from 'vitest'
import { numbersKey } from './by-numbers.ts'

const whole = modelInMemory(
  model({
    nodes: [
      node({ opType: 'PRelu', name: 'steep' }, ['x', 'upTo2'], ['a']),
      node({ opType: 'PRelu', name: 'flat' }, ['a', 'upTo1'], ['b']),
      node({ opType: 'PRelu', name: 'even' }, ['b', 'same'], ['c']),
      node({ opType: 'Clip', name: 'clip' }, ['c', 'zero', 'six'], ['d']),
      node({ opType: 'Mul', name: 'sixth' }, ['d', 'scale'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', [1, 2])],
    outputs: [valueInfo('y', 'float32', [1, 2])],
    initializers: [
      floatTensor('upTo2', [2], [0.5, 2]),
      floatTensor('upTo1', [2], [0.5, 1]),
      floatTensor('same', [2], [0.5, 0.5]),
      ...Object.entries({ zero: 0, six: 6, scale: 0.25 }).map(([name, value]) => floatTensor(name, [], [value])),
    ],
    opset: 17,
  }),
)
const matching = matchGraph(whole, whole.proto.graph!)
const of = (...names: string[]) =>
  numbersKey(
    matching,
    matching.graph.node.filter(({ name }) => names.includes(name)),
  )

test('slopes by what they allow, and numbers around what is clipped', () => {
  expect(['steep', 'flat', 'even'].map((name) => of(name))).toEqual(['other', 'up-to-1', 'one'])
  expect(of('clip', 'sixth')).toBe('0,6,0.25')
})

test('of others none decides', () => {
  expect(of('sixth')).toBe('')
  expect(of('clip')).toBe('')
})
