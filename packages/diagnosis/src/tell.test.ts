import { expect, test } from 'vitest'
import { bytes, countFact, ms, ns, number, ratio, share, tell } from './tell.ts'

test('a sentence is made of its facts', () => {
  expect(tell`A call costs ${ms('call', 0.0123)}, ${share('call-share', 0.425)} of the p50.`).toEqual({
    detail: 'A call costs 12.3 µs, 43 % of the p50.',
    facts: [
      { name: 'call', value: 0.0123, unit: 'ms' },
      { name: 'call-share', value: 0.425, unit: 'share' },
    ],
  })
})

test('parts keep their facts, a fact that is said twice is one, and line ends are spaces', () => {
  const batch = number('batch', 8, 'samples')
  const part = tell`, or ${ratio('gain', 1.26)} times as fast`
  expect(tell`In ${batch}
    of them, ${batch}${part}${''}.`).toEqual({
    detail: 'In 8 of them, 8, or 1.3 times as fast.',
    facts: [
      { name: 'batch', value: 8, unit: 'samples' },
      { name: 'gain', value: 1.26, unit: 'ratio' },
    ],
  })
})

test('how numbers are said', () => {
  expect([0, 0.004, 0.425, 1].map((value) => share('x', value).detail)).toEqual(['0 %', '0.4 %', '43 %', '100 %'])
  expect([ns('x', 151.6), bytes('x', 16e6), number('x', 1234567, 'multiply-adds')].map(({ detail }) => detail)).toEqual([
    '152 ns',
    '16.0 MB',
    '1,234,567',
  ])
  expect([countFact('node', 1), countFact('node', 2, 'small-nodes')]).toEqual([
    { detail: '1 node', facts: [{ name: 'nodes', value: 1, unit: 'nodes' }] },
    { detail: '2 nodes', facts: [{ name: 'small-nodes', value: 2, unit: 'nodes' }] },
  ])
})
