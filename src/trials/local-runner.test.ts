// What becomes of a trial's process and of those that it starts, whatever native code they are in.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isRunning } from '../../test/support/processes.ts'
import { folderOfTests } from './example-folder.ts'
import { runLocally } from './local-runner.ts'

const folder = folderOfTests()
const linux = process.platform === 'linux'

/** A task as its process imports it. */
function task(id: string, run: string) {
  const file = join(folder, `${id}.mjs`)
  const imports = `import { spawn } from 'node:child_process'; import fs from 'node:fs'`
  writeFileSync(file, `${imports}\nexport const task = { id: '${id}', module: import.meta.url, async run(input) { ${run} } }\n`)
  return { id, module: pathToFileURL(file).href, run: async (_: unknown): Promise<unknown> => undefined }
}

const HANGS = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'
const SLEEPS = `spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore', detached: true }).pid`

test.skipIf(process.platform === 'win32')(
  'a trial that hangs in native code ends with what it started and its folder, once its parent is killed',
  async () => {
    const pids = join(folder, 'pids')
    const hanging = task('hangs', `fs.writeFileSync(input, JSON.stringify([process.pid, ${SLEEPS}])); ${HANGS}`)
    const runner = new URL('../../dist/trials/local-runner.js', import.meta.url).href
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { runLocally } = await import(${JSON.stringify(runner)})
await runLocally(${JSON.stringify({ id: hanging.id, module: hanging.module })}, ${JSON.stringify(pids)}, { timeMs: 100_000, memoryBytes: null })`,
      ],
      { stdio: 'inherit', env: { ...process.env, TMPDIR: folder } },
    )
    const temporary = () => readdirSync(folder).filter((name) => name.startsWith('whyslow-trial-'))
    await expect.poll(() => existsSync(pids) && readdirSync(folder).length, { timeout: 30_000 }).toBeTruthy()
    const { readFile } = await import('node:fs/promises')
    await expect.poll(async () => (await readFile(pids, 'utf8')).endsWith(']'), { timeout: 30_000 }).toBe(true)
    const started = JSON.parse(await readFile(pids, 'utf8')) as number[]
    expect([started.map(isRunning), temporary().length]).toEqual([[true, true], 1])
    const gone = once(parent, 'exit')
    parent.kill('SIGKILL')
    await gone
    // Three seconds are promised; the bound is for a busy machine.
    await expect.poll(() => started.some(isRunning), { timeout: 15_000 }).toBe(false)
    expect(temporary()).toEqual([])
  },
)

describe.runIf(linux)('the limit of memory', () => {
  const holds = (megabytes: number) =>
    `const held = Buffer.alloc(${megabytes} << 20, 1); setTimeout(() => held.length, 60_000); console.log('held')`

  test('counts what the trial started', async () => {
    const hungry = task(
      'hungry',
      `spawn(process.execPath, ['-e', ${JSON.stringify(holds(600))}], { stdio: 'ignore' }); await new Promise(() => setTimeout(() => {}, 60_000))`,
    )
    const trial = await runLocally(hungry, null, { timeMs: 60_000, memoryBytes: 500e6 })
    expect(trial).toMatchObject({ outcome: 'out-of-memory', limitBytes: 500e6 })
  })

  test('counts what processes share once', async () => {
    // Forks share what was there before them.
    const python = `import mmap, os, time
m = mmap.mmap(-1, 300 << 20)
for at in range(0, len(m), 4096): m[at] = 1
for k in range(2):
    if os.fork() == 0:
        sum(m[at] for at in range(0, len(m), 4096)); time.sleep(60)
time.sleep(2); print('shared', flush=True); time.sleep(60)`
    const sharing = task(
      'sharing',
      `const child = spawn('python3', ['-c', ${JSON.stringify(python)}], { stdio: ['ignore', 'pipe', 'ignore'] })
return new Promise((resolve) => { child.on('error', () => resolve('no Python')); child.stdout.on('data', () => resolve('shared')) })`,
    )
    const trial = await runLocally(sharing, null, { timeMs: 60_000, memoryBytes: 700e6 })
    expect(trial).toMatchObject({ outcome: 'measured' })
  })
})
