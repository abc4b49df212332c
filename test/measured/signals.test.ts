// A signal in the middle of anything: two seconds later the command is gone, with what it started and its temporary files.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendantsOf } from '@whyslow/measure/processes/end-process.ts'
import { describe, expect, type TestContext, test } from 'vitest'
import { UNIX } from '../needs.ts'
import { processesIn } from '../support/processes.ts'
import { watchTasks } from '../support/tasks.ts'
import { fixture, onlyFull, ownFolders, start, until } from './command.ts'

/** Two seconds are promised; a busy machine gets more, and what hangs takes for ever. */
const BOUND_MS = 20_000
const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/** In the process of the command, reading this model never ends and turns no event loop. */
const BLOCKING = `data:text/javascript,${encodeURIComponent(`import { writeFileSync } from 'node:fs'
const own = JSON.parse
JSON.parse = (text, ...more) => {
  if (typeof text === 'string' && text.includes('blocks-here')) { writeFileSync(process.env.TMPDIR + '/../blocked', String(process.pid)); for (;;); }
  return own(text, ...more)
}`)}`
const MODEL = '{"format":"graph-model","modelTopology":{},"weightsManifest":[],"a":"blocks-here"}'

/** Folders of a test, and what is done in them. */
function inFolders(context: TestContext) {
  const where = ownFolders(context)
  const processes = () => processesIn(where.temporary)

  async function expectGone({ child, ended }: Run, signal: NodeJS.Signals, status: number): Promise<void> {
    child.kill(signal)
    const late = new AbortController()
    const end = await Promise.race([ended, sleep(BOUND_MS, null, { signal: late.signal }).catch(() => null)])
    late.abort()
    if (end === null) for (const pid of [...descendantsOf(child.pid!), child.pid!]) process.kill(pid, 'SIGKILL')
    expect(end, `it did not end within ${BOUND_MS} ms`).not.toBeNull()
    expect({ status: end!.status, signal: end!.signal, processes: processes(), left: where.left() }, end!.stderr).toEqual({
      status,
      signal: null,
      processes: [],
      left: [],
    })
    expect(end!.stderr).not.toMatch(/\n\s+at /)
  }

  function blocked(...before: string[]): Run {
    const model = join(where.root, 'model.json')
    writeFileSync(model, MODEL)
    return start(where, [...before, model], { node: ['--import', BLOCKING] })
  }
  const isBlocked = () => existsSync(join(where.root, 'blocked'))
  return { where, processes, expectGone, blocked, isBlocked }
}

type Run = ReturnType<typeof start>

