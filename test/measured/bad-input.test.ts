// What cannot be measured costs one line and exit code 2, and leaves nothing behind: no file, no folder, no process.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { UNIX } from '../needs.ts'
import { processesIn } from '../support/processes.ts'
import { watchTasks } from '../support/tasks.ts'
import { type Ended, fixture, folders, refuses, start, until } from './command.ts'

/** Runs before the command: who waits for 100 s is called after three. */
const HASTY = `data:text/javascript,${encodeURIComponent(
  'const own = setTimeout; globalThis.setTimeout = (call, ms, ...more) => own(call, ms === 100_000 ? 3000 : ms, ...more)',
)}`
const windows = process.platform === 'win32'

describe.concurrent('a model that cannot be read', () => {
  test.each([
    ['cyclic', /read one another in a ring: 'relu'/],
    ['duplicate-names', /'same' is made twice/],
    ['undefined-input', /'nowhere', an input of node 'add'/],
    ['external-data-missing', /'not-there\.bin', which is not beside/],
    ['external-data-outside', /a path that leaves its folder/],
    ['truncated', /is cut off after 1764 bytes/],
  ])('%s', (name, says) => refuses([fixture(name), '--quick'], says))
})

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

describe.skipIf(windows)('Ctrl-C', UNIX, () => {
  let where: ReturnType<typeof folders>
  beforeEach(() => {
    where = folders()
  })
  afterEach(() => where.remove())

  const processes = () => processesIn(where.temporary)

  async function expectInterrupted(ended: Promise<Ended>): Promise<void> {
    const { status, signal, stdout, stderr } = await ended
    expect({ status, signal, stdout, processes: processes(), left: where.left() }, stderr).toEqual({
      status: 130,
      signal: null,
      stdout: '',
      processes: [],
      left: [],
    })
    expect(stderr).not.toMatch(/\n\s+at /)
  }

  test('while native code hangs', async () => {
    const { env, hangsIn } = watchTasks(where)
    const run = start(where, [fixture('endless-loop')], { env })
    await until(run, () => hangsIn('try'))
    run.child.kill('SIGINT')
    await expectInterrupted(run.ended)
  })

  // A terminal sends it to every process of the group: the child of a trial gets it too.
  test('while it measures, sent to the whole group', async () => {
    const lock = join(where.root, 'lock')
    const { env, begun } = watchTasks(where)
    // Nobody holds the lock for it.
    const own = { ...env, WHYSLOW_LOCK: lock, WHYSLOW_LOCK_TOKEN: undefined }
    const argv = [fixture('transformer-block'), '--seconds', '60', '--no-progress']
    const run = start(where, argv, { detached: true, env: own })
    await until(run, () => begun().includes('latency'))
    expect(readdirSync(lock)).toHaveLength(1)
    process.kill(-run.child.pid!, 'SIGINT')
    await expectInterrupted(run.ended)
    expect(readdirSync(lock)).toEqual([])
  })

  test('twice in a row', async () => {
    const { env, begun } = watchTasks(where)
    const run = start(where, [fixture('endless-loop')], { env })
    await until(run, () => begun().includes('try'))
    run.child.kill('SIGINT')
    run.child.kill('SIGINT')
    await expectInterrupted(run.ended)
  })
})

describe.concurrent('what fix cannot do costs one line', () => {
  const where = folders()
  const file = fixture('credit_mlp')
  const foreign = join(where.root, 'foreign')
  const out = ['-o', 'never']
  beforeAll(() => {
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'thesis.txt'), 'years of work')
  })
  afterAll(() => where.remove())

  test.each<[string, string[], RegExp]>([
    ['no such model', ['no.onnx', ...out], /no\.onnx: no such file/],
    ['no folder to write', [file], /give the folder to write, as in -o fast\//],
    ['a file in its place', [file, '-o', join(foreign, 'thesis.txt')], /thesis\.txt: this is a file/],
    ['a folder that is not whyslow’s', [file, '-o', foreign], /was not written by whyslow.*--force/],
    ['a parent that is not there', [file, '-o', join(where.root, 'no/such/fast')], /there is no folder/],
    ['an unknown remedy', [file, ...out, '--only', 'magic'], /--only magic: no such remedy; there are .*thread-count/],
    [
      'a misspelled remedy',
      [file, ...out, '--only', 'thread-cuont'],
      /--only thread-cuont: no such remedy; did you mean thread-count\?/,
    ],
    ['a model to write', [file, '-o', 'fast.onnx'], /fast\.onnx is the name of a model, and fix writes a folder/],
    ['an unknown goal', [file, ...out, '--for', 'speed'], /'--for <goal>' cannot be 'speed': give one of latency/],
    ['an unknown output', [file, ...out, '--outputs', 'nowhere'], /--outputs nowhere: no such output; there are /],
    ['pictures for what takes none', [file, ...out, '--normalize', 'imagenet'], /no input takes a picture .*: the model/],
    ['a loss that is no number', [file, ...out, '--max-loss', 'abc'], /--max-loss.*Give a number such as 0\.01/i],
  ])('%s', async (_, argv, says) => {
    await refuses(['fix', ...argv, '--no-progress'], says)
    expect(readdirSync(foreign)).toEqual(['thesis.txt'])
  })
})
