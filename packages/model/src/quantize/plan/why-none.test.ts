import { expect, test } from 'vitest'
import type { Quantizable } from '../write/choice.ts'
import { whyNone } from './why-none.ts'

const nodes = ['a', 'b', 'c'].map((node) => ({ node, opType: 'Conv', movesData: false }) as unknown as Quantizable)
const why = (int8Ms: Readonly<Record<string, number | string>>) =>
  whyNone('static', ['static'], nodes, {
    times: new Map(nodes.map(({ node }) => [node, { floatMs: 0.4, other: { static: int8Ms[node] ?? 'not timed' } }])),
  })

test('the best operator and its times, where none is faster', () => {
  expect(why({ a: 0.52, b: 0.4411 })).toBe(
    'no operator is faster so: the best of 2, Conv takes 0.44 ms in int8 and 0.4 ms as float',
  )
})

test('what all that are faster would save, where conversions cost more', () => {
  expect(why({ a: 0.3, b: 0.35, c: 0.6 })).toBe(
    'no region is faster so with its conversions: all operators that are faster would save 0.15 ms together; the best, Conv takes 0.3 ms in int8 and 0.4 ms as float',
  )
})

test('nothing was timed', () => {
  expect(why({})).toBe('no operator is faster so')
})
