// Stages that the user's code marks add up to what was measured, however they lie in each other.
import { expect, test } from 'vitest'
import { ownTimes } from './script-marks.ts'

const measured = (name: string, startTime: number, endTime: number) => ({ name, startTime, duration: endTime - startTime })

test('what lies in another is not counted twice', () => {
  // As they come: the inner ones end first.
  const stages = ownTimes([
    measured('decode', 1, 3),
    measured('preprocess', 0, 4),
    measured('predict', 4, 9),
    measured('handle', 0, 10),
    measured('decode', 11, 12),
    measured('handle', 10, 15),
  ])
  expect(stages).toEqual([
    { name: 'decode', timesMs: [2, 1] },
    { name: 'preprocess', timesMs: [2] },
    { name: 'predict', timesMs: [5] },
    { name: 'handle', timesMs: [1, 4] },
  ])
  expect(stages.flatMap(({ timesMs }) => timesMs).reduce((sum, ms) => sum + ms, 0)).toBe(15)
})

test('one that is measured twice, and others side by side', () => {
  expect(ownTimes([measured('a', 0, 4), measured('b', 0, 4), measured('c', 5, 6)])).toEqual([
    { name: 'a', timesMs: [0] },
    { name: 'b', timesMs: [4] },
    { name: 'c', timesMs: [1] },
  ])
  expect(ownTimes([measured('a', 0, 4), measured('b', 3, 6)])).toEqual([
    { name: 'a', timesMs: [4] },
    { name: 'b', timesMs: [3] },
  ])
})
