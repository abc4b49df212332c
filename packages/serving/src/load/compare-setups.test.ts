import { expect, test } from 'vitest'
import { exampleAlternative, examplePoint } from '../../test/support/load/example-evidence.ts'
import { comparison, isBetter } from './compare-setups.ts'

const mean = (meanMs: number, changed = {}) =>
  examplePoint({
    meanMs,
    p99Ms: 3 * meanMs,
    intervals: { ...examplePoint().intervals, meanMs: { low: 0.9 * meanMs, high: 1.1 * meanMs } },
    ...changed,
  })
const full = examplePoint({ saturated: true, meanMs: null, p99Ms: null })

test.each([
  ['lower than both', [mean(10), mean(5), mean(11)], true],
  ['lower than one of them: the machine changed', [mean(10), mean(5), mean(5.2)], false],
  ['intervals that meet', [mean(10), mean(9), mean(10)], false],
  ['a higher p99', [mean(10), mean(5, { p99Ms: 40 }), mean(10)], false],
  ['keeps up where it did not', [full, mean(50), full], true],
  ['keeps up, as it did after', [full, mean(50), mean(50)], false],
  ['does not keep up', [mean(10), full, mean(10)], false],
  ['refuses some', [mean(10), mean(5, { errors: 3 }), mean(11)], false],
] as const)('%s', (_, [before, point, after], better) => expect(isBetter({ before, point, after })).toBe(better))

test('in numbers', () => {
  expect(comparison(exampleAlternative({}, [mean(10), mean(5), mean(11)])).detail).toBe(
    'At 30 requests/s the mean is then 5.00 ms; unchanged, it is 10.0 ms before and 11.0 ms after',
  )
  expect(comparison(exampleAlternative({}, [full, mean(5), full])).detail).toMatch(
    /it keeps up in this way \(mean 5\.00 ms\), and unchanged it does not$/,
  )
})
