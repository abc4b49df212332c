import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeToMemory } from './scratch.ts'

const parent = mkdtempSync(join(tmpdir(), 'whyslow-scratch-'))
afterAll(() => rmSync(parent, { recursive: true }))

test('a run writes to a folder of its own, and removes those of runs that were killed a day ago', () => {
  const [killed, recent] = ['whyslow-tests-killed', 'whyslow-tests-recent'].map((name) => join(parent, name)) as [string, string]
  for (const folder of [killed, recent]) mkdirSync(folder)
  const before = Date.now() / 1000 - 2 * 86_400
  utimesSync(killed, before, before)
  const env: NodeJS.ProcessEnv = {}
  const folder = writeToMemory(parent, env, 0)!
  expect([env.TMPDIR, dirname(folder), readdirSync(folder)]).toEqual([folder, parent, []])
  expect([existsSync(killed), existsSync(recent)]).toEqual([false, true])
})

test.each([
  ['a folder is chosen already', parent, { TMPDIR: '/tmp' }],
  ['the tests are full', parent, { WHYSLOW_TEST_FULL: '1' }],
  ['the machine has no such folder', join(parent, 'nowhere'), {}],
  ['it has little room', parent, {}, 2 ** 60],
])('nothing is set if %s', (_, folder, given: NodeJS.ProcessEnv, roomBytes = 0) => {
  const env = { ...given }
  expect([writeToMemory(folder, env, roomBytes), env]).toEqual([null, given])
})
