import { expect, test } from 'vitest'
import { checkQueue, connectionOf, delayByServer, hidingPasswords, stateOf } from './bullmq-queue.ts'

test.each(['redis://127.0.0.1:6379', 'redis://localhost', 'redis://[::1]:6379', 'rediss://127.0.0.1/2'])(
  '%s needs no key',
  (url) => {
    expect(() => checkQueue(url, null)).not.toThrow()
  },
)

test.each(['redis://10.0.0.1', 'redis://localhost.example.org', 'rediss://user:word@host'])(
  '%s needs one, and does not say its password',
  (url) => {
    expect(() => checkQueue(url, null)).toThrow(/^(?!.*word@).*give the fleet's key/)
    expect(() => checkQueue(url, 'a key of the whole fleet')).not.toThrow()
  },
)

test.each(['nonsense', 'http://host', 'redis://', ''])('%s is no address', (url) => {
  expect(() => checkQueue(url, null)).toThrow(/give the address of a Redis or Valkey/)
})

test.each([
  ['redis://[::1]:6380', { host: '::1', port: 6380 }],
  ['rediss://user:wo%25rd@host/2', { host: 'host', port: 6379, username: 'user', password: 'wo%rd', db: 2, tls: {} }],
])('%s is what a client of Redis is told', (url, told) => {
  expect(connectionOf(url)).toMatchObject(told)
})

test('a password with a % that encodes nothing is said in one line, without it', () => {
  expect(() => checkQueue('redis://user:%zzword@127.0.0.1', null)).toThrow(/^(?!.*word@)--queue: .* write % itself as %25$/)
})

test('what a request that failed says of it has no password', async () => {
  const asked = { id: 'one', take: () => Promise.reject(new Error("unknown command 'auth', with args: 'user' 'wo%rd'")) }
  const hiding = hidingPasswords(asked, 'redis://user:wo%25rd@host')
  await expect(hiding.take()).rejects.toThrow("unknown command 'auth', with args: 'user' '…'")
  expect(hiding.id).toBe('one')
})

test('what waits to be tried again waits by the clock of the server', async () => {
  const moved: unknown[] = []
  const backend = {
    moveToDelayed: (...given: unknown[]) => {
      moved.push(given)
      return Promise.resolve()
    },
  }
  let aheadMs = 3_600_000
  delayByServer(backend, () => aheadMs)
  await backend.moveToDelayed('one', 7_200_000, 30_000, 'token', { skipAttempt: true })
  aheadMs = -1000
  await backend.moveToDelayed('two', 0, 30_000)
  // No clock of an agent has reached it: agents look for it by the server's.
  const year = 365 * 86_400_000
  expect(moved).toEqual([
    ['one', year + 3_600_000, 30_000, 'token', { skipAttempt: true }],
    ['two', year + 1000, 30_000],
  ])
})

test('a job that ends while it is read has its reason', async () => {
  const job = (failedReason: string) => ({ getState: async () => 'failed' as const, returnvalue: null, failedReason })
  const reads = [job(''), job('not signed')]
  expect(await stateOf(async () => reads.shift())).toMatchObject({ state: 'failed', ended: { failedReason: 'not signed' } })
  const removed = [job('')]
  expect(await stateOf(async () => removed.shift())).toEqual({ state: 'unknown', ended: undefined })
  expect(await stateOf(async () => undefined)).toEqual({ state: 'unknown', ended: undefined })
})
