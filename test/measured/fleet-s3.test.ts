// A fleet's models in a bucket of a server that others wrote: moto, from PyPI (`pip install 'moto[server]'`), found as moto_server or named with
// WHYSLOW_MOTO.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { storePath } from '@whyslow/fleet/queue/file-store.ts'
import { fetchInto, keep } from '@whyslow/fleet/queue/model-store.ts'
import { openFileStore } from '@whyslow/fleet/queue/open-file-store.ts'
import { afterAll, expect, test, vi } from 'vitest'
import { freePort } from '../support/port.ts'

const moto = process.env.WHYSLOW_MOTO ?? 'moto_server'
const isHere = spawnSync(moto, ['--help']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'whyslow-s3-'))
let server: ChildProcess | undefined
afterAll(() => {
  server?.kill('SIGKILL')
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('models go into a bucket of moto and come out checked', async ({ skip }) => {
  if (!isHere) skip(`no ${moto} is here; pip install 'moto[server]'`)
  const port = await freePort()
  server = spawn(moto, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const endpoint = `http://127.0.0.1:${port}`
  const env = { AWS_ENDPOINT_URL_S3: endpoint, AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
  for (let look = 0; ; look++) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: 'models' }))
      break
    } catch (error) {
      if (look > 100) throw error
      await sleep(200)
    }
  }
  const store = await openFileStore('s3://models/fleet')
  const file = join(folder, 'model.onnx')
  const bytes = Buffer.alloc(9_000_000, 'weights')
  writeFileSync(file, bytes)
  const [kept, again] = [await keep(store, file), await keep(store, file)]
  expect(again).toEqual(kept)
  const places = { store, cache: join(folder, 'cache'), mostBytes: 1e9 }
  expect(readFileSync(await fetchInto(kept, places)).equals(bytes)).toBe(true)

  // What lies there under another's hash is thrown away.
  const sha256 = 'ab'.repeat(32)
  await client.send(new PutObjectCommand({ Bucket: 'models', Key: `fleet/${storePath(sha256)}`, Body: 'wrong' }))
  await expect(fetchInto({ name: 'b.onnx', sha256, sizeBytes: 5 }, places)).rejects.toThrow(/is not what its name says/)
  const elsewhere = await openFileStore('s3://no-such-bucket')
  await expect(keep(elsewhere, file)).rejects.toThrow(/NoSuchBucket \(404\); check the bucket/)
  for (const one of [store, elsewhere]) one.close()
  client.destroy()
})
