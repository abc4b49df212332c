import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventRows, readContent, readTimeline } from '../../test/support/recordings/check-reader.ts'

// Written by SQLite itself: fixtures/make/traces_nsys.py. The tables are Nsight's, what is in them is made up.
const database = readFileSync(new URL('../../../../fixtures/traces/nsys-synthetic.sqlite', import.meta.url))

test('kernels, copies, calls and ranges, with their names and joins', async () => {
  const recording = await readTimeline(database)
  expect(recording).toMatchObject({ format: 'nsys', recognisedBy: 'a SQLite database' })
  expect(recording.devices).toEqual([
    {
      name: 'NVIDIA A10',
      computeCapability: 8.6,
      memoryBytes: 24e9,
      multiprocessors: 72,
      flopsPerSecond: null,
      bytesPerSecond: 6e11,
    },
  ])
  const rows = eventRows(recording)
  const of = (kind: string) => rows.filter(([one]) => one === kind)
  expect(of('kernel')).toHaveLength(30)
  // A name of 3,000 letters goes on in pages of its own.
  expect(of('kernel')[0]![1]).toMatch(/^void ampere_sgemm_128x64_tn<x{3000}>/)
  expect(of('copy')[0]!.slice(1)).toEqual(['Memcpy HtoD (Pageable)', 10_006, 50])
  expect(of('launch')).toHaveLength(33)
  expect(of('synchronization')).toHaveLength(3)
  expect(of('annotation').map(([, name]) => name)).toEqual(['step 0', 'step 1', 'step 2'])
  const { kind, correlation, length } = recording.timeline
  const launched = new Set(
    Array.from({ length }, (_, i) => i)
      .filter((i) => rows[i]![0] === 'launch')
      .map((i) => correlation[i]),
  )
  expect(Array.from({ length }, (_, i) => i).every((i) => rows[i]![0] !== 'kernel' || launched.has(correlation[i]!))).toBe(true)
  expect(kind.length).toBeGreaterThanOrEqual(length)
})

test.each([
  ['half of it', database.subarray(0, 4096), /damaged database/],
  ['pages that lead nowhere', Buffer.from(database).fill(0x7f, 4096, 8192), /damaged database/],
  [
    'another database',
    readFileSync(new URL('../../../../fixtures/traces/other.sqlite', import.meta.url)),
    /without Nsight Systems' tables/,
  ],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})
