// Rounds over small models, on a scripted engine and clock.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TensorType } from '@whyslow/graph/types.ts'
import { expect, test } from 'vitest'
import { scriptedClock } from '../../../test/support/engines/example-clock.ts'
import { type EngineScript, scriptedEngine } from '../../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { type OperatorTimesInput, timeOperators } from './task.ts'

const folder = folderOfTests()
const type: TensorType = { dtype: 'float32', shape: [2, 2] }
const model = (key: string, ...types: TensorType[]) => ({
  key,
  file: `${key}.onnx`,
  inputs: (types.length > 0 ? types : [type]).map((one, k) => ({ name: `x${k}`, type: one })),
})

let runs = 0
async function timed(
  models: OperatorTimesInput['models'],
  script: Partial<EngineScript>,
  given: Partial<OperatorTimesInput> = {},
) {
  const clock = scriptedClock()
  const engine = scriptedEngine({ clock, runMs: () => 1, ...script })
  const progressFile = join(folder, `progress-${runs++}`)
  const input = { engine: 'scripted', options: plainOptions, models, rounds: 2, sampleMs: 10, budgetMs: 1e6, progressFile }
  const rows = await timeOperators({ ...input, ...given }, engine, clock.now)
  return { rows, engine, progress: readFileSync(progressFile, 'utf8').split('\n').slice(0, -1) }
}

test('models take turns, there and back again, one open at a time, and each has a time a round', async () => {
  // Half as fast in the second round: its fourth session is the first of the way back.
  const ms = { a: 1, b: 2, c: 4 } as Record<string, number>
  const { rows, engine, progress } = await timed([model('a'), model('b'), model('c')], {
    runMs: (opened) => ms[opened.file[0]!]! * (engineOrder(opened) < 3 ? 1 : 2),
  })
  expect(rows).toEqual([
    { key: 'a', roundsMs: [1, 2] },
    { key: 'b', roundsMs: [2, 4] },
    { key: 'c', roundsMs: [4, 8] },
  ])
  const order = ['a', 'b', 'c', 'c', 'b', 'a']
  expect(progress).toEqual(order)
  expect(engine.log).toEqual(order.flatMap((key) => [`open ${key}.onnx`, `close ${key}.onnx`]))

  function engineOrder(opened: object): number {
    if (!seen.includes(opened)) seen.push(opened)
    return seen.indexOf(opened)
  }
})
const seen: object[] = []

test('what the engine refuses is not asked again, and costs no other', async () => {
  const { rows, progress, engine } = await timed([model('bad'), model('good')], {
    runMs: ({ file }) => {
      if (file === 'bad.onnx') throw new Error('no kernel\nat all')
      return 3
    },
  })
  expect(rows).toEqual([
    { key: 'bad', roundsMs: null, reason: 'no kernel' },
    { key: 'good', roundsMs: [3, 3] },
  ])
  expect(progress).toEqual(['bad', 'good', 'good'])
  expect(engine.log).toContain('close bad.onnx')
})

test('no further round begins once the time is up, and the first is whole', async () => {
  const { rows } = await timed([model('a'), model('b')], { runMs: () => 10 }, { rounds: 3, budgetMs: 100 })
  expect(rows).toEqual([
    { key: 'a', roundsMs: [10] },
    { key: 'b', roundsMs: [10] },
  ])
})

test('what is worth least is left out where the first round shows that all rounds of all take too long', async () => {
  const models = [model('a'), { ...model('b'), worth: 1 }, { ...model('c'), worth: 3 }, { ...model('d'), worth: 2 }]
  const { rows, progress } = await timed(models, { runMs: () => 10 }, { rounds: 2, budgetMs: 300 })
  // Seven predictions of each, 70 ms a round: with the third of them two rounds take 420 ms.
  expect(progress).toEqual(['a', 'c', 'd', 'd', 'c', 'a'])
  expect(rows[1]).toEqual({ key: 'b', roundsMs: [] })
})

