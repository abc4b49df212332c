// Servers of the user's, planted in files: what a request of each spends its time on, and that nothing of them is left running.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { textFrom } from '@whyslow/measure/processes/start-process.ts'
import type { WatchDocument } from '@whyslow/report/documents/watch.ts'
import { watch } from '@whyslow/whyslow/compose/watch.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { needs, UNIX } from '../../../../../test/needs.ts'
import { ROOT } from '../../../../../test/root.ts'
import { freePort } from '../../../../../test/support/port.ts'
import { isRunning } from '../../../../../test/support/processes.ts'
import type { WatchOptions } from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-watch-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function planted(name: string, code: string): string {
  const file = join(folder, name)
  writeFileSync(file, code)
  return file
}

const MODEL = join(ROOT, 'fixtures/models/fmnist_gru.onnx')
const PACKAGE = pathToFileURL(join(ROOT, 'node_modules/onnxruntime-node/dist/index.js')).href

/** Names in the planted servers; the port is their argument. */
const NAMES = `
import { createServer } from 'node:http'
const busy = (ms) => { for (const until = performance.now() + ms; performance.now() < until; ); }
const served = (answer) => createServer(async (request, response) => {
  for await (const _ of request);
  response.end(JSON.stringify((await answer(request)) ?? null))
}).listen(Number(process.argv[2]), '127.0.0.1')
`
const SESSION = (rows: number) => `
import ort from '${PACKAGE}'
const session = await ort.InferenceSession.create(${JSON.stringify(MODEL)}, { intraOpNumThreads: 1 })
const feeds = { rows: new ort.Tensor('float32', new Float32Array(${rows * 28 * 28}), [${rows}, 28, 28]) }
`

/** So seldom that calls do not wait for each other on a machine that is ten times as slow. */
const SELDOM = { ratePerSecond: 3, seconds: 3 }

const largest = ({ parts }: WatchDocument) => [...parts].sort((a, b) => b.timeMs - a.timeMs)[0]!

