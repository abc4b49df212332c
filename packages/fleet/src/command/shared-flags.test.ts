import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fleetKey, queueAddress, sharedFolder } from './shared-flags.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'whyslow-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a key comes from its file, else from the environment, else there is none', () => {
  const file = path.join(folder, 'key')
  writeFileSync(file, 'a key of the whole fleet\n')
  expect(fleetKey(file, { WHYSLOW_FLEET_KEY: 'the key of another fleet' })).toBe('a key of the whole fleet')
  expect(fleetKey(undefined, { WHYSLOW_FLEET_KEY: 'the key of another fleet' })).toBe('the key of another fleet')
  expect(fleetKey(undefined, {})).toBeNull()
  writeFileSync(file, '\n')
  expect(() => fleetKey(file, {})).toThrow(/a key has 16 characters or more/)
  expect(() => fleetKey(path.join(folder, 'none'), {})).toThrow(/cannot be read \(ENOENT\)/)
})

test('the folder of models is asked for, and must be there; a bucket is asked later', () => {
  expect(() => sharedFolder(undefined, {})).toThrow(/--queue needs --shared-models/)
  expect(() => sharedFolder(path.join(folder, 'none'))).toThrow(/no such folder/)
  expect(sharedFolder(folder)).toBe(folder)
  expect(sharedFolder('s3://bucket/models')).toBe('s3://bucket/models')
})

test('queue and folder come from their flags, else from the environment', () => {
  const env = { WHYSLOW_QUEUE: 'redis://other:6379', WHYSLOW_FLEET_MODELS: folder }
  expect([queueAddress('redis://host', env), queueAddress(undefined, env)]).toEqual(['redis://host', 'redis://other:6379'])
  expect([queueAddress(undefined, {}), queueAddress(undefined, { WHYSLOW_QUEUE: '' })]).toEqual([undefined, undefined])
  expect([sharedFolder(undefined, env), sharedFolder('s3://bucket', env)]).toEqual([folder, 's3://bucket'])
  expect(() => sharedFolder(undefined, { WHYSLOW_FLEET_MODELS: '/no/such' })).toThrow(
    /^WHYSLOW_FLEET_MODELS \/no\/such: no such folder/,
  )
})
