// What cannot be measured costs one line and exit code 2, and leaves nothing behind: no file, no folder, no process. What readers and
// options refuse is in packages/whyslow/src/refusals.test.ts.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UNIX } from '../needs.ts'
import { processesIn } from '../support/processes.ts'
import { watchTasks } from '../support/tasks.ts'
import { type Ended, type Folders, fixture, ownFolders, refuses, start, until } from './command.ts'

/** Runs before the command: who waits for 100 s is called after three. */
const HASTY = `data:text/javascript,${encodeURIComponent(
  'const own = setTimeout; globalThis.setTimeout = (call, ms, ...more) => own(call, ms === 100_000 ? 3000 : ms, ...more)',
)}`
const windows = process.platform === 'win32'

test('a model that cannot be read', () => refuses([fixture('truncated'), '--quick'], /is cut off after 1764 bytes/))

describe.concurrent('a model that the engine does not run', () => {
  test.each([
    ['unknown-operator', /does not run the model/],
    ['opset-too-new', /does not run the model/],
    ['custom-domain', /does not run the model/],
    ['huge-input', /more than 2\^31; the model fixes its shape/],
    ['int4-output', /process ended (by SIGABRT|with code \d+): FATAL ERROR: /],
  ])('%s', (name, says) => refuses([fixture(name), '--quick'], says))

  test('eats-memory is ended at the limit of memory', () =>
    refuses([fixture('eats-memory'), '--quick', '--memory-limit', '500m'], /above the limit of 500 MB/))

  // Nobody waits for it: of the command's own process, not of the one that hangs, a timer of 100 s ends after three.
  test('endless-loop is ended at the limit of time', () =>
    refuses([fixture('endless-loop'), '--quick'], /does not end within 100 s/, { node: ['--import', HASTY] }))
})

describe.skipIf(windows).concurrent('Ctrl-C', UNIX, () => {
  async function expectInterrupted(where: Folders, ended: Promise<Ended>): Promise<void> {
    const { status, signal, stdout, stderr } = await ended
    expect({ status, signal, stdout, processes: processesIn(where.temporary), left: where.left() }, stderr).toEqual({
      status: 130,
      signal: null,
      stdout: '',
      processes: [],
      left: [],
    })
    expect(stderr).not.toMatch(/\n\s+at /)
  }

  test('while native code hangs', async (context) => {
    const where = ownFolders(context)
    const { env, hangsIn } = watchTasks(where)
    const run = start(where, [fixture('endless-loop')], { env })
    await until(run, () => hangsIn('try'))
    run.child.kill('SIGINT')
    await expectInterrupted(where, run.ended)
  })

  // A terminal sends it to every process of the group: the child of a trial gets it too.
  test('while it measures, sent to the whole group', async (context) => {
    const where = ownFolders(context)
    const lock = join(where.root, 'lock')
    const { env, begun } = watchTasks(where)
    // Nobody holds the lock for it.
    const own = { ...env, WHYSLOW_LOCK: lock, WHYSLOW_LOCK_TOKEN: undefined }
    const argv = [fixture('transformer-block'), '--duration', '60', '--no-progress']
    const run = start(where, argv, { detached: true, env: own })
    await until(run, () => begun().includes('latency'))
    expect(readdirSync(lock)).toHaveLength(1)
    process.kill(-run.child.pid!, 'SIGINT')
    await expectInterrupted(where, run.ended)
    expect(readdirSync(lock)).toEqual([])
  })

  test('twice in a row', async (context) => {
    const where = ownFolders(context)
    const { env, begun } = watchTasks(where)
    const run = start(where, [fixture('endless-loop')], { env })
    await until(run, () => begun().includes('try'))
    run.child.kill('SIGINT')
    run.child.kill('SIGINT')
    await expectInterrupted(where, run.ended)
  })
})
