import { expect, test } from 'vitest'
import { model, modelInMemory, node, valueInfo } from '../../graph/build.ts'
import { exampleSetup, runSetup } from '../../remedies/check-remedy.ts'
import { extremesIn, givingExtremes } from './extremes.ts'

const chain = modelInMemory(
  model({
    nodes: [node('Neg', ['x'], ['a']), node('Abs', ['a'], ['b']), node('Erf', ['b'], ['y'])],
    inputs: [valueInfo('x', 'float32', [3])],
    outputs: [valueInfo('y', 'float32', [3])],
  }),
)
const feeds = (...values: number[]) => ({ x: { dtype: 'float32' as const, shape: [3], data: Float32Array.from(values) } })

test('the smallest and largest number of values inside, over all samples', async () => {
  const samples = await runSetup(exampleSetup(givingExtremes(chain, ['a', 'b'])), [feeds(1, -2, 0.5), feeds(4, 0, 0.25)])
  // a = -x lies within -4 and 2, b = |a| within 0 and 4.
  expect(extremesIn(samples, ['a', 'b'])).toEqual(
    new Map([
      ['a', { low: -4, high: 2 }],
      ['b', { low: 0, high: 4 }],
    ]),
  )
})

test('a value with a NaN has no range, and none is made up without samples', async () => {
  const samples = await runSetup(exampleSetup(givingExtremes(chain, ['a'])), [feeds(1, Number.NaN, 0)])
  const seen = extremesIn(samples, ['a']).get('a')
  expect(seen === undefined || (Number.isFinite(seen.low) && Number.isFinite(seen.high))).toBe(true)
  expect(extremesIn([], ['a']).size).toBe(0)
})
