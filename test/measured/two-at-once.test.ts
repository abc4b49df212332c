// Two commands on one machine at one time: one waits for the other, and what both write is whole.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { descendantsOf } from '../../src/processes/end-process.ts'
import { watchTasks } from '../support/tasks.ts'
import { type Ended, type Folders, fixture, folders, start, until, whyslow } from './command.ts'

let where: Folders
beforeEach(() => {
  where = folders()
})
afterEach(() => where.remove())

const QUICK = ['--quick', '--no-progress']

/** Files below a folder, by path. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())

const expectFine = ({ status, stderr }: Ended) => expect([status, stderr]).toEqual([0, ''])

test('the second one says who it waits for, and both measure', async () => {
  const { env, begun } = watchTasks(where)
  const own = { WHYSLOW_LOCK: join(where.root, 'lock'), WHYSLOW_LOCK_TOKEN: undefined }
  const first = start(where, [fixture('lstm'), '--seconds', '20', '--no-progress'], { env: { ...env, ...own } })
  await until(first, () => begun().includes('latency'))
  const holders = descendantsOf(first.child.pid!)
  const second = start(where, [fixture('lstm'), ...QUICK], { env: own })
  await until(second, () => second.said.stderr.endsWith('\n'))
  const said = /^whyslow: waiting for another measurement on this machine \(process (\d+)\); --no-lock measures at once\n$/
  expect(second.said.stderr).toMatch(said)
  expect(holders).toContain(Number(said.exec(second.said.stderr)![1]))
  expectFine(await first.ended)
  const { status, stdout } = await second.ended
  expect([status, stdout === '']).toEqual([0, false])
})

test('each is saved in the history', async () => {
  const argv = [fixture('lstm'), ...QUICK, '--save']
  const both = await Promise.all([whyslow(where, ...argv), whyslow(where, ...argv)])
  expect(both.map(({ status }) => status)).toEqual([0, 0])
  const [history, ...more] = filesIn(where.data)
  expect(more).toEqual([])
  const lines = readFileSync(history!, 'utf8').split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.map((line) => (JSON.parse(line) as { savedAt: string }).savedAt)).toEqual([expect.any(String), expect.any(String)])
  expect(where.left()).toEqual([])
})

test('of two that ship to one folder, either leaves a whole one', async () => {
  const out = join(where.root, 'fast')
  const argv = ['fix', fixture('credit_mlp'), '-o', out, '--only', 'memory-arena', '--budget', '1s', '--no-progress']
  const both = await Promise.all([whyslow(where, ...argv), whyslow(where, ...argv)])
  for (const one of both) expectFine(one)
  const { files } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
    files: readonly { path: string; sizeBytes: number }[]
  }
  for (const { path, sizeBytes } of files) expect([path, statSync(join(out, path)).size]).toEqual([path, sizeBytes])
  expect(existsSync(join(out, 'predict.mjs'))).toBe(true)
  // Nothing set aside, nothing half written.
  expect(readdirSync(where.root).filter((name) => name.startsWith('fast'))).toEqual(['fast'])
  expect(where.left()).toEqual([])
})
