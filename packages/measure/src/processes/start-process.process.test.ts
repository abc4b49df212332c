// Processes that end by themselves, that are ended, and what they leave; on Linux, where processes without a parent are found.
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { isRunning } from '../../../../test/support/processes.ts'
import { endInWords, type ProcessSetup, startProcess, textFrom } from './start-process.ts'

const start = (code: string, setup: Partial<ProcessSetup> = {}) =>
  startProcess({ words: ['-e', code], stdio: ['ignore', 'pipe', 'pipe'], ...setup })

const WAITS = 'setInterval(() => {}, 60_000);'
/** Starts one that holds the pipes open in a session of its own, and prints its id. */
const LEAVES = `
const left = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { detached: true, stdio: 'inherit' });
left.unref();
console.log(left.pid);
`
const onLinux = test.runIf(process.platform === 'linux')
const untilGone = (pid: number) => expect.poll(() => isRunning(pid)).toBe(false)

describe('one that ends by itself', () => {
  test.each([
    ["console.error('first'); console.error('no room'); process.exitCode = 3", 3, 'ended with code 3: no room'],
    ["throw new Error('no room')", 1, 'ended with code 1: Error: no room'],
    ['process.exitCode = 137', 137, 'ended with code 137; the system may have ended it for its memory'],
    ['', 0, 'ended with code 0'],
  ])('%s', async (code, exitCode, words) => {
    const how = await start(code).ended
    expect(how).toMatchObject({ code: exitCode, signal: null, error: null, stop: null })
    expect(endInWords(how)).toBe(words)
  })

  onLinux('by a signal', LINUX, async () => {
    const how = await start("process.kill(process.pid, 'SIGKILL')").ended
    expect(endInWords(how)).toBe('ended by SIGKILL; the system may have ended it for its memory')
  })

  onLinux('leaves nothing of the user’s, and is not waited for', LINUX, async () => {
    const { child, ended } = start(LEAVES, { isUsers: true })
    const printed = textFrom(child.stdout)
    expect(await ended).toMatchObject({ code: 0, left: 0 })
    await untilGone(Number(printed()))
  })

  onLinux('what it leaves is counted where it has a group, and ended', LINUX, async () => {
    const { child, ended } = start(LEAVES, { isUsers: true, hasGroup: true })
    const printed = textFrom(child.stdout)
    expect(await ended).toMatchObject({ code: 0, left: 1 })
    await untilGone(Number(printed()))
  })
})

describe('one that takes no messages', () => {
  const CLOSES = "console.error('no such flag'); process.disconnect(); "
  test.each([
    ['tells how it ended itself', `${CLOSES} setTimeout(() => process.exit(9), 100)`, 'ended with code 9: no such flag'],
    ['is ended, and that is told, if it goes on', `${CLOSES} ${WAITS}`, 'was not started or does not listen (Channel closed)'],
  ])('%s', async (_, code, words) => {
    const { child, ended } = start(code, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    child.once('disconnect', () => child.send({ ask: 'facts' }))
    expect(endInWords(await ended)).toBe(words)
  })
})

test('one that cannot be started says why', async () => {
  const how = await startProcess({ executable: '/no/such/program', words: [], limits: { timeMs: 60_000 } }).ended
  expect(how).toMatchObject({ code: null, error: expect.objectContaining({ code: 'ENOENT' }), stop: null })
  expect(endInWords(how)).toContain('ENOENT')
})

describe('one that does not end', () => {
  onLinux('ends at its limit of time, with what it started', LINUX, async () => {
    const { child, ended } = start(LEAVES + WAITS, { limits: { timeMs: 3000 } })
    const [pid] = await once(child.stdout!, 'data')
    expect(await ended).toMatchObject({ signal: 'SIGKILL', stop: { at: 'time', afterMs: 3000 } })
    await untilGone(Number(pid))
  })

  test('at its limit of memory', async () => {
    const { ended } = start(WAITS, { limits: { memoryBytes: 1e6, timeMs: process.platform === 'linux' ? 60_000 : 1 } })
    const { stop } = await ended
    if (process.platform === 'linux') expect(stop).toMatchObject({ at: 'memory' })
  })

  test('when it stalls, by what is asked of it', async () => {
    let asked = 0
    const { ended } = start(WAITS, { limits: { stalledMs: () => (++asked < 3 ? null : 700) } })
    expect((await ended).stop).toEqual({ at: 'stall', afterMs: 700 })
    expect(asked).toBe(3)
  })

  test('when it is aborted, and is not started after', async () => {
    const given = new AbortController()
    const { ended } = start(WAITS, { limits: { signal: given.signal } })
    given.abort(new Error('no more'))
    expect((await ended).stop).toEqual({ at: 'abort' })
    expect(() => start(WAITS, { limits: { signal: given.signal } })).toThrow('no more')
  })

  onLinux('when it is told to, which is nobody’s lack of memory', LINUX, async () => {
    const { child, end } = start(LEAVES + WAITS)
    const [pid] = await once(child.stdout!, 'data')
    const how = await end()
    expect(how.stop).toEqual({ at: 'end' })
    expect(endInWords(how)).toBe('ended by SIGKILL')
    expect(await end()).toBe(how)
    await untilGone(Number(pid))
  })
})

test('telemetry is off, whatever environment it is given', async () => {
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '0', NAMED: 'yes' }
  const { child, ended } = start('console.log(process.env.ORT_DISABLE_TELEMETRY, process.env.NAMED)', { env })
  const printed = textFrom(child.stdout)
  await ended
  expect(printed()).toBe('1 yes\n')
})
