// Two processes that write one key at once, and a third that reads it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { recordedSystem } from '../../test/support/recorded-system.ts'
import { readMachine } from '../machine/index.ts'
import { type CacheKey, readCached } from './cache.ts'

const NUMBERS = 300_000
const WRITES = 20

test('two writers of one key at once: a reader finds what one of them wrote, whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-cache-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const machine = readMachine([], recordedSystem('linux', { '/sys/devices/system/cpu/online': '0-1' }))
  const key: CacheKey = { kind: 'roofs', machine, engine: 'ort-cpu', engineVersion: '1.30.0', nodeVersion: '20', threads: 2 }
  const options = { mode: 'use', folder } as const
  const code = (writer: number) => `
import { writeCached } from ${JSON.stringify(new URL('../../../../dist/measure/trials/cache.js', import.meta.url).href)}
for (let k = 0; k < ${WRITES}; k++) {
  const warning = writeCached(${JSON.stringify(key)}, new Array(${NUMBERS}).fill(${writer}), ${JSON.stringify(options)})
  if (warning !== null) throw new Error(warning)
}`
  const writers = [1, 2].map((writer) =>
    spawn(process.execPath, ['--input-type=module', '-e', code(writer)], { stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  let atWork = writers.length
  const ended = writers.map(async (writer) => {
    const [status] = await once(writer, 'close')
    atWork--
    return status as number
  })
  const seen = new Set<string>()
  while (atWork > 0) {
    const { value, warning } = readCached(key, options)
    expect(warning).toBeNull()
    if (value !== undefined) seen.add(`${(value as number[]).length} of ${[...new Set(value as number[])]}`)
    await setImmediate()
  }
  expect(await Promise.all(ended)).toEqual([0, 0])
  expect([...seen].filter((one) => !/^300000 of [12]$/.test(one))).toEqual([])
  expect(seen.size).toBeGreaterThan(0)
  expect(readdirSync(folder)).toHaveLength(1)
})
