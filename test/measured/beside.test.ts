// What goes on beside the calls of a program in its process: seen, held still, and let go; in JavaScript and in Python.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { AlternativeFound, ProcessActivity } from '@whyslow/code/turns/contestant.ts'
import { startContestant } from '@whyslow/code/turns/start-contestant.ts'
import { afterAll, expect, test } from 'vitest'
import { needs } from '../needs.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-beside-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const version = spawnSync(python, ['-c', 'import sys; print(sys.version_info >= (3, 12))'], { encoding: 'utf8' }).stdout
const LIMIT_MS = 60_000

function write(name: string, text: string): string {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** What was seen beside its calls, and what one call gives: as it is, and while each of `still` is held. */
async function look(
  file: string,
  still: readonly ProcessActivity[],
): Promise<{ found: readonly AlternativeFound[]; main: string | null; times: number }> {
  const isPython = file.endsWith('.py')
  const interpreter = isPython ? [python] : [process.execPath]
  const one = startContestant({ file, language: isPython ? 'python' : 'javascript', call: null, interpreter })
  try {
    await one.ask({ ask: 'open', file, call: null, watched: true }, LIMIT_MS)
    const { samples } = await one.ask({ ask: 'samples', most: 2 }, LIMIT_MS)
    await one.ask({ ask: 'give', samples }, LIMIT_MS)
    for (const sample of [0, 1]) await one.ask({ ask: 'output', sample }, LIMIT_MS)
    const { others, main } = await one.ask({ ask: 'others', order: [0, 1] }, LIMIT_MS)
    const request = { ask: 'time', order: [0, 1], copies: true, gapMs: 5, leastMs: 1, leastPasses: 2, still } as const
    const { passMs } = await one.ask(request, LIMIT_MS)
    // What was held goes on.
    await one.ask({ ask: 'output', sample: 0 }, LIMIT_MS)
    return { found: others, main, times: passMs.length }
  } finally {
    await one.end()
  }
}

const of = (found: readonly AlternativeFound[], other: ProcessActivity) => found.find((one) => one.other === other)

const BURN = 'const burn = (ms) => { const end = performance.now() + ms; while (performance.now() < end) {} }'
const PLAIN =
  'export const samples = () => [1, 2]\nexport const predict = async (x) => { await new Promise(setImmediate); return x }\n'
/** A package that is taken for onnxruntime: what a session gives is its name and how often it ran. */
const FAKE = `
class Tensor { constructor(type, data, dims) { Object.assign(this, { type, data, dims, location: 'cpu' }) } }
class InferenceSession {
  constructor(file) { this.file = file; this.runs = 0 }
  static async create(file) { return new InferenceSession(file) }
  async run() {
    await new Promise((resolve) => setTimeout(resolve, this.file === 'main.onnx' ? 8 : 2))
    return { y: new Tensor('float32', new Float32Array([++this.runs]), [1]) }
  }
}
module.exports = { InferenceSession, Tensor }
`

test('nothing', async () => {
  const { found, main } = await look(write('nothing.mjs', PLAIN), [])
  expect(found.map(({ seen, reason }) => [seen, reason])).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ])
  expect(main).toBeNull()
})

test('timers that keep the event loop busy', async () => {
  const file = write(
    'timers.mjs',
    `${BURN}\nsetInterval(() => burn(4), 8)\nfunction again() { burn(2); setTimeout(again, 5) }\nagain()\n${PLAIN}`,
  )
  const { found, times } = await look(file, ['loop'])
  expect(of(found, 'loop')).toMatchObject({ seen: expect.stringMatching(/^busy for \d+ % of the time/), reason: null })
  expect(of(found, 'threads')).toMatchObject({ seen: null })
  expect(times).toBe(2)
})

test('timers that a call waits for', async () => {
  const text = `${BURN}
const waiting = []
setInterval(() => { burn(3); for (const one of waiting.splice(0)) one() }, 6)
export const samples = () => [1, 2]
export const predict = (x) => new Promise((resolve) => waiting.push(() => resolve(x)))
`
  const { found } = await look(write('batcher.mjs', text), [])
  expect(of(found, 'loop')).toMatchObject({ seen: expect.anything(), reason: 'a call waits for it' })
})

test('worker threads that compute without end', async () => {
  const worker = write('spin.mjs', 'for (;;) {}')
  const text = `import { Worker } from 'node:worker_threads'\nnew Worker(${JSON.stringify(worker)}).unref()\n${PLAIN}`
  const { found, times } = await look(write('workers.mjs', text), ['threads'])
  expect(of(found, 'threads')).toMatchObject({ seen: expect.stringMatching(/^one, at work for \d+ %/), reason: null })
  expect(times).toBe(2)
})

