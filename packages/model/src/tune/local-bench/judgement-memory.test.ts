import fs from 'node:fs'
import path from 'node:path'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { exampleModel, examplePlan, floats } from '../../../test/support/tune/local-bench/example-plan.ts'
import type { TrialMemory } from '../bench.ts'
import { judgementMemory } from './judgement-memory.ts'
import type { LocalBenchPlan } from './plan.ts'
import { setupTasks } from './setup-tasks.ts'

const folder = folderOfTests()
const look: TrialMemory = { kind: 'look', ratio: 1.2 }
let caches = 0

/** One cache for all runs of a test. */
function sharedCache() {
  const key = { machine: {} as Machine, engine: 'ort-cpu', engineVersion: '1', nodeVersion: '20', threads: null }
  const cache = { options: { mode: 'use' as const, folder: path.join(folder, `cache-${caches++}`) }, key }
  return (rest: Partial<LocalBenchPlan> = {}) => {
    const example = examplePlan(folder, {}, { cache, ...rest })
    return { ...example, memory: judgementMemory(example.plan, setupTasks(example.plan)) }
  }
}

test('without a cache nothing is kept', () => {
  const { plan } = examplePlan(folder, {})
  expect(judgementMemory(plan, setupTasks(plan))).toEqual({})
})

describe('another run', () => {
  test('finds what was kept for the same bytes, options, inputs and goal', async () => {
    const run = sharedCache()
    const [one, other] = [run(), run()]
    const changed = ({ setup }: typeof one) => setup({ threads: 2 }, { model: exampleModel(3) })
    expect(await one.memory.recall!(one.setup(), changed(one))).toBeNull()
    await one.memory.remember!(one.setup(), changed(one), look)
    expect(await other.memory.recall!(other.setup(), changed(other))).toEqual(look)
  })

  test.each<[string, Partial<LocalBenchPlan>, (example: ReturnType<ReturnType<typeof sharedCache>>) => unknown]>([
    ['options', {}, ({ memory, setup }) => memory.recall!(setup(), setup({ threads: 3 }))],
    ['weights', {}, ({ memory, setup }) => memory.recall!(setup(), setup({ threads: 2 }, { model: exampleModel(3) }))],
    ['base', {}, ({ memory, setup }) => memory.recall!(setup({ threads: 4 }), setup({ threads: 2 }))],
    ['batch', {}, ({ memory, setup }) => memory.recall!(setup(), setup({ threads: 2 }, { batchFactor: 2 }))],
    ['goal', { goal: 'memory' }, ({ memory, setup }) => memory.recall!(setup(), setup({ threads: 2 }))],
    [
      'inputs',
      { inputs: { saved: '', samples: [floats('x', [1, 3])], facts: [] } },
      ({ memory, setup }) => memory.recall!(setup(), setup({ threads: 2 })),
    ],
  ])('finds nothing for other %s', async (_, rest, recall) => {
    const run = sharedCache()
    const one = run()
    await one.memory.remember!(one.setup(), one.setup({ threads: 2 }), look)
    expect(await one.memory.recall!(one.setup(), one.setup({ threads: 2 }))).toEqual(look)
    expect(await recall(run(rest))).toBeNull()
  })

  test('finds nothing that was judged by another method', async () => {
    const { plan, setup, memory } = sharedCache()()
    await memory.remember!(setup(), setup({ threads: 2 }), look)
    const later = judgementMemory(plan, setupTasks(plan), 'another method')
    expect(await later.recall!(setup(), setup({ threads: 2 }))).toBeNull()
  })

  test('a cache that cannot be read costs the memory, and nothing else', async () => {
    const run = sharedCache()
    const { memory, setup, plan } = run()
    await memory.remember!(setup(), setup({ threads: 2 }), look)
    const at = plan.cache!.options.folder!
    for (const name of fs.readdirSync(at)) fs.writeFileSync(path.join(at, name), '{')
    expect(await memory.recall!(setup(), setup({ threads: 2 }))).toBeNull()
  })
})
