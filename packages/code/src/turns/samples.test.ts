// Samples end, whatever they come from.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ContractError } from './contract.ts'
import { decodeValue } from './decode-value.ts'
import { readSamples as readForTurns } from './read-samples.ts'
import { readSamples, takeItems } from './samples.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-samples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function* arrays() {
  for (;;) yield new Float64Array(1000)
}

test('endless ones stop by their bytes, by time and by count', async () => {
  const mostBytes = 80_000
  expect((await takeItems(arrays(), { mostBytes, now: () => 0 })).list).toHaveLength(10)
  const nested = (function* () {
    for (;;) yield { rows: [new Float64Array(500), new Float64Array(500)] }
  })()
  expect((await takeItems(nested, { mostBytes, now: () => 0 })).list).toHaveLength(10)
  const times = [0, 9000, 18_000, 27_000]
  const late = await takeItems(arrays(), { mostBytes: Infinity, now: () => times.shift()! })
  expect(late).toMatchObject({ list: { length: 3 }, why: 'making them took 20 s' })
  const many = await takeItems(new Array(10_001).fill(1), { mostBytes: Infinity, now: () => 0 })
  expect(many).toMatchObject({ list: { length: 10_000 }, why: 'no more than so many are kept' })
  expect(await takeItems([1, 2])).toEqual({ list: [1, 2], why: null })
})

test('that there are more is said', async () => {
  const { cut } = await readSamples(() => new Array(10_001).fill(1), null)
  expect(cut).toBe('of samples() the first 10,000 are used: no more than so many are kept')
})

test('what --data names is what ab is given', async () => {
  const inside = join(folder, 'inside')
  mkdirSync(inside)
  writeFileSync(join(inside, 'b.json'), '{"amount": 2.5, "rows": [1, 2]}')
  writeFileSync(join(inside, 'a.txt'), 'a text\nof two lines')
  writeFileSync(join(inside, 'c.png'), '')
  writeFileSync(join(folder, 'table.tsv'), 'a\tb\n1\tx\n')
  for (const path of [inside, join(folder, 'table.tsv'), join(inside, 'c.png')]) {
    const { list } = await readSamples(null, path)
    expect(list).toEqual(readForTurns(path, 64).map(decodeValue))
  }
  expect((await readSamples(null, inside)).list).toEqual([
    'a text\nof two lines',
    { amount: 2.5, rows: [1, 2] },
    join(inside, 'c.png'),
  ])
  await expect(readSamples(null, join(folder, 'none'))).rejects.toThrow(ContractError)
})
