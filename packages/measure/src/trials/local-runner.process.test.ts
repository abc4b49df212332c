// What becomes of a trial's process and of those that it starts, whatever native code they are in.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { LINUX, UNIX } from '../../../../test/needs.ts'
import { isRunning } from '../../../../test/support/processes.ts'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
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
  UNIX,
  async () => {
    const pids = join(folder, 'pids')
    const hanging = task('hangs', `fs.writeFileSync(input, JSON.stringify([process.pid, ${SLEEPS}])); ${HANGS}`)
    const runner = new URL('../../../../dist/measure/trials/local-runner.js', import.meta.url).href
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

describe.runIf(linux)('the limit of memory', LINUX, () => {
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

const PLENTY = { timeMs: 60_000, memoryBytes: null }
const leftBehind = () => readdirSync(folder).filter((name) => name.startsWith('whyslow-trial-'))

describe('a trial ends', () => {
  test('with its value, of what can be sent between processes', async () => {
    const gives = task('gives', 'return { input, map: new Map([[1, new Float32Array(3)]]), big: 2n ** 70n }')
    expect(await runLocally(gives, [1, null], PLENTY)).toEqual({
      outcome: 'measured',
      value: { input: [1, null], map: new Map([[1, new Float32Array(3)]]), big: 2n ** 70n },
    })
  })

  test('with what was thrown, in one line of at most 1000 characters', async () => {
    const throws = task('throws', 'throw new Error(input)')
    expect(await runLocally(throws, ' bad\n\n  row ', PLENTY)).toEqual({ outcome: 'failed', reason: 'bad row' })
    expect(await runLocally(throws, '', PLENTY)).toEqual({ outcome: 'failed', reason: 'no reason given' })
    expect(await runLocally(throws, 'x'.repeat(5000), PLENTY)).toEqual({ outcome: 'failed', reason: 'x'.repeat(1000) })
    const words = task('words', "throw 'words'")
    expect(await runLocally(words, null, PLENTY)).toEqual({ outcome: 'failed', reason: 'words' })
  })

  test('if there is no such task, or its module cannot be loaded', async () => {
    const { module } = task('there', 'return 1')
    const absent = { id: 'absent', module, run: async () => undefined }
    expect(await runLocally(absent, null, PLENTY)).toEqual({ outcome: 'failed', reason: `${module} exports no task absent` })
    const nowhere = { ...absent, module: pathToFileURL(join(folder, 'nowhere.mjs')).href }
    expect(await runLocally(nowhere, null, PLENTY)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/nowhere\.mjs/),
    })
  })

  test('if its process ends before it answers: with the code, and the last line that is no part of a stack', async () => {
    const ends = task('ends', 'fs.writeSync(2, input); process.exit(7)')
    expect(await runLocally(ends, 'first\nno room\n    at frame (file:1:2)\n----- rule -----\n', PLENTY)).toEqual({
      outcome: 'crashed',
      reason: "the engine's process ended with code 7: no room",
    })
    expect(await runLocally(ends, '', PLENTY)).toEqual({ outcome: 'crashed', reason: "the engine's process ended with code 7" })
    if (process.platform === 'win32') return
    const killed = task('killed', "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {})")
    expect(await runLocally(killed, null, PLENTY)).toEqual({
      outcome: 'crashed',
      reason: "the engine's process ended by SIGSEGV",
    })
  })

  test('however much it writes on standard error', async () => {
    const floods = task(
      'floods',
      "for (let k = 0; k < 300; k++) process.stderr.write('x'.repeat(65_536)); process.stderr.write('\\nlast words\\n', () => process.exit(3)); await new Promise(() => {})",
    )
    expect(await runLocally(floods, null, PLENTY)).toEqual({
      outcome: 'crashed',
      reason: "the engine's process ended with code 3: last words",
    })
  })

  test('at its limit of time, though it never stops writing, and an answer that comes later is not heard', async () => {
    const late = task(
      'late',
      "for (let begun = Date.now(); Date.now() - begun < input; ) process.stderr.write('x'.repeat(65_536)); return 'late'",
    )
    const limits = { timeMs: 2000, memoryBytes: null }
    expect(await runLocally(late, 60_000, limits)).toEqual({ outcome: 'timed-out', limitMs: 2000 })
    // The next one has its own process.
    expect(await runLocally(late, 0, PLENTY)).toEqual({ outcome: 'measured', value: 'late' })
  })

  test('when it is aborted, with the reason, and nothing of it is left', async () => {
    vi.stubEnv('TMPDIR', folder)
    const said = join(folder, 'aborted')
    const hangs = task('aborted', `fs.writeFileSync(input, JSON.stringify([process.pid, ${SLEEPS}])); ${HANGS}`)
    const controller = new AbortController()
    const trial = runLocally(hangs, said, { ...PLENTY, signal: controller.signal })
    const pids = (): number[] => (existsSync(said) ? (JSON.parse(readFileSync(said, 'utf8') || '[]') as number[]) : [])
    await expect.poll(pids, { timeout: 30_000 }).toHaveLength(2)
    controller.abort(new Error('enough'))
    await expect(trial).rejects.toThrow('enough')
    await expect.poll(() => pids().filter(isRunning), { timeout: 15_000 }).toEqual([])
    expect(leftBehind()).toEqual([])
  })

  test('before it begins if it was aborted already', async () => {
    const said = join(folder, 'never')
    const writes = task('writes', "fs.writeFileSync(input, '')")
    await expect(runLocally(writes, said, { ...PLENTY, signal: AbortSignal.abort(new Error('over')) })).rejects.toThrow('over')
    expect(existsSync(said)).toBe(false)
  })
})
