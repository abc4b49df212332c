import { expect, test } from 'vitest'
import { drawInputs } from './draws.ts'

const counts = (draws: Uint32Array, inputs: number) => {
  const counted = new Array<number>(inputs).fill(0)
  for (const one of draws) counted[one]!++
  return counted
}

test('each input is drawn as often as the others, in an order that the seed gives', () => {
  const draws = drawInputs(3, 3078, 7)
  expect(counts(draws, 3)).toEqual([1026, 1026, 1026])
  expect(drawInputs(3, 3078, 7)).toEqual(draws)
  expect(drawInputs(3, 3078, 8)).not.toEqual(draws)
  // A longer run begins as a shorter one.
  expect(drawInputs(3, 5000, 7).subarray(0, 3078)).toEqual(draws)
})

test('the order is random: after an input any may follow', () => {
  const draws = drawInputs(2, 10_000, 1)
  let same = 0
  for (let k = 1; k < draws.length; k++) if (draws[k] === draws[k - 1]) same++
  expect(same / draws.length).toBeCloseTo(0.5, 1)
})

test('more inputs than a block has', () => {
  expect(new Set(drawInputs(5000, 5000, 1)).size).toBe(5000)
  expect(drawInputs(5000, 10, 1).length).toBe(10)
  expect([...drawInputs(1, 3, 1)]).toEqual([0, 0, 0])
})
