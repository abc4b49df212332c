import { floatTensor, model, modelInMemory, node } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import type { Quantizable } from '../write/choice.ts'
import { whyNone } from './why-none.ts'

const nodes = ['a', 'b', 'c'].map((node) => ({ node, opType: 'Conv', movesData: false }) as unknown as Quantizable)
/** Those of `depthwise` read one channel in each group, the others all four. */
const network = (depthwise: readonly string[]) =>
  modelInMemory(
    model({
      nodes: ['a', 'b', 'c'].map((name) => node('Conv', ['x', `w${name}`], [name], { group: depthwise.includes(name) ? 4 : 1 })),
      outputs: [],
      initializers: ['a', 'b', 'c'].map((name) => {
        const shape = [4, depthwise.includes(name) ? 1 : 4, 1, 1]
        return floatTensor(`w${name}`, shape, new Float32Array(4 * shape[1]!))
      }),
    }),
  )
const why = (int8Ms: Readonly<Record<string, number | string>>, depthwise: readonly string[] = []) =>
  whyNone(
    'static',
    ['static'],
    { model: network(depthwise), nodes },
    {
      times: new Map(nodes.map(({ node }) => [node, { floatMs: 0.4, other: { static: int8Ms[node] ?? 'not timed' } }])),
    },
  )

test('the best operator and its times, where none is faster', () => {
  expect(why({ a: 0.52, b: 0.4411 })).toBe(
    'no operator is faster this way: the best of 2, Conv takes 441 µs in int8 and 400 µs as float',
  )
})

test('what all that are faster would save, where conversions cost more', () => {
  expect(why({ a: 0.3, b: 0.35, c: 0.6 })).toBe(
    'no region is faster this way with its conversions: all operators that are faster would save 150 µs together; the best, Conv takes 300 µs in int8 and 400 µs as float',
  )
})

test('nothing was timed', () => {
  expect(why({})).toBe('no operator is faster this way')
})

test('what depthwise convolutions take, where int8 gives them nothing', () => {
  expect(why({ a: 0.3, b: 0.5, c: 0.6 }, ['b', 'c'])).toMatch(
    /; the 2 depthwise convolutions take 1.10 ms in int8 and 800 µs as float, alone$/,
  )
  expect(why({ a: 0.52, b: 0.6 }, ['b'])).toMatch(
    /as float; the depthwise convolution takes 600 µs in int8 and 400 µs as float, alone$/,
  )
  expect(why({ a: 0.6, b: 0.3 }, ['b'])).not.toContain('depthwise')
})
