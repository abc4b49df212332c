// Other ways to do what a call does: results alike, nothing where there is no other way. No test looks at how long something takes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { useSteppingClock } from '../../test/support/stepping-clock.ts'
import { insteadOf, isOf } from './instead-of-calls.ts'

useSteppingClock()
const folder = mkdtempSync(join(tmpdir(), 'whyslow-instead-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const numbers = Array.from({ length: 400 }, (_, i) => [0.1, -0, 5e-324, 1.7976931348623157e308, -3][i % 5]!)
const given = (value: unknown, same = true) => ({ value, same })

test('numbers of JSON as bytes, wherever they stand', async () => {
  expect(await insteadOf(given(JSON.stringify(numbers)), 9)).toMatchObject({
    of: 'JSON.parse',
    rule: 'json-in-the-loop',
    equal: 'bits',
    on: expect.stringContaining('400 numbers in'),
  })
  const nested = { id: 7, rows: [numbers, numbers], name: 'x' }
  expect(await insteadOf(given(JSON.stringify(nested)), 9)).toMatchObject({
    on: expect.stringContaining('800 numbers'),
    equal: 'bits',
  })
  expect(await insteadOf(given(nested), 9)).toMatchObject({ of: 'JSON.stringify', equal: 'bits', on: '800 numbers' })
})

test.each<[string, unknown]>([
  ['texts', JSON.stringify(Array.from({ length: 999 }, () => 'x'))],
  ['few numbers', '[1, 2, 3]'],
  ['what is not valid JSON', '[1, 2,'],
  ['NaN, of which JSON makes null', Array.from({ length: 999 }, () => Number.NaN)],
  ['a path where nothing is', join(folder, 'absent')],
  ['a folder', folder],
  ['a number', 7],
])('%s: no other way', async (_, value) => {
  expect(await insteadOf(given(value), 9)).toBeNull()
})

test('a file of one path in all calls is read once; of several, or of one call, not', async () => {
  const file = join(folder, 'vocabulary.txt')
  writeFileSync(file, 'word\n'.repeat(5000))
  expect(await insteadOf(given(file), 3)).toMatchObject({
    of: 'readFile',
    equal: 'bits',
    on: 'a file of 25 kB, the same in 3 calls',
  })
  expect(await insteadOf(given(file, false), 3)).toBeNull()
  expect(await insteadOf(given(file), 1)).toBeNull()
})

test('an alternative is one of a callee', () => {
  expect(isOf('JSON.parse', { of: 'JSON.parse' })).toBe(true)
  expect(isOf('fs.readFileSync', { of: 'readFile' })).toBe(true)
  expect(isOf('fs.writeFileSync', { of: 'readFile' })).toBe(false)
  expect(isOf('pngjs.PNG.sync.read', { of: 'decode' })).toBe(true)
  expect(isOf('output.write', { of: 'decode' })).toBe(false)
})
