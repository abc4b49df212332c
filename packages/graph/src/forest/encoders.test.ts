import { expect, test } from 'vitest'
import { oneHotSteps, ordinalSteps } from './encoders.ts'
import { prepareRow } from './prepare.ts'

const of = (...numbers: number[]) => Float64Array.of(...numbers)
const NONE = Number.NaN

test.each([
  { row: of(2, 7), gives: [1, 0, 0, 1] },
  { row: of(NONE, 7), gives: [0, 1, 0, 1] },
  // If missing is no category, it is none of them.
  { row: of(NONE, NONE), gives: [0, 1, 0, 0] },
])('zeros and ones of $row', ({ row, gives }) => {
  expect([...prepareRow(oneHotSteps([of(2, NONE), of(5, 7)]), row)]).toEqual(gives)
})

// Of 2, 3, 4 and NaN, the two last share a place; the first is dropped.
test.each([
  { otherwise: 2, row: of(2, 6), gives: [0, 0, 1] },
  { otherwise: 2, row: of(3, 5), gives: [1, 0, 0] },
  { otherwise: 2, row: of(4, 5), gives: [0, 1, 0] },
  { otherwise: 2, row: of(NONE, 5), gives: [0, 1, 0] },
  { otherwise: 2, row: of(9, 5), gives: [0, 1, 0] },
  { otherwise: -1, row: of(9, 5), gives: [0, 0, 0] },
])('zeros and ones of $row, by groups', ({ otherwise, row, gives }) => {
  const steps = oneHotSteps([of(2, 3, 4, NONE), of(5, 6)], [{ places: of(0, 1, 2, 2), otherwise }, undefined], [0, 0])
  expect([...prepareRow(steps, row)]).toEqual(gives)
})

test.each([
  { missing: -2, row: of(3, 7), gives: [1, 1] },
  { missing: -2, row: of(NONE, 9), gives: [-2, -1] },
  { missing: -2, row: of(9, NONE), gives: [-1, -1] },
  { missing: NONE, row: of(NONE, 5), gives: [NONE, 0] },
])('places of $row where missing is $missing', ({ missing, row, gives }) => {
  expect([...prepareRow(ordinalSteps([of(2, 3, NONE), of(5, 7)], { unknown: -1, missing })!, row)]).toEqual(gives)
})

test('an unknown category that becomes NaN is not told from a missing one', () => {
  expect(ordinalSteps([of(2, NONE)], { unknown: NONE, missing: -2 })).toBeUndefined()
  expect(ordinalSteps([of(2, NONE)], { unknown: NONE, missing: NONE })).toHaveLength(1)
  // If nothing may be unknown, there is none.
  expect(ordinalSteps([of(2, NONE)], { unknown: null, missing: -2 })).toHaveLength(2)
})
