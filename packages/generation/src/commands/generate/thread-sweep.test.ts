import { expect, test } from 'vitest'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'
import { type MeasureThreads, sweepThreads } from './thread-sweep.ts'

const call = (firstMs: number, perTokenMs: number, totalMs = 500) => ({ firstMs, perTokenMs, totalMs }) as MeasuredCall
const processOf = (calls: readonly MeasuredCall[], openMs = 100) =>
  ({ openMs, cold: call(100, 10), calls }) as unknown as ProcessMeasurement

/** Two calls of each process, a little apart. */
const scripted = (times: Readonly<Record<string, readonly [first: number, token: number]>>) => {
  const asked: (number | null)[] = []
  const measure: MeasureThreads = async (threads) => {
    asked.push(threads)
    const [first, token] = times[String(threads)]!
    return processOf([call(first, token), call(first * 1.02, token * 1.02)])
  }
  return { asked, measure }
}
const sweep = { used: null, usedCount: 4, counts: [1, 2, 4], processes: [processOf([call(100, 10)])] }

test('the setup and the others take turns, decode and prefill are told apart', async () => {
  const { asked, measure } = scripted({ null: [100, 10], 1: [300, 8], 2: [101, 10.1] })
  expect(await sweepThreads(sweep, measure)).toEqual([
    { threads: null, tokenMs: 10.1, firstTokenMs: 101 },
    { threads: 1, tokenMs: 8.08, firstTokenMs: 303 },
    // What overlaps with the setup's own is no difference.
    { threads: 2, tokenMs: 10.1, firstTokenMs: 101 },
  ])
  expect(asked).toEqual([null, 1, 2, 2, 1, null])
})

test('a model that takes long is tried with fewer, or with none', async () => {
  const { asked, measure } = scripted({ null: [100, 10], 1: [300, 8], 2: [100, 10] })
  const slow = (openMs: number) => ({ ...sweep, processes: [processOf([call(100, 10)], openMs)] })
  // Two of each in 30 s.
  await sweepThreads(slow(4000), measure)
  expect(asked).toEqual([null, 1, 1, null])
  expect(await sweepThreads(slow(20_000), measure)).toMatch(/a process takes too long to try some/)
  expect(await sweepThreads({ ...sweep, usedCount: 1, counts: [1] }, measure)).toMatch(/there is one CPU/)
})

test('a number of threads that fails is left out, and the setup itself must not', async () => {
  const { measure } = scripted({ null: [100, 10], 1: [300, 8] })
  const failing =
    (bad: number | null): MeasureThreads =>
    async (threads, at) =>
      threads === bad ? null : measure(threads, at)
  const rows = await sweepThreads({ ...sweep, counts: [1, 4] }, failing(1))
  expect(rows).toEqual([{ threads: null, tokenMs: 10.1, firstTokenMs: 101 }])
  expect(await sweepThreads({ ...sweep, counts: [1, 4] }, failing(null))).toBe('other numbers of threads could not be measured')
})
