// Who is let in. The hostile hosts are those by which other tools' servers were reached.
import { describe, expect, test } from 'vitest'
import { hasCookie, hostsOf, isSame, refusal } from './gate.ts'

const port = 4319
const asked = (headers: Record<string, string>, method = 'GET') => ({
  method,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  rawHeaders: Object.entries(headers).flat(),
})

test.each(hostsOf(port))('%s is this server', (Host) => expect(refusal(asked({ Host }), port)).toBeNull())

describe('another host is refused, as it stands', () => {
  test.each([
    '',
    'attacker.example',
    `attacker.example:${port}`,
    `127.attacker.example:${port}`,
    `127.0.0.1.attacker.example:${port}`,
    `127.0.0.1:${port}.attacker.example`,
    `localhost.attacker.example:${port}`,
    `localhost:${port}@attacker.example`,
    `attacker.example@localhost:${port}`,
    `0x7f000001:${port}`,
    `2130706433:${port}`,
    `017700000001:${port}`,
    `127.1:${port}`,
    `127.0.0.2:${port}`,
    `0.0.0.0:${port}`,
    `[::]:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `[0:0:0:0:0:0:0:1]:${port}`,
    `localhost.:${port}`,
    `LOCALHOST:${port}`,
    `127.0.0.1:${port} `,
    ` 127.0.0.1:${port}`,
    `127.0.0.1:0${port}`,
    '127.0.0.1',
    '127.0.0.1:80',
    `127.0.0.1:${port},attacker.example`,
    `１２７.0.0.1:${port}`,
  ])('%j', (Host) => expect(refusal(asked({ Host }), port)).toMatchObject({ status: 403 }))

  test('none at all', () => expect(refusal(asked({}), port)).toMatchObject({ status: 403 }))

  test('two of them', () => {
    const rawHeaders = ['Host', `127.0.0.1:${port}`, 'host', 'attacker.example']
    expect(refusal({ method: 'GET', headers: { host: `127.0.0.1:${port}` }, rawHeaders }, port)).toMatchObject({ status: 403 })
  })
})

test.each([
  ['another origin', { Origin: 'http://attacker.example' }],
  ['no origin of its own', { Origin: 'null' }],
  ['its own name on another port', { Origin: 'http://127.0.0.1:80' }],
  ['another of its names', { Origin: `http://localhost:${port}` }],
  ['a request of another site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['a request of another port', { 'Sec-Fetch-Site': 'same-site' }],
])('%s is refused', (_, headers) => {
  expect(refusal(asked({ Host: `127.0.0.1:${port}`, ...headers }), port)).toMatchObject({ status: 403 })
})

test.each([
  ['its own page', { Origin: `http://127.0.0.1:${port}`, 'Sec-Fetch-Site': 'same-origin' }],
  ['an address that was typed', { 'Sec-Fetch-Site': 'none' }],
])('%s is let in', (_, headers) => expect(refusal(asked({ Host: `127.0.0.1:${port}`, ...headers }), port)).toBeNull())

test.each(['PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PATCH'])('%s is no method here', (method) => {
  expect(refusal(asked({ Host: `127.0.0.1:${port}` }, method), port)).toMatchObject({ status: 405 })
})

test('a secret is met by itself alone', () => {
  expect(isSame('abc', 'abc')).toBe(true)
  for (const wrong of [undefined, '', 'ab', 'abd', 'abcd']) expect(isSame(wrong, 'abc')).toBe(false)
})

test('a cookie is looked for by the name of this port', () => {
  expect(hasCookie(`a=1; whyslow-${port}=abc`, port, 'abc')).toBe(true)
  for (const wrong of [undefined, '', `whyslow-80=abc`, `whyslow-${port}=abd`, `xwhyslow-${port}=abc`])
    expect(hasCookie(wrong, port, 'abc')).toBe(false)
})