test('enough rounds end it where they took longer than was meant for all of them', async () => {
  const rounds = async (ms: number) => {
    const { rows } = await timed([model('a')], { runMs: () => 10 }, { rounds: 5, enough: { rounds: 2, ms } })
    return rows[0]!.roundsMs!.length
  }
  expect([await rounds(100), await rounds(1e6)]).toEqual([2, 5])
})

test('a model of few rounds is timed in the first of them, as seldom as it says, and counts as that much', async () => {
  const few = { rounds: 2, warmup: 1, samples: 1 }
  const models = [model('a'), { ...model('b'), worth: 2, few }, { ...model('c'), worth: 1 }]
  // Seven predictions take 70 ms a round, two 20: 4 * 70 + 2 * 20 for the first two models leave the last one in. Three rounds take 460 ms.
  const { rows, engine } = await timed(models, { runMs: () => 10 }, { rounds: 4, budgetMs: 330 })
  expect(rows.map(({ roundsMs }) => roundsMs?.length)).toEqual([3, 2, 3])
  // Three rounds take 480 ms then, and are meant to take 600.
  const ahead = await timed(models, { runMs: () => 10 }, { rounds: 4, budgetMs: 800 })
  expect(ahead.rows.map(({ roundsMs }) => roundsMs?.length)).toEqual([4, 4, 4])
  expect(engine.opened.filter(({ file }) => file === 'b.onnx').map(({ fed }) => fed.length)).toEqual([2, 2])
})

test('samples are as many as the time allows, four and two hundred at the outside', async () => {
  const count = async (ms: number) => (await timed([model('a')], { runMs: () => ms }, { rounds: 1 })).engine.opened[0]!.fed.length
  // Three warm up, and 1.5 ms at least: 96 of a 64th.
  expect([await count(100), await count(2), await count(1 / 64)]).toEqual([3 + 4, 3 + 5, 96 + 200])
})

test('inputs are random floats, whole 8-bit numbers over their range, and zeros where they may be indices', async () => {
  const of = (dtype: TensorType['dtype']): TensorType => ({ dtype, shape: [500] })
  const { engine } = await timed([model('a', of('float32'), of('uint8'), of('int8'), of('int64'))], {}, { rounds: 1 })
  const feeds = engine.opened[0]!.fed[0]!
  const values = (name: string) => [...(feeds[name]!.data as Float32Array)].map(Number)
  const range = (name: string) => [Math.min(...values(name)), Math.max(...values(name))]
  const mean = values('x0').reduce((sum, value) => sum + value, 0) / 500
  expect(Math.abs(mean)).toBeLessThan(0.2)
  expect(range('x0')[1]).toBeGreaterThan(1)
  expect(range('x1')).toEqual([expect.closeTo(0, -1), expect.closeTo(255, -1)])
  expect(range('x2')).toEqual([expect.closeTo(-128, -1), expect.closeTo(127, -1)])
  expect(range('x3')).toEqual([0, 0])
})

test('numbers do not come again so soon that a processor learns their signs', async () => {
  const { engine } = await timed([model('a', { dtype: 'float32', shape: [300_000] }, { dtype: 'float32', shape: [5000] })], {})
  const [long, other] = ['x0', 'x1'].map((name) => engine.opened[0]!.fed[0]![name]!.data as Float32Array)
  const alike = (by: number) => long!.subarray(0, 1000).filter((value, k) => value === long![k + by]).length
  for (const by of [4093, 8186, 65_536, 131_072, 200_000]) expect(alike(by)).toBeLessThan(10)
  expect(Array.from(other!)).not.toEqual(Array.from(long!.subarray(0, 5000)))
  expect(long!.every((value) => value !== 0)).toBe(true)
})

test('of a round the lower quartile counts, which disturbances of more than half of it do not move', async () => {
  let run = 0
  const { rows } = await timed([model('a')], { runMs: () => (run++ % 8 < 5 ? 2 : 1) }, { rounds: 1, sampleMs: 100 })
  expect(rows).toEqual([{ key: 'a', roundsMs: [1] }])
})
