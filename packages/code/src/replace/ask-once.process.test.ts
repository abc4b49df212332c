// What the user's code leaves behind keeps nobody waiting, and does not stay.
import { expect, test } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { isRunning } from '../../../../test/support/processes.ts'
import { askOnce } from './ask-once.ts'

/** Starts a process that holds its pipes open, and gives its id. */
const LEAVES = `
const { spawn } = require('node:child_process')
const left = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { detached: true, stdio: 'inherit' })
left.unref()
`
const ask = <T>(code: string, limitMs = 30_000) =>
  askOnce<T>({
    executable: process.execPath,
    words: ['-e', code],
    plan: '',
    answersOn: 'output',
    limitMs,
    signal: undefined,
  })

test.runIf(process.platform === 'linux')('a process that is left behind is ended, and the answer is there', LINUX, async () => {
  const told = await ask<{ pid: number }>(
    `${LEAVES}; process.stdout.write(JSON.stringify({ pid: left.pid }), () => process.exit())`,
  )
  expect(told).toEqual({ pid: expect.any(Number) })
  const { pid } = told as { pid: number }
  await expect.poll(() => isRunning(pid)).toBe(false)
})

test('one that gives no answer says why, though what it started lives', async () => {
  expect(await ask(`${LEAVES}; process.stderr.write('no room', () => process.exit(3))`)).toBe(
    'its process ended before it answered: no room',
  )
})

test('one that never ends is ended', async () => {
  expect(await ask('setInterval(() => {}, 1000)', 1000)).toBe('it did not end within 1 s')
})

test('one that cannot be started says so', async () => {
  const asked = { words: [], plan: '', answersOn: 'output', limitMs: 1000, signal: undefined } as const
  expect(await askOnce({ executable: '/no/such/program', ...asked })).toMatch(/ENOENT/)
})