async function watched(file: string, { path = '/', ...options }: Partial<WatchOptions> & { path?: string } = {}) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}${path}`
  return watch([process.execPath, file, String(port)], { url, seconds: 2, ratePerSecond: 8, ...options })
}

const sums = ({ parts, requests }: WatchDocument): void => {
  for (const [key, whole] of [
    ['timeMs', requests.typicalMs!],
    ['meanMs', requests.meanMs!],
  ] as const)
    expect(parts.reduce((sum, part) => sum + part[key], 0)).toBeCloseTo(whole, 3)
}

describe.runIf(process.platform !== 'win32')('a server in Node', UNIX, () => {
  test('that computes in a loop: it is its code', async () => {
    const document = await watched(planted('loop.mjs', `${NAMES} served(() => busy(25))`))
    expect(largest(document).part).toBe('code')
    expect(document.answer).toMatch(/of a typical request are your code; no model ran in it\.$/)
    expect(document.next!.arguments).toEqual(['pipeline', join(folder, 'loop.mjs')])
    expect(document.requests).toMatchObject({ basis: 'client', failed: 0 })
    sums(document)
  })

  test('that is asked more than it can answer: requests wait for its thread', async () => {
    const document = await watched(planted('queue.mjs', `${NAMES} served(() => busy(25))`), { seconds: 1, ratePerSecond: 80 })
    expect(largest(document).part).toBe('event-loop')
    expect(document.next!.arguments).toEqual(['load', document.url, '--concurrency', '1,2,4,8'])
    sums(document)
  })

  test('whose model is slow: it is the model', async () => {
    const file = planted('model.mjs', `${NAMES}${SESSION(100)} served(async () => void (await session.run(feeds)))`)
    const document = await watched(file, { path: '/predict', bodies: ['{}'], ...SELDOM })
    expect(largest(document)).toMatchObject({ part: 'model', name: 'fmnist_gru.onnx' })
    expect(document.models).toMatchObject([{ engine: 'onnxruntime', file: MODEL, callsPerRequest: 1, onLoop: true }])
    expect(document.next!.arguments).toEqual([MODEL])
    sums(document)
  })

  test('whose model runs in a worker thread: its calls are found by their time', async () => {
    const worker = planted(
      'worker.mjs',
      `import { parentPort } from 'node:worker_threads'${SESSION(100)}
      parentPort.on('message', async (id) => { await session.run(feeds); parentPort.postMessage(id) })`,
    )
    const file = planted(
      'threads.mjs',
      `${NAMES}
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(${JSON.stringify(worker)})
      const waiting = new Map()
      worker.on('message', (id) => waiting.get(id)())
      let next = 0
      served(() => new Promise((resolve) => { waiting.set(++next, resolve); worker.postMessage(next) }))`,
    )
    const document = await watched(file, SELDOM)
    expect(largest(document).part).toBe('model')
    expect(document.processes).toMatchObject([{ threads: 2, script: 'threads.mjs' }])
    expect(document.warnings.join()).toMatch(/ran in threads that know no request/)
    sums(document)
  })

  test('in CommonJS behind a shell is the main module, and keeps the options of Node that the user set', async () => {
    const file = planted(
      'main.cjs',
      `const said = [require.main === module, process.execArgv, process.env.NODE_OPTIONS, performance.timeOrigin > 0]
      require('node:http').createServer((request, response) => response.end('ok')).listen(Number(process.argv[2]), '127.0.0.1')
      require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'said.json'))}, JSON.stringify(said))`,
    )
    const port = await freePort()
    const command = ['sh', '-c', `NODE_OPTIONS="$NODE_OPTIONS --no-warnings" "${process.execPath}" "${file}" ${port}; true`]
    const document = await watch(command, { url: `http://127.0.0.1:${port}/`, seconds: 1, ratePerSecond: 20 })
    expect(JSON.parse(readFileSync(join(folder, 'said.json'), 'utf8'))).toEqual([
      true,
      [],
      expect.stringMatching(/--import=.*register\.js --no-warnings$/),
      true,
    ])
    expect(document.processes).toMatchObject([{ script: 'main.cjs', threads: 1 }])
  })

  test('with requests of its own, until the user has seen enough; what it started ends, in a session of its own, too', async () => {
    const pids = join(folder, 'pids.json')
    const file = planted(
      'own.mjs',
      `${NAMES}
      import { spawn } from 'node:child_process'
      import { writeFileSync } from 'node:fs'
      const left = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { detached: true, stdio: 'ignore' })
      process.on('SIGTERM', () => {})
      const server = served(() => busy(2)).on('listening', async () => {
        for (let k = 0; k < 12; k++) await fetch('http://127.0.0.1:' + server.address().port)
        writeFileSync(${JSON.stringify(pids)}, JSON.stringify([process.pid, left.pid]))
      })`,
    )
    const enough = new Promise<string>((resolve) => {
      const look = setInterval(() => {
        try {
          JSON.parse(readFileSync(pids, 'utf8'))
        } catch {
          return
        }
        clearInterval(look)
        resolve('SIGINT')
      }, 50)
    })
    const document = await watch([process.execPath, file, '0'], { stopped: enough })
    expect(document).toMatchObject({ ended: 'signal', url: null, requests: { seen: 12, judged: 12, basis: 'server' } })
    for (const pid of JSON.parse(readFileSync(pids, 'utf8')) as number[]) await expect.poll(() => isRunning(pid)).toBe(false)
  })
})