test('a worker thread that a call waits for', async () => {
  const worker = write(
    'answer.mjs',
    `import { parentPort } from 'node:worker_threads'\n${BURN}\nparentPort.on('message', (x) => { burn(5); parentPort.postMessage(x) })`,
  )
  const text = `import { Worker } from 'node:worker_threads'
const worker = new Worker(${JSON.stringify(worker)})
export const samples = () => [1, 2]
export const predict = (x) => new Promise((resolve) => { worker.once('message', resolve); worker.postMessage(x) })
`
  const { found } = await look(write('asks.mjs', text), [])
  expect(of(found, 'threads')).toMatchObject({ seen: expect.anything(), reason: 'a call waits for it' })
})

test('a second session in each call, and one in the background', async () => {
  write('sessions/node_modules/onnxruntime-node/index.js', FAKE)
  write('sessions/node_modules/onnxruntime-node/package.json', '{"name":"onnxruntime-node","version":"1.0.0","main":"index.js"}')
  const text = `import ort from 'onnxruntime-node'
const [main, second, third] = await Promise.all(['main.onnx', 'second.onnx', 'third.onnx'].map((file) => ort.InferenceSession.create(file)))
const background = async () => { for (;;) await third.run({}) }
background()
export const samples = () => [1, 2]
export const predict = async () => {
  const { y } = await second.run({})
  if (!(y.data[0] > 0) || y.constructor !== ort.Tensor) throw new Error('not what a session gives')
  y.data[0] = -1
  return (await main.run({})).y.data[0]
}
`
  const { found, main, times } = await look(write('sessions/app.mjs', text), ['sessions'])
  expect(of(found, 'sessions')).toEqual({
    other: 'sessions',
    seen: 'second.onnx, third.onnx in addition to main.onnx',
    reason: null,
  })
  expect(main).toBe(resolve('main.onnx'))
  expect(times).toBe(2)
})

const THREAD = `
import threading
def work():
    x = 0
    while True:
        x += 1
        if x % 100000 == 0:
            REST
threading.Thread(target=work, daemon=True).start()
def samples():
    return [1, 2]
def predict(x):
    return x
`

test.runIf(version !== '').for([
  ['a thread that computes without end', 'pass', version.trim() === 'True'],
  ['a thread that waits at times', 'import time; time.sleep(0.001)', true],
] as const)('Python: %s', needs('Python'), async ([, rest, canStop]) => {
  const { found, times } = await look(write('threads.py', THREAD.replace('REST', rest)), canStop ? ['threads'] : [])
  const reason = canStop ? null : expect.stringContaining('before Python 3.12')
  expect(of(found, 'threads')).toMatchObject({ seen: expect.stringMatching(/^one, at work for \d+ %/), reason })
  expect(of(found, 'loop')).toMatchObject({ seen: null, reason: null })
  expect(times).toBe(2)
})

test.runIf(version !== '')('Python: a thread that a call waits for', needs('Python'), async () => {
  const text = `
import queue, threading, time
asked, given = queue.Queue(), queue.Queue()
def work():
    while True:
        x = asked.get()
        end = time.perf_counter() + 0.01
        while time.perf_counter() < end:
            pass
        given.put(x)
threading.Thread(target=work, daemon=True).start()
def samples():
    return [1, 2]
def predict(x):
    asked.put(x)
    return given.get()
`
  const { found } = await look(write('asks.py', text), [])
  expect(of(found, 'threads')).toMatchObject({ seen: expect.anything(), reason: 'a call waits for it' })
})

test.runIf(version !== '')('Python: tasks of the event loop', needs('Python'), async () => {
  const text = `
import asyncio, time
async def work():
    while True:
        end = time.perf_counter() + 0.004
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0.004)
async def load():
    load.task = asyncio.create_task(work())
    return None
def samples():
    return [1, 2]
async def predict(model, x):
    await asyncio.sleep(0)
    return x
`
  const { found, times } = await look(write('tasks.py', text), ['loop'])
  expect(of(found, 'loop')).toMatchObject({ seen: expect.stringMatching(/^busy for \d+ % of the time/), reason: null })
  expect(times).toBe(2)
})

test.runIf(version !== '')('Python: a second session in each call', needs('Python'), async () => {
  write(
    'onnxruntime.py',
    `
import time
class InferenceSession:
    def __init__(self, file):
        self._model_path = file
    def run(self, names, feeds):
        time.sleep(0.008 if self._model_path == "main.onnx" else 0.002)
        return [self._model_path]
`,
  )
  const text = `
import onnxruntime
main, second = [onnxruntime.InferenceSession(file) for file in ("main.onnx", "second.onnx")]
def samples():
    return [1, 2]
def predict(x):
    assert second.run(None, {}) == ["second.onnx"]
    return main.run(None, {})[0]
`
  const { found, main, times } = await look(write('sessions.py', text), ['sessions'])
  expect(of(found, 'sessions')).toEqual({ other: 'sessions', seen: 'second.onnx in addition to main.onnx', reason: null })
  expect(main).toBe('main.onnx')
  expect(times).toBe(2)
})