describe.skipIf(process.platform === 'win32').concurrent('a signal', UNIX, () => {
  test.for(signals)('%s while a file is read', async (signal, context) => {
    const { blocked, isBlocked, expectGone } = inFolders(context)
    const run = blocked()
    await until(run, () => isBlocked() && descendantsOf(run.child.pid!).length > 1)
    await expectGone(run, signal, CODES[signal])
  })

  test.for(signals)('%s to a server that reads its model', async (signal, context) => {
    const { blocked, isBlocked, expectGone } = inFolders(context)
    const run = blocked('serve', '--port', '0')
    await until(run, isBlocked)
    await expectGone(run, signal, CODES[signal])
  })

  test('a second one, at once', async (context) => {
    const { blocked, isBlocked, expectGone } = inFolders(context)
    const run = blocked()
    await until(run, isBlocked)
    run.child.kill('SIGINT')
    await expectGone(run, 'SIGINT', 130)
  })

  test('none at all: the process of the command alone is killed', async (context) => {
    const { where, processes, blocked, isBlocked } = inFolders(context)
    const run = blocked()
    await until(run, () => isBlocked() && descendantsOf(run.child.pid!).length > 1)
    process.kill(Number(readFileSync(join(where.root, 'blocked'), 'utf8')), 'SIGKILL')
    const { status, stderr } = await run.ended
    expect([status, stderr]).toEqual([
      137,
      'whyslow: its process was ended by SIGKILL; the system may have ended it for its memory\n',
    ])
    await expect.poll(() => ({ processes: processes(), left: where.left() })).toEqual({ processes: [], left: [] })
  })

  test('SIGKILL to the first process ends the others', async (context) => {
    const { where, processes, blocked, isBlocked } = inFolders(context)
    const run = blocked()
    await until(run, () => isBlocked() && descendantsOf(run.child.pid!).length > 1)
    run.child.kill('SIGKILL')
    await expect.poll(() => processes(), { timeout: 15_000 }).toEqual([])
    expect(where.left()).toEqual([])
  })

  test('SIGKILL to the first process while a trial hangs ends both, and nothing is left', async (context) => {
    const { where, processes } = inFolders(context)
    const run = start(where, [fixture('endless-loop'), '--no-lock'])
    await until(run, () => descendantsOf(run.child.pid!).length > 1)
    run.child.kill('SIGKILL')
    await expect.poll(() => processes(), { timeout: 15_000 }).toEqual([])
    expect(where.left()).toEqual([])
  })

  // SIGINT: bad-input.test.ts.
  test('SIGTERM while a trial hangs in native code', async (context) => {
    const { where, expectGone } = inFolders(context)
    const { env, hangsIn } = watchTasks(where)
    const run = start(where, [fixture('endless-loop')], { env })
    await until(run, () => hangsIn('try'))
    await expectGone(run, 'SIGTERM', CODES.SIGTERM)
  })

  test('SIGHUP while it waits for the lock', async (context) => {
    const { where, expectGone } = inFolders(context)
    const server = createServer()
    const lock = join(where.root, 'lock')
    mkdirSync(lock)
    const address = join(lock, `${process.pid}-0123456789ab.sock`)
    const asked = new Promise<void>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('error', () => {}).write(`{"pid":${process.pid}}\n`)
        resolve()
      })
    })
    await new Promise<void>((resolve) => server.listen({ path: address, readableAll: true, writableAll: true }, resolve))
    const env = { WHYSLOW_LOCK: lock, WHYSLOW_LOCK_TOKEN: undefined }
    const run = start(where, [fixture('lstm'), '--no-progress'], { env })
    await asked
    await expectGone(run, 'SIGHUP', CODES.SIGHUP)
    server.close()
  })

  test.for(signals)('%s to a server that waits for requests: it has answered all, and ends as asked', async (signal, context) => {
    const { where, expectGone } = inFolders(context)
    const run = start(where, ['serve', fixture('lstm'), '--port', '0', '--workers', '1'])
    let said = ''
    run.child.stdout.on('data', (text: string) => {
      said += text
    })
    await until(run, () => said.includes('/v2/'))
    await expectGone(run, signal, 0)
  })

  const TRIALS = [
    ['why', [fixture('lstm'), '--duration', '60']],
    ['fix', ['fix', fixture('lstm'), '-o', '../fast', '--budget', '60s']],
    ['quantize', ['quantize', fixture('credit_mlp'), '-o', '../small.onnx']],
    ['compare', ['compare', fixture('lstm'), fixture('fmnist_gru'), '--duration', '60']],
  ] as const
  // One listener has all three signals, and knows no command: `why` gets each of them, the other commands one.
  test.for(
    TRIALS.flatMap(([name, argv], k) => (k === 0 ? signals : [signals[k - 1]!]).map((signal) => [signal, name, argv] as const)),
  )('%s to %s while a trial is under way', async ([signal, name, argv], context) => {
    if (name !== 'why') onlyFull(context, 'each measures until its signal comes')
    const { where, expectGone } = inFolders(context)
    const { env, begun } = watchTasks(where)
    const run = start(where, [...argv, '--no-progress'], { env })
    await until(run, () => begun().length > 1)
    await expectGone(run, signal, CODES[signal])
  })

  const HANGS = `import { writeFileSync } from 'node:fs'
export const samples = () => [1]
export function predict() { writeFileSync(process.env.TMPDIR + '/../begun', ''); for (;;); }
`
  // SIGINT: user-code-interrupt.test.ts.
  test.for([
    ['SIGHUP', 'pipeline'],
    ['SIGTERM', 'ab'],
  ] as const)('%s to %s while the user’s code runs', async ([signal, command], context) => {
    const { where, expectGone } = inFolders(context)
    const file = join(where.root, 'app.mjs')
    writeFileSync(file, HANGS)
    const run = start(where, [command, file, ...(command === 'ab' ? [file] : []), '--quick', '--no-progress'])
    await until(run, () => existsSync(join(where.root, 'begun')))
    await expectGone(run, signal, CODES[signal])
  })

  // SIGINT: load.test.ts.
  test('SIGTERM under load', async (context) => {
    const { where, expectGone } = inFolders(context)
    const run = start(where, ['load', fixture('lstm'), '--rate', '50', '--duration', '60', '--no-progress'])
    await until(run, () => descendantsOf(run.child.pid!).length > 1)
    await expectGone(run, 'SIGTERM', CODES.SIGTERM)
  })

  test('a reader that has gone is no error', async (context) => {
    const { where } = inFolders(context)
    const run = start(where, ['explain', join(where.root, 'none.json')])
    run.child.stdout.destroy()
    run.child.stderr.destroy()
    expect((await run.ended).status).toBe(2)
  })
})