describe.runIf(process.platform !== 'win32')('the built command', UNIX, () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s with the answer, and with all that the command started',
    async (signal) => {
      const pids = join(folder, `${signal}.json`)
      const file = planted(
        `${signal}.mjs`,
        `${NAMES}
      import { spawn } from 'node:child_process'
      import { renameSync, writeFileSync } from 'node:fs'
      const left = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { detached: true, stdio: 'ignore' })
      const server = served(() => busy(2)).on('listening', async () => {
        for (let k = 0; k < 5; k++) await fetch('http://127.0.0.1:' + server.address().port)
        console.log('the server prints')
        writeFileSync(${JSON.stringify(`${pids}.part`)}, JSON.stringify([process.pid, left.pid]))
        renameSync(${JSON.stringify(`${pids}.part`)}, ${JSON.stringify(pids)})
      })`,
      )
      const command = spawn(process.execPath, [join(ROOT, 'dist/whyslow/main.js'), '--', process.execPath, file, '0'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [printed, said] = [textFrom(command.stdout), textFrom(command.stderr)]
      const closed = once(command, 'close')
      await expect.poll(() => existsSync(pids), { timeout: 60_000 }).toBe(true)
      command.kill(signal)
      expect((await closed)[0], said()).toBe(0)
      expect(printed()).toMatch(/^[\d.]+ ms of the [\d.]+ ms of a typical request[\s\S]*requests {2}5 requests, p50/)
      expect(said()).toContain('the server prints')
      for (const pid of JSON.parse(readFileSync(pids, 'utf8')) as number[]) await expect.poll(() => isRunning(pid)).toBe(false)
    },
  )
})

describe.runIf(process.platform !== 'win32')('nothing to see', UNIX, () => {
  test.each([
    ['a command that is not installed', ['no-such-command-here'], {}, /^no-such-command-here cannot be started .*ENOENT/],
    [
      'one that fails',
      [process.execPath, '-e', 'process.exit(3)'],
      {},
      /ended with code 3 after .*, before any request; what it printed/,
    ],
    ['no process of Node or Python', ['sh', '-c', 'true'], {}, /started no Node or Python process/],
    ['no request and no model', [process.execPath, '-e', ''], {}, /in Node .* whyslow saw no HTTP request and no model/],
    [
      'a server that nobody asks',
      [process.execPath, '-e', 'require("http").createServer().listen(0)'],
      { seconds: 1.5 },
      /listens on port \d+, but no request arrived; .*--url http:\/\/localhost:\d+/,
    ],
    ['a body without an address', ['true'], { bodies: ['{}'] }, /--url/],
    ['an address without HTTP', ['true'], { url: 'grpc://127.0.0.1:1/' }, /give an address of HTTP/],
    [
      'an address at which nothing listens',
      [process.execPath, '-e', 'setTimeout(() => {}, 60_000)'],
      { url: 'http://127.0.0.1:9/', startSeconds: 0.5 },
      /nothing listens at 127\.0\.0\.1:9 0\.5 s after the start/,
    ],
  ] as const)('%s', async (_, command, options, words) => {
    await expect(watch(command, options)).rejects.toThrow(words)
  })
})

const python = spawnSync('python3', ['-c', '']).status === 0

describe.skipIf(!python || process.platform === 'win32')('a server in Python', needs('python3 on the path'), () => {
  test('of http.server, with a sitecustomize of the user’s: it is its code', async () => {
    const site = mkdtempSync(join(folder, 'site-'))
    writeFileSync(join(site, 'sitecustomize.py'), 'import os\nos.environ["USERS_SITE"] = "ran"\n')
    const file = planted(
      'plain.py',
      `import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        until = time.perf_counter() + 0.025
        while time.perf_counter() < until: pass
        self.send_response(200 if os.environ.get("USERS_SITE") else 500)
        self.end_headers()
        self.wfile.write(b"ok")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
`,
    )
    const port = await freePort()
    const command = ['sh', '-c', `PYTHONPATH="$PYTHONPATH:${site}" exec python3 "${file}" ${port}`]
    const document = await watch(command, { url: `http://127.0.0.1:${port}/x`, seconds: 1, ratePerSecond: 15 })
    expect(document.requests).toMatchObject({ failed: 0, basis: 'client' })
    expect(document.processes).toMatchObject([{ runtime: expect.stringMatching(/^Python 3/), script: 'plain.py' }])
    expect(document.parts.find(({ part }) => part === 'code')!.timeMs).toBeGreaterThan(0)
    sums(document)
  })
})
