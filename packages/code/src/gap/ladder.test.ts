// Rungs, their order, and which of them matter.
import { expect, test } from 'vitest'
import type { Contestant, Request } from '../turns/contestant.ts'
import { climb, GAP_MS, modelAlone, rungOf, rungsOf, stepsOf } from './ladder.ts'

test('a rung that would change nothing is left out', () => {
  const ids = (order: number[], stages: string[]) => rungsOf({ order, stages, others: [] }).map(({ id }) => id)
  expect(ids([0, 1], ['preprocess', 'predict'])).toEqual([
    'app',
    'app-again',
    'no-gap',
    'same-inputs',
    'predict-alone',
    'one-input',
  ])
  expect(ids([0], ['predict'])).toEqual(['app', 'app-again', 'no-gap', 'same-inputs'])
  expect(rungsOf({ order: [0], stages: ['predict'], others: [] })[0]!.title).toMatch(/, 50 ms after the last call$/)
})

test('what goes on beside the calls is held still one after the other, while there are gaps, and stays so', () => {
  const others = [
    { other: 'threads', seen: 'two' },
    { other: 'loop', seen: null },
  ] as const
  const rungs = rungsOf({ order: [0], stages: ['predict'], others })
  expect(rungs.map(({ id, time }) => [id, time?.gapMs, time?.still])).toEqual([
    ['app', GAP_MS, undefined],
    ['app-again', GAP_MS, undefined],
    ['loop-still', GAP_MS, ['loop']],
    ['threads-still', GAP_MS, ['loop', 'threads']],
    ['no-gap', undefined, ['loop', 'threads']],
    ['same-inputs', undefined, ['loop', 'threads']],
  ])
  expect(rungs[3]!.title).toBe('other threads held still: two')
  expect(rungs[3]!.id).toBe(rungOf('threads'))
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
  const rungs = [...rungsOf({ order: [0, 1], stages: ['predict'], others: [] }).slice(0, 4), modelAlone('the model')]
  expect(await climb(program, rungs, { leastMs: 1, leastPasses: 1, limitMs: 1 })).toEqual([2, 2, 2, 2])
  expect(asked.join(' ')).toBe('gap gap fresh same same fresh gap gap')
})

test('a rung matters where its interval lies beyond 1, and beyond the noise', () => {
  const rungs = rungsOf({ order: [0], stages: ['predict'], others: [] })
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
  // Two processes decide nothing.
  expect(stepsOf(rungs, Array(2).fill([10, 10, 5, 5])).some(({ matters }) => matters)).toBe(false)
  // Two runs of one rung differ by more than the step gives.
  const noisy = stepsOf(rungs, [
    [30, 10, 9, 9],
    [30, 10, 9, 9],
    [30, 10, 9, 9],
  ])
  expect(noisy[2]!.matters).toBe(false)
  // They do in one process alone.
  const disturbed = stepsOf(rungs, [
    [10, 10, 8, 8],
    [10, 14, 11.2, 11.2],
    [10, 10, 8, 8],
  ])
  expect(disturbed[2]!.matters).toBe(false)
})

test('what the model alone does not take is no difference that was taken away', () => {
  const rungs = [...rungsOf({ order: [0], stages: ['predict'], others: [] }), modelAlone('the model')]
  const steps = stepsOf(rungs, [
    [10, 10, 10, 10, 4],
    [10, 10, 10, 10, 4],
    [10, 10, 10, 10, 4],
  ])
  expect(steps.at(-1)).toMatchObject({ id: 'model-alone', savedMs: 6, ratio: 2.5, matters: false })
})
