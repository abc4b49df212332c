// One mark for so many samples, processes apart, never more of a mountain than there is.
import { expect, test } from 'vitest'
import { sparkline } from './sparkline.ts'

test('each process has its marks, a mark is the median of its samples', () => {
  // Medians of two: 1.5, 3.5 and 4, 8; the scale from 1.5 to 8 has eight levels of 0.8125.
  expect(
    sparkline(
      [
        [1, 2, 3, 4],
        [4, 4, 8, 8],
      ],
      5,
    ),
  ).toEqual({ text: '▁▃│▄█', perMark: 2, low: 1.5, high: 8 })
})

test('what differs by little is drawn as little', () => {
  // 10 ± 0.05 on a scale of 10 ± 1: all of it in the middle.
  expect(sparkline([[10, 10.05, 9.95, 10]], 10)?.text).toMatch(/^[▄▅]{4}$/)
  expect(sparkline([[7, 7, 7]], 10)?.text).toBe('▅▅▅')
})

test.each([1, 7, 30, 61])('never more than %d cells', (most) => {
  const processes = Array.from({ length: 5 }, (_, k) => Array.from({ length: 100 + k }, (_, i) => 1 + ((i * 7) % 11)))
  const drawn = sparkline(processes, most)
  if (most < 9) expect(drawn).toBeNull()
  else expect([...drawn!.text].length).toBeLessThanOrEqual(most)
})

test('nothing to draw is nothing', () => {
  expect(sparkline([], 40)).toBeNull()
  expect(sparkline([[3]], 40)).toBeNull()
})
