// Stages that the user's code marks add up to what was measured, however they are in each other.
import { expect, test } from 'vitest'
import { markedStages } from './script-marks.ts'

const measured = (name: string, startTime: number, endTime: number) => ({ name, startTime, duration: endTime - startTime })
const whole = { start: 0, end: 1000 }
const stagesOf = (...all: readonly ReturnType<typeof measured>[]) => markedStages(all, whole)

test('what lies in another is not counted twice', () => {
  // As they come: the inner ones end first.
  const stages = stagesOf(
    measured('decode', 1, 3),
    measured('preprocess', 0, 4),
    measured('predict', 4, 9),
    measured('handle', 0, 10),
    measured('decode', 11, 12),
    measured('handle', 10, 15),
  )
  expect(stages).toEqual([
    { name: 'decode', timesMs: [2, 1], wholeMs: 3 },
    { name: 'preprocess', timesMs: [2], wholeMs: 2 },
    { name: 'predict', timesMs: [5], wholeMs: 5 },
    { name: 'handle', timesMs: [1, 4], wholeMs: 5 },
  ])
  expect(stages.reduce((sum, { wholeMs = 0 }) => sum + wholeMs, 0)).toBe(15)
})

test('one that is measured twice, and others side by side', () => {
  expect(stagesOf(measured('a', 0, 4), measured('b', 0, 4), measured('c', 5, 6))).toEqual([
    { name: 'a', timesMs: [0], wholeMs: 0 },
    { name: 'b', timesMs: [4], wholeMs: 4 },
    { name: 'c', timesMs: [1], wholeMs: 1 },
  ])
})

test('calls that overlap take as long as they take, and of the whole no more than there is', () => {
  expect(stagesOf(measured('a', 0, 4), measured('b', 3, 6))).toEqual([
    { name: 'a', timesMs: [4], wholeMs: 3 },
    { name: 'b', timesMs: [3], wholeMs: 3 },
  ])
  // Five calls of 100 ms, each begun 10 ms after the one before; a short one within the second ends before the others.
  const calls = [0, 10, 20, 30, 40].map((start) => measured('infer', start, start + 100))
  expect(stagesOf(...calls)).toEqual([{ name: 'infer', timesMs: [100, 100, 100, 100, 100], wholeMs: 140 }])
  expect(stagesOf(...calls.slice(0, 2), measured('log', 12, 14))).toEqual([
    { name: 'infer', timesMs: [100, 98], wholeMs: 108 },
    { name: 'log', timesMs: [2], wholeMs: 2 },
  ])
  // Two requests at once, each with a prediction in it.
  const requests = [
    measured('predict', 20, 80),
    measured('predict', 30, 90),
    measured('handle', 0, 100),
    measured('handle', 10, 110),
  ]
  const stages = stagesOf(...requests)
  expect(stages.reduce((sum, { wholeMs = 0 }) => sum + wholeMs, 0)).toBe(110)
  expect(stages.flatMap(({ timesMs }) => timesMs).every((ms) => ms >= 0)).toBe(true)
})

test('what was measured from the start of the process, or ends later, is cut', () => {
  expect(markedStages([measured('a', 0, 60), measured('b', 0, 20), measured('c', 90, 120)], { start: 50, end: 100 })).toEqual([
    { name: 'a', timesMs: [10], wholeMs: 10 },
    { name: 'c', timesMs: [10], wholeMs: 10 },
  ])
})
