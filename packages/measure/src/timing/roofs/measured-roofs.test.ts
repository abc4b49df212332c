// Roofs on scripted trials: when they are measured, what is kept, and what is said of it.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '../../../test/support/trials/example-runner.ts'
import type { Machine, Roofs } from '../../machine/types.ts'
import type { Trial } from '../../trials/port.ts'
import { measuredRoofs, type RoofsWanted } from './measured-roofs.ts'

const folder = folderOfTests()
const roofsOf = (flops: number, reasons: Record<string, string> = {}): Roofs => ({
  threads: 1,
  flopsPerSecond: { float32: flops },
  bytesPerSecond: { DRAM: 1e10 },
  elementsPerSecond: { Exp: 1e9 },
  reasons,
})
const machine = { caches: { L2: 1024 } } as unknown as Machine

/** `kept`: name of a cache. */
async function roofs(trial: Trial<Roofs>, kept: string, given: Partial<RoofsWanted> = {}) {
  const runner = scriptedRunner({ roofs: () => trial })
  const stages: string[] = []
  const found = await measuredRoofs({
    run: runner.run,
    machine,
    engine: { version: '1.0' },
    engineId: 'scripted',
    options: plainOptions,
    cache: 'use',
    cacheFolder: join(folder, kept),
    limits: { memoryBytes: 1e9, signal: undefined },
    progress: ({ stage }) => stages.push(stage),
    ...given,
  })
  return { found, stages, asked: runner.asked }
}

test('they are measured once, with this engine and thread count, and then known', async () => {
  const first = await roofs(measured(roofsOf(1e11)), 'once')
  expect(first.asked.map(({ input }) => input)).toEqual([
    { engine: 'scripted', packageFrom: null, threads: 1, caches: { L2: 1024 } },
  ])
  expect(first.stages).toEqual(["measuring this machine's roofs, once"])
  expect(first.found).toEqual({ value: roofsOf(1e11), absent: undefined, warnings: [] })
  const again = await roofs(measured(roofsOf(5)), 'once')
  expect([again.asked, again.stages]).toEqual([[], []])
  expect(again.found).toEqual(first.found)
})

describe('are measured anew', () => {
  test.each<[string, Partial<RoofsWanted>]>([
    ['for another thread count', { options: { ...plainOptions, threads: 2 } }],
    ['for another version of the engine', { engine: { version: '2.0' } }],
    ['for another engine', { engineId: 'other' }],
    ['where that is asked for', { cache: 'refresh' }],
    ['where nothing may be kept', { cache: 'off' }],
  ])('%s', async (name, given) => {
    await roofs(measured(roofsOf(1)), name)
    expect((await roofs(measured(roofsOf(2)), name, given)).found.value).toEqual(roofsOf(2))
  })

  test('where nothing may be kept, and nothing is', async () => {
    await roofs(measured(roofsOf(1)), 'off', { cache: 'off' })
    expect((await roofs(measured(roofsOf(2)), 'off')).found.value).toEqual(roofsOf(2))
  })

  test('where what was kept are no roofs, with a warning where the file is damaged', async () => {
    await roofs(measured({ threads: 1, reasons: {} } as unknown as Roofs), 'odd')
    expect((await roofs(measured(roofsOf(2)), 'odd', { cache: 'use' })).asked).toHaveLength(1)
    const { elementsPerSecond: _, ...older } = roofsOf(1)
    await roofs(measured(older), 'odd', { cache: 'refresh' })
    expect((await roofs(measured(roofsOf(2)), 'odd')).found).toMatchObject({ value: roofsOf(2), warnings: [] })
    const [file] = readdirSync(join(folder, 'odd'))
    writeFileSync(join(folder, 'odd', file!), '{')
    expect((await roofs(measured(roofsOf(3)), 'odd')).found).toMatchObject({
      value: roofsOf(3),
      warnings: [expect.stringContaining('damaged')],
    })
  })
})

test('those of a busy machine are used with their doubt, and not kept', async () => {
  const { found } = await roofs(measured(roofsOf(1, { noise: 'a thread waited' })), 'busy')
  expect(found).toMatchObject({ value: { flopsPerSecond: { float32: 1 } }, absent: undefined })
  expect(found.warnings).toEqual(["the machine's roofs are doubtful: a thread waited"])
  expect((await roofs(measured(roofsOf(2)), 'busy')).found).toEqual({ value: roofsOf(2), absent: undefined, warnings: [] })
})

describe('those that cannot be had', () => {
  test.each<[string, Trial<Roofs>, RegExp]>([
    ['for want of time', { outcome: 'timed-out', limitMs: 15_000 }, /could not be measured: it took longer than 15 s$/],
    ['for an error', failed('roofs are measured with ort-cpu'), /could not be measured: roofs are measured with ort-cpu$/],
  ])('%s are absent with the reason', async (name, trial, absent) => {
    expect((await roofs(trial, name)).found).toEqual({ value: undefined, absent: expect.stringMatching(absent), warnings: [] })
    expect((await roofs(measured(roofsOf(2)), name)).asked).toHaveLength(1)
  })
})

test('a cache that cannot be written is a warning', async () => {
  writeFileSync(join(folder, 'a-file'), '')
  const { found } = await roofs(measured(roofsOf(1)), 'a-file')
  expect(found.value).toEqual(roofsOf(1))
  expect(found.warnings.at(-1)).toContain('a-file')
})
