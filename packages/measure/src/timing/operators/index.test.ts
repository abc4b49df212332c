// Which process measures what, on scripted trials: a crash costs its own row, and what is known is not asked again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '../../../test/support/trials/example-runner.ts'
import type { Machine } from '../../machine/types.ts'
import type { Trial } from '../../trials/port.ts'
import { type OperatorTimesPlan, operatorTimes, type TimedGroup } from './index.ts'
import type { OperatorTime, OperatorTimesInput } from './task.ts'

const folder = folderOfTests()
const group = (...keys: string[]): TimedGroup => ({
  identity: keys.join(),
  models: keys.map((key) => ({ key, file: `${key}.onnx`, inputs: [] })),
})
const rows = ({ models }: OperatorTimesInput, ms = 1): Trial<readonly OperatorTime[]> =>
  measured(models.map(({ key }) => ({ key, roundsMs: [3 * ms, ms, 2 * ms] })))
const crashed = { outcome: 'crashed', reason: 'SIGSEGV' } as const

/** The process begins with the models up to this one, and then ends. */
function begun({ models, progressFile }: OperatorTimesInput, last: string): void {
  const keys = models.map(({ key }) => key)
  writeFileSync(progressFile, keys.slice(0, keys.indexOf(last) + 1).join('\n'))
}

async function timed(
  groups: readonly TimedGroup[],
  trial: (input: OperatorTimesInput, call: number) => Trial<readonly OperatorTime[]>,
  cache?: string,
) {
  const runner = scriptedRunner({ 'operator-times': trial })
  const key = { machine: {} as Machine, engine: 'scripted', engineVersion: '1', nodeVersion: '20', threads: null }
  const plan: OperatorTimesPlan = {
    run: runner.run,
    engine: 'scripted',
    options: plainOptions,
    groups,
    limits: { memoryBytes: 4e9, signal: undefined },
    folder,
    budgetMs: 1000,
    ...(cache ? { cache: { options: { mode: 'use', folder: join(folder, cache) }, key } } : {}),
  }
  const times = await operatorTimes(plan)
  const asked = runner.asked.map(({ input }) => (input as OperatorTimesInput).models.map(({ key }) => key).join(' '))
  return { times: Object.fromEntries(times), asked, limits: runner.asked.map(({ limits }) => limits.timeMs) }
}

test('one process measures all groups, and the best round counts', async () => {
  const { times, asked, limits } = await timed([group('a', 'b'), group('c')], (input) => rows(input))
  expect(asked).toEqual(['a b c'])
  expect(times).toEqual({ a: 1, b: 1, c: 1 })
  // Half a minute to start, twice the budget, and 105 ms a model.
  expect(limits).toEqual([30_000 + 2000 + 3 * 105])
})

test('a refusal is its reason; what was not reached is not measured', async () => {
  const { times } = await timed([group('a', 'b')], () =>
    measured([
      { key: 'a', roundsMs: null, reason: 'no kernel' },
      { key: 'b', roundsMs: [] },
    ]),
  )
  expect(times).toEqual({ a: 'no kernel', b: 'not measured' })
})

describe('a crash', () => {
  test('is laid to the model that was begun last; the others are measured in a new process', async () => {
    const { times, asked } = await timed([group('a', 'bad', 'c')], (input, call) => {
      if (call > 0) return rows(input)
      begun(input, 'bad')
      return crashed
    })
    expect(asked).toEqual(['a bad c', 'a c'])
    expect(times).toEqual({ a: 1, bad: 'SIGSEGV', c: 1 })
  })

  test('before any model costs all of them', async () => {
    const { times, asked } = await timed([group('x', 'y')], () => failed('no engine'))
    expect(asked).toHaveLength(1)
    expect(times).toEqual({ x: 'no engine', y: 'no engine' })
  })

  test('that comes again and again ends it after eight', async () => {
    const keys = Array.from({ length: 12 }, (_, k) => `m${k}`)
    const { times, asked } = await timed([group(...keys)], (input) => {
      begun(input, input.models[0]!.key)
      return { outcome: 'timed-out', limitMs: 1 }
    })
    expect(asked).toHaveLength(9)
    expect(Object.values(times)).toEqual(Array(12).fill('it did not end in time'))
  })
})

describe('the cache', () => {
  test('keeps whole groups, refusals with them, and asks for no process', async () => {
    const trial = (input: OperatorTimesInput) => {
      const [first, ...rest] = (rows(input) as { value: readonly OperatorTime[] }).value
      return measured([first!, ...rest.map(({ key }) => ({ key, roundsMs: null, reason: 'no kernel' }))])
    }
    await timed([group('a', 'b')], trial, 'kept')
    const again = await timed([group('a', 'b'), group('c')], (input) => rows(input, 5), 'kept')
    expect(again.asked).toEqual(['c'])
    expect(again.times).toEqual({ a: 1, b: 'no kernel', c: 5 })
    expect((await timed([group('a', 'b')], () => failed('asked'), 'kept')).asked).toEqual([])
  })

  test('does not answer for a group of other models', async () => {
    await timed([group('a')], (input) => rows(input), 'other')
    const grown = { identity: 'a', models: [...group('a').models, ...group('b').models] }
    expect((await timed([grown], (input) => rows(input), 'other')).asked).toEqual(['a b'])
  })
})
