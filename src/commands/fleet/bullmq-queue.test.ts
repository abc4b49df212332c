import { expect, test } from 'vitest'
import { checkQueue } from './bullmq-queue.ts'

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
