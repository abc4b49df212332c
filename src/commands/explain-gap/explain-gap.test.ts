// Which file and which function the ladder climbs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Source } from '../../pipeline/turns/contestant.ts'
import { explainGap } from './explain-gap.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-gap-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['score', 'app.mjs', 'score'],
  ['app:score', 'app.mjs', 'score'],
  ['other:score', 'other.mjs', 'score'],
] as const)('--call %s', async (call, file, name) => {
  for (const one of ['app.mjs', 'other.mjs']) writeFileSync(join(folder, one), '')
  const started: Source[] = []
  const start = (source: Source): never => {
    started.push(source)
    throw new Error('not in this test')
  }
  const trials = { alone: <T>(work: () => Promise<T>) => work() } as never
  await expect(explainGap(join(folder, 'app.mjs'), { call, start, trials })).rejects.toThrow('not in this test')
  expect(started).toMatchObject([{ file: join(folder, file), call: name }])
})
