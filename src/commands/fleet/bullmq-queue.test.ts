import { expect, test } from 'vitest'
import { checkQueue, connectionOf } from './bullmq-queue.ts'

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
