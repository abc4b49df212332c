import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ExampleS3, exampleS3 } from '../../test/support/queue/example-s3.ts'
import { type FileStore, storePath } from './file-store.ts'
import { fetchInto, keep } from './model-store.ts'
import { openFileStore } from './open-file-store.ts'
import { s3Place } from './s3-store.ts'

describe('a bucket', () => {
  let root = ''
  let s3: ExampleS3
  let store: FileStore
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'whyslow-s3-'))
    s3 = await exampleS3('models')
    const env = {
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_MAX_ATTEMPTS: '1',
    }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    store = await openFileStore('s3://models/fleet/one')
  })
  afterEach(async () => {
    store.close()
    await s3.close()
    vi.unstubAllEnvs()
    rmSync(root, { recursive: true, force: true })
  })
  const written = (name: string, text: string) => {
    const file = path.join(root, name)
    writeFileSync(file, text)
    return file
  }
  const places = () => ({ store, cache: path.join(root, 'cache'), mostBytes: 1000 })
  const cached = () =>
    existsSync(path.join(root, 'cache'))
      ? readdirSync(path.join(root, 'cache'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : []

  test('keeps a file once under its content, and gives it back', async () => {
    const [a, b] = [await keep(store, written('a.onnx', 'model')), await keep(store, written('b.onnx', 'model'))]
    const key = `/models/fleet/one/${storePath(a.sha256)}`
    expect([b.sha256, [...s3.objects.keys()]]).toEqual([a.sha256, [key]])
    // The second time it is read, and not sent.
    expect(s3.asked).toEqual([`HEAD ${key}`, `PUT ${key}`, `HEAD ${key}`, `GET ${key}`])
    expect(readFileSync(await fetchInto(a, places()), 'utf8')).toBe('model')
    // The second time from the cache, without a question.
    const before = s3.asked.length
    await fetchInto(a, places())
    expect(s3.asked.length).toBe(before)
  })

  test('goes on where a download broke off, and begins again where ranges are not understood', async () => {
    for (const ignoresRanges of [false, true]) {
      // More than is between the two on the way: some of it was read when the connection breaks off.
      const text = `a longer model, ${ignoresRanges} `.repeat(600_000)
      const one = await keep(store, written('a.onnx', text))
      Object.assign(s3, { breakOffAfter: 10_000_000, ignoresRanges })
      expect(readFileSync(await fetchInto(one, { ...places(), mostBytes: 1e9 }), 'utf8') === text).toBe(true)
      expect(s3.asked.at(-1)).toMatch(/^GET \S+ bytes=[1-9]\d*-$/)
    }
  })

  test('an object of the right size that is another is replaced where it is kept again', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    const key = `/models/fleet/one/${storePath(one.sha256)}`
    s3.objects.set(key, Buffer.from('MODEL'))
    await keep(store, written('a.onnx', 'model'))
    expect(s3.objects.get(key)!.toString()).toBe('model')
    // One that sends more than it says, or breaks off, is none either.
    s3.sendsMore = Buffer.alloc(1_000_000)
    await keep(store, written('a.onnx', 'model'))
    expect(s3.asked.at(-1)).toBe(`PUT ${key}`)
  })

  test('a store that sends more than its size says fills no disk', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    s3.sendsMore = Buffer.alloc(1_000_000)
    await expect(fetchInto(one, places())).rejects.toThrow('more came than its size says')
    expect(cached()).toEqual([])
  })

  test('what the client says of a request has no password and no secret', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    s3.refuseWith = { status: 403, code: 'Bad-secret-for-id' }
    await expect(fetchInto(one, places())).rejects.toThrow(/says (?!.*secret)/)
    store.close()
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://user:pass\u0001word@nowhere.invalid:1')
    store = await openFileStore('s3://models/fleet/one')
    await expect(fetchInto(one, places())).rejects.toThrow(/^(?!.*word)/)
  })

  test('what is absent, of another size or another content is refused, and nothing of it stays', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    const key = `/models/fleet/one/${storePath(one.sha256)}`
    s3.objects.set(key, Buffer.from('MODEL'))
    await expect(fetchInto(one, places())).rejects.toThrow(/a\.onnx in s3:\/\/models\/fleet\/one is not what its name says/)
    s3.objects.set(key, Buffer.from('model and more'))
    await expect(fetchInto(one, places())).rejects.toThrow(/has 14 bytes in .*, and not 5/)
    s3.objects.delete(key)
    await expect(fetchInto(one, places())).rejects.toThrow(/is not in s3:/)
    expect(cached()).toEqual([])
  })

  test('a refusal is one line and is not tried again; a store that does not answer is', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    s3.refuseWith = { status: 403, code: 'AccessDenied' }
    await expect(keep(store, written('a.onnx', 'model'))).rejects.toThrow(
      /^--shared-models s3:\/\/models\/fleet\/one: the store says [^\n]*\(403\); check/,
    )
    await expect(fetchInto(one, places())).rejects.toThrow(InputError)
    s3.refuseWith = { status: 503, code: 'SlowDown' }
    await expect(fetchInto(one, places())).rejects.not.toBeInstanceOf(InputError)
    await s3.close()
    await expect(fetchInto(one, places())).rejects.toThrow(/^the store does not answer: /)
    await expect(keep(store, written('a.onnx', 'model'))).rejects.toThrow(
      /^--shared-models s3:\/\/models\/fleet\/one: \S+a\.onnx cannot be kept there/,
    )
    expect(cached()).toEqual([])
  })

  test('a download is given up when its trial is', async () => {
    const one = await keep(store, written('a.onnx', 'model'))
    const signal = AbortSignal.abort(new Error('given up'))
    await expect(fetchInto(one, { ...places(), signal })).rejects.toThrow('given up')
    expect(cached()).toEqual([])
  })
})

test('an address is a bucket, and a prefix where there is one', () => {
  expect(s3Place('s3://models')).toEqual({ bucket: 'models', prefix: '' })
  expect(s3Place('s3://models/')).toEqual({ bucket: 'models', prefix: '' })
  expect(s3Place('s3://my.models/a/b/')).toEqual({ bucket: 'my.models', prefix: 'a/b/' })
})

test.each(['s3://', 's3:///key', 's3://UPPER/a', 's3://a/b?versionId=1', 's3://id:secret@models/a', 'https://host/models'])(
  '%s is refused',
  async (where) => {
    await expect(openFileStore(where)).rejects.toThrow(/give a (bucket and a prefix|folder that all machines see)/)
  },
)
