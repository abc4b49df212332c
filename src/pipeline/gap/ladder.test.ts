// Rungs, their order, and which of them matter.
import { expect, test } from 'vitest'
import type { Contestant, Request } from '../turns/contestant.ts'
import { climb, rungsOf, stepsOf } from './ladder.ts'

test('a rung that would change nothing is left out', () => {
  const ids = (order: number[], stages: string[]) => rungsOf(order, stages).map(({ id }) => id)
  expect(ids([0, 1], ['preprocess', 'predict'])).toEqual([
    'app',
    'app-again',
    'no-gap',
    'same-inputs',
    'predict-alone',
    'one-input',
  ])
  expect(ids([0], ['predict'])).toEqual(['app', 'app-again', 'no-gap', 'same-inputs'])
})

test('rungs are climbed there and back again', async () => {
  const asked: string[] = []
  const program: Contestant = {
    pid: 1,
    end: async () => {},
    ask: async (request: Request) => {
      if (request.ask !== 'time') throw new Error('not asked for')
      asked.push(request.gapMs !== undefined ? 'gap' : request.copies ? 'fresh' : 'same')
      return { passMs: [asked.length <= 4 ? 2 : 8] } as never
    },
  }
  const rungs = rungsOf([0, 1], ['predict']).slice(0, 4)
  expect(await climb(program, rungs, { leastMs: 1, leastPasses: 1, limitMs: 1 })).toEqual([2, 2, 2, 2])
  expect(asked.join(' ')).toBe('gap gap fresh same same fresh gap gap')
})

test('a rung matters where its interval lies beyond 1, and beyond the noise', () => {
  const rungs = rungsOf([0], ['predict'])
  const quiet = stepsOf(rungs, [
    [10, 10.1, 5, 5.01],
    [10.2, 10.1, 5.1, 5.1],
    [10.1, 10.1, 5, 5.02],
  ])
  expect(quiet.map(({ id, matters }) => [id, matters])).toEqual([
    ['app', false],
    ['app-again', false],
    ['no-gap', true],
    ['same-inputs', false],
  ])
  expect(quiet[2]!.savedMs).toBeCloseTo(5.1)
  // Two runs of one rung differ by more than the step gives.
  const noisy = stepsOf(rungs, [
    [30, 10, 9, 9],
    [30, 10, 9, 9],
    [30, 10, 9, 9],
  ])
  expect(noisy[2]!.matters).toBe(false)
})
