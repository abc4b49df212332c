import { describe, expect, test } from 'vitest'
import { parseServerTiming, ResponseReader } from './response-reader.ts'

const text = (...lines: string[]) => Buffer.from(lines.join('\r\n'), 'latin1')
/** However the bytes are cut. */
function read(bytes: Buffer, size: number) {
  const reader = new ResponseReader('POST', true)
  let state = 'more'
  for (let at = 0; at < bytes.length && state === 'more'; at += size) state = reader.feed(bytes.subarray(at, at + size))
  return { state, reader, body: reader.body().toString('latin1') }
}

const whole: [string, Buffer, string][] = [
  ['a length', text('HTTP/1.1 200 OK', 'Content-Length: 5', '', 'hello'), 'hello'],
  ['chunks', text('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '3', 'abc', '2;x=1', 'de', '0', '', ''), 'abcde'],
  [
    'chunks with trailers',
    text('HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked', '', 'A', '0123456789', '0', 'X: y', '', ''),
    '0123456789',
  ],
  ['no body', text('HTTP/1.1 204 No Content', '', ''), ''],
  ['an interim answer first', text('HTTP/1.1 100 Continue', '', 'HTTP/1.1 201 Created', 'content-length:2', '', '{}'), '{}'],
  ['bare line feeds', Buffer.from('HTTP/1.1 200 OK\nContent-Length: 2\n\n{}'), '{}'],
  ['no reason', text('HTTP/1.1 200', 'Content-Length: 0', '', ''), ''],
]

describe.each([1, 2, 3, 7, 10_000])('in pieces of %d bytes', (size) => {
  test.each(whole)('%s', (_, bytes, body) => {
    const got = read(bytes, size)
    expect(got.state).toBe('done')
    expect(got.body).toBe(body)
    expect(got.reader.head.keepAlive).toBe(true)
  })
})

test.each([
  ['no HTTP', text('SSH-2.0-OpenSSH', '', '')],
  ['two lengths', text('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3', '', 'abc')],
  ['a length that is no number', text('HTTP/1.1 200 OK', 'Content-Length: -2', '', '')],
  ['more than was said', text('HTTP/1.1 200 OK', 'Content-Length: 2', '', 'abc')],
  ['a chunk size that is none', text('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', 'zz', '')],
  ['a change of protocol', text('HTTP/1.1 101 Switching Protocols', '', '')],
  ['a head without end', Buffer.alloc(70_000, 'a')],
])('%s is malformed', (_, bytes) => expect(read(bytes, 100_000).state).toBe('malformed'))

test('the end of the connection ends an answer without length, and breaks one with', () => {
  const open = read(text('HTTP/1.0 200 OK', '', 'all of it'), 4)
  expect([open.state, open.reader.end(), open.body, open.reader.head.keepAlive]).toEqual(['more', 'done', 'all of it', false])
  expect(read(text('HTTP/1.1 200 OK', 'Content-Length: 20', '', 'half'), 100).reader.end()).toBe('broken')
})

test('says whether the connection stays', () => {
  const stays = (...lines: string[]) => read(text(...lines, 'Content-Length: 0', '', ''), 999).reader.head.keepAlive
  expect(stays('HTTP/1.1 200 OK', 'Connection: close')).toBe(false)
  expect(stays('HTTP/1.0 200 OK')).toBe(false)
  expect(stays('HTTP/1.0 200 OK', 'Connection: Keep-Alive')).toBe(true)
})

test('reads one response after another', () => {
  const { reader } = read(whole[1]![1], 5)
  reader.reset()
  expect(reader.began).toBe(false)
  expect(reader.feed(text('HTTP/1.1 404 Not Found', 'Content-Length: 0', '', ''))).toBe('done')
  expect(reader.head.status).toBe(404)
})

test('a line of a head without a colon is no name of the next', () => {
  const reader = new ResponseReader('POST')
  expect(reader.feed(text('HTTP/1.1 200 OK', 'nothing', 'content-length: 2', '', 'ab'))).toBe('done')
})

test('a head that comes again says the same, another one what it says', () => {
  const reader = new ResponseReader('POST', true)
  const answer = (length: number, body: string) =>
    text('HTTP/1.1 200 OK', `content-length: ${length}`, 'Server-Timing: a;dur=1', 'server-timing: b;dur=2', '', body)
  const given = [answer(2, 'ab'), answer(2, 'cd'), answer(3, 'efg'), answer(2, 'hi')].map((bytes) => {
    const state = reader.feed(bytes)
    const { head } = reader
    const body = reader.body().toString()
    reader.reset()
    return [state, head.serverTiming, body]
  })
  expect(given).toEqual(['ab', 'cd', 'efg', 'hi'].map((body) => ['done', 'a;dur=1,b;dur=2', body]))
})

test('what a server tells of its time', () => {
  expect(parseServerTiming('queue;dur=1.5, compute;desc="x";dur="3", cache, bad name;dur=1', 8)).toEqual([
    { name: 'queue', ms: 1.5 },
    { name: 'compute', ms: 3 },
  ])
  expect(parseServerTiming('a;dur=1,b;dur=2', 1)).toEqual([{ name: 'a', ms: 1 }])
  expect(parseServerTiming('', 8)).toEqual([])
})
