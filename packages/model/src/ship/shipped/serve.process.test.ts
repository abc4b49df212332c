// The server of the folder, started as its user starts it: with Node and what npm installed there, from a folder that has no whyslow.
import { spawn } from 'node:child_process'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { writeInferRequest } from '@whyslow/serving/serve/grpc/client-messages.ts'
import { expect, test } from 'vitest'
import { FIXTURES, installIn, planFor, runIn, scratch } from '../../../test/support/ship/example-plan.ts'
import { shipFolder } from '../ship-folder.ts'

/** `node serve.mjs`, once it says where it listens, or its words where it ends before. */
async function start(folder: string, ...flags: string[]) {
  // From elsewhere, and with nothing of this repository to be found.
  const child = spawn(process.execPath, [path.join(folder, 'serve.mjs'), '--port', '0', ...flags], { cwd: scratch(), env: {} })
  let text = ''
  let grpcPort = 0
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  const address = await new Promise<string | null>((resolve) => {
    child.stdout.on('data', (chunk) => {
      const found = /at (http:\S+)/.exec(String(chunk))
      grpcPort = Number(/gRPC at \S+:(\d+)/.exec(String(chunk))?.[1] ?? 0)
      if (found !== null) resolve(found[1]!)
    })
    child.once('close', () => resolve(null))
  })
  const end = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { address, grpcPort, ended, end, said: () => text }
}

const asIs = (bytes: Uint8Array) => Buffer.from(bytes)
function call(port: number, method: string, bytes: Uint8Array): Promise<Buffer> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(`/inference.GRPCInferenceService/${method}`, asIs, asIs, bytes, (error, answer) =>
      error === null ? resolve(answer!) : reject(error),
    )
  }).finally(() => client.close())
}

async function shipped(name: string, changes: Parameters<typeof planFor>[2] = {}): Promise<string> {
  const out = path.join(scratch(), 'fast')
  await shipFolder(await planFor(path.join(FIXTURES, `${name}.onnx`), out, changes))
  installIn(out)
  return out
}

/** The end waits for connections that are kept. */
const ask = (url: string, init: RequestInit = {}) => fetch(url, { ...init, headers: { connection: 'close' } })

test('answers as predict.mjs does, over HTTP and gRPC, from several workers, and ends at a signal', async () => {
  const folder = await shipped('symbolic-batch', { serving: { workers: 2, maxBatch: 4 } })
  const server = await start(folder, '--name', 'tiny', '--grpc-port', '0')
  expect(server.address, server.said()).toMatch(/\/v2\/models\/tiny$/)
  const { origin } = new URL(server.address!)
  expect((await ask(`${origin}/v2/health/ready`)).status).toBe(200)
  const metadata = (await (await ask(server.address!)).json()) as {
    inputs: { name: string; datatype: string; shape: number[] }[]
  }
  const inputs = metadata.inputs.map(({ name, datatype, shape }) => {
    const sizes = shape.map((size) => (size < 0 ? 2 : size))
    return { name, datatype, shape: sizes, data: Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, k) => (k % 7) / 8) }
  })
  const feeds = inputs.map(
    ({ name, shape, data }) =>
      `${JSON.stringify(name)}: { type: 'float32', dims: [${shape}], data: Float32Array.from([${data}]) }`,
  )
  const right = runIn(
    folder,
    `import { load } from './predict.mjs'
       const results = await (await load()).predict({ ${feeds.join(', ')} })
       print(Object.entries(results).map(([name, { data }]) => [name, [...data]]))`,
  ) as [string, number[]][]
  const answers = await Promise.all(
    Array.from({ length: 12 }, async (_, k) => {
      // The first is so long that the thread for it reads it, which runs serve.mjs, too.
      const body = `${JSON.stringify({ inputs })}${' '.repeat(k === 0 ? 2_000_000 : 0)}`
      const answer = await ask(`${server.address}/infer`, { method: 'POST', body })
      return (await answer.json()) as { outputs: { name: string; data: number[] }[] }
    }),
  )
  for (const { outputs } of answers) expect(outputs.map(({ name, data }) => [name, data])).toEqual(right)
  const feeds32 = inputs.map(
    ({ name, shape, data }) => [name, { dtype: 'float32', shape, data: Float32Array.from(data) }] as const,
  )
  const message = writeInferRequest({ name: 'tiny', version: '' }, Object.fromEntries(feeds32))
  const answered = await call(server.grpcPort, 'ModelInfer', message)
  for (const [, values] of right) expect(answered.includes(Buffer.from(Float32Array.from(values).buffer))).toBe(true)
  const metrics = await (await ask(`${origin}/metrics`)).text()
  expect(metrics).toMatch(/whyslow_ready_workers{model="tiny",version="1"} 2\n/)
  expect(metrics).toMatch(/^nodejs_eventloop_utilization \d/m)
  expect([await server.end(), server.said()]).toEqual([0, expect.stringMatching(/"draining"[\s\S]*"ended"/)])
})

test.each([
  [['--port', 'x'], /--port x: no whole number/],
  [['--name', 'a/b'], /--name 'a\/b': a name has no slash/],
  [['--wrong'], /Unknown option '--wrong'.*--help/],
  [['--grpc-port', '70000'], /--grpc-port 70000: ports end at 65535/],
  [
    ['--grpc-port', '0'],
    /--grpc-port: gRPC needs the package @grpc\/grpc-js, which is not installed; npm install --prefix \S+fast @grpc\/grpc-js/,
  ],
])('%s is refused in one line', async (flags, said) => {
  const folder = path.join(scratch(), 'fast')
  await shipFolder(await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), folder))
  const server = await start(folder, ...flags)
  expect([server.address, await server.ended, server.said()]).toEqual([null, 2, expect.stringMatching(said)])
  expect(server.said().trim().split('\n')).toHaveLength(1)
})

test('a package that is not installed is told', async () => {
  const folder = path.join(scratch(), 'fast')
  await shipFolder(await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), folder))
  const server = await start(folder)
  expect([server.address, await server.ended, server.said()]).toEqual([null, 2, expect.stringMatching(/onnxruntime-node/)])
})
