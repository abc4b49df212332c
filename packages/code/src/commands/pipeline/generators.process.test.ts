// Programs that use transformers.js, with a package that stands in for it: its times grow with the same things. bench/planted-pipelines.mjs runs all.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../../../../test/root.ts'
import { pipeline } from './pipeline.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-generators-'))
const planted = join(ROOT, 'bench/planted-generators')
beforeAll(() => {
  cpSync(join(planted, 'javascript'), folder, { recursive: true })
  cpSync(join(planted, 'stand-ins'), join(folder, 'node_modules'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = {
  ...{
    quick: true,
    seconds: 0.2,
    inner: false,
    replace: null,
    trials: { ...localTrials, alone: (work: () => unknown) => work() },
  },
} as never

/** Rules with the file and the line that they name first. */
async function foundIn(name: string): Promise<[string, string | null][]> {
  const { report } = await pipeline(join(folder, name), options, { why: () => Promise.reject(new Error('no model')) })
  return report.findings.map(({ rule, places: [place] }) => [rule, place ? `${basename(place.file)}:${place.line}` : null])
}

test('a conversation without the cache of the turn before, and with it', async () => {
  expect(await foundIn('uncached-turns.mjs')).toContainEqual(['uncached-prefix', 'uncached-turns.mjs:12'])
  const clean = await foundIn('uncached-turns.clean.mjs')
  expect(clean.map(([rule]) => rule)).not.toContain('uncached-prefix')
})

test('a streamer that decodes the line again', async () => {
  expect(await foundIn('text-streamer.mjs')).toContainEqual(['quadratic-detokenization', 'text-streamer.mjs:9'])
})
