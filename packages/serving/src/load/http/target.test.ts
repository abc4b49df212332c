import { expect, test } from 'vitest'
import { encodeRequest } from './target.ts'

const lines = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').split('\r\n')

test('a request is whole: its line, its length, what no header says', () => {
  const url = new URL('http://a:b%20c@localhost:8080/predict?x=1')
  const request = lines(encodeRequest({ url, method: 'POST', headers: [['X-One', '1']], body: Buffer.from('{"a": 1}') }))
  expect(request[0]).toBe('POST /predict?x=1 HTTP/1.1')
  expect(request).toContain('Host: localhost:8080')
  expect(request).toContain('Content-Type: application/json')
  expect(request).toContain('Content-Length: 8')
  expect(request).toContain('X-One: 1')
  expect(request).toContain(`Authorization: Basic ${Buffer.from('a:b c').toString('base64')}`)
  expect(request.at(-1)).toBe('{"a": 1}')
})

test('headers that are given take the place of ours, the length stays the body’s', () => {
  const headers: [string, string][] = [
    ['content-type', 'application/octet-stream'],
    ['Content-Length', '999'],
    ['Transfer-Encoding', 'chunked'],
    ['host', 'other'],
  ]
  const request = lines(encodeRequest({ url: new URL('http://h/'), method: 'POST', headers, body: Buffer.from([0xff, 0]) }))
  expect(request.filter((line) => /^content-type/i.test(line))).toEqual(['content-type: application/octet-stream'])
  expect(request.filter((line) => /^(content-length|transfer-encoding)/i.test(line))).toEqual(['Content-Length: 2'])
  expect(request.filter((line) => /^host/i.test(line))).toEqual(['host: other'])
})

test('without a body there is no length', () => {
  const request = lines(encodeRequest({ url: new URL('http://h/x'), method: 'GET', headers: [], body: null }))
  expect(request[0]).toBe('GET /x HTTP/1.1')
  expect(request.some((line) => /^content/i.test(line))).toBe(false)
})
