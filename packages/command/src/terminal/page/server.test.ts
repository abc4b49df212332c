// The server as a client sees it, over a real socket of this process.
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { forwardHint, hasDesktop } from './open-browser.ts'
import { ownerIn } from './peer-user.ts'
import { startView, type ViewServer } from './server.ts'

let server: ViewServer
beforeAll(async () => {
  server = await startView('<!doctype html>the page', { json: '{"documents":[]}' })
})
afterAll(() => server.close())

const tokenOf = ({ url }: ViewServer) => url.split('#token=')[1]!

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Record<string, string | string[] | undefined>
}

function ask(path: string, given: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const { method = 'GET', headers = {} } = given
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method, headers, setHost: headers.Host === undefined }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        // A stream has no end: its first message is enough.
        if (path === '/events') response.destroy()
      })
      response.on('close', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
    })
      .on('error', reject)
      .end()
  })
}

async function cookie(): Promise<string> {
  const { headers } = await ask('/session', { method: 'POST', headers: { 'x-whyslow-token': tokenOf(server) } })
  return String(headers['set-cookie']).split(';')[0]!
}

describe('the server', () => {
  test('gives the page to everyone who calls it by its name, and no document with it', async () => {
    const { status, text, headers } = await ask('/')
    expect([status, text]).toEqual([200, '<!doctype html>the page'])
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('gives documents and stream to nobody without the cookie', async () => {
    for (const path of ['/documents', '/events']) {
      expect((await ask(path)).status).toBe(401)
      expect((await ask(path, { headers: { Cookie: `whyslow-${server.port}=wrong` } })).status).toBe(401)
      expect((await ask(path, { headers: { Cookie: `whyslow-${server.port}=${tokenOf(server)}` } })).status).toBe(401)
    }
  })

  test('gives the cookie for the token alone, and only to a POST', async () => {
    expect((await ask('/session', { method: 'POST' })).status).toBe(401)
    expect((await ask('/session', { method: 'POST', headers: { 'x-whyslow-token': 'wrong' } })).status).toBe(401)
    expect((await ask(`/session?token=${tokenOf(server)}`, { method: 'POST' })).status).toBe(404)
    expect((await ask('/session', { headers: { 'x-whyslow-token': tokenOf(server) } })).status).toBe(404)
    const { status, headers } = await ask('/session', { method: 'POST', headers: { 'x-whyslow-token': tokenOf(server) } })
    expect(status).toBe(204)
    expect(String(headers['set-cookie'])).toMatch(
      new RegExp(`^whyslow-${server.port}=[\\w-]{22}; HttpOnly; SameSite=Strict; Path=/$`),
    )
  })

  test('what a browser is opened with is of use once, and not to another user', async () => {
    const session = (token: string) => ask('/session', { method: 'POST', headers: { 'x-whyslow-token': token } })
    const codeOf = () => new URL(server.urlForBrowser()).hash.slice('#token='.length)
    const [earlier, code] = [codeOf(), codeOf()]
    expect(code).not.toBe(tokenOf(server))
    expect((await session(earlier)).status).toBe(401)
    if (process.platform === 'linux') {
      const uid = vi.spyOn(process, 'getuid').mockReturnValue(process.getuid!() + 1)
      expect((await session(code)).status).toBe(401)
      uid.mockRestore()
    }
    expect((await session(code)).status).toBe(204)
    expect((await session(code)).status).toBe(401)
    expect((await session(tokenOf(server))).status).toBe(204)
  })

  test('refuses a name that is not its own, with cookie and token', async () => {
    const Host = 'attacker.example'
    const headers = { Host, Cookie: await cookie(), 'x-whyslow-token': tokenOf(server) }
    for (const path of ['/', '/documents', '/events']) expect((await ask(path, { headers })).status).toBe(403)
    expect((await ask('/session', { method: 'POST', headers })).status).toBe(403)
  })

  test('reads no file, whatever the path', async () => {
    const headers = { Cookie: await cookie() }
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '//etc/passwd',
      '/documents/..',
      `http://127.0.0.1:${server.port}/documents`,
    ])
      expect((await ask(path, { headers })).status).toBe(404)
  })

  test('tells a page all that it should know, each time anew', async () => {
    const headers = { Cookie: await cookie() }
    expect((await ask('/documents', { headers })).text).toBe('{"documents":[]}')
    server.tell({ measuring: { stage: 'latency', done: 1, of: 5 }, ended: null })
    server.show({ json: '{"documents":[1]}' })
    expect((await ask('/events', { headers })).text).toBe(
      'data: {"measuring":{"stage":"latency","done":1,"of":5},"ended":null,"version":2}\n\n',
    )
    expect((await ask('/documents', { headers })).text).toBe('{"documents":[1]}')
  })
})

test('a browser is opened before somebody who sees it', () => {
  expect(hasDesktop(true, { DISPLAY: ':0' }, 'linux')).toBe(true)
  expect(hasDesktop(true, {}, 'darwin')).toBe(true)
  expect(hasDesktop(true, {}, 'linux')).toBe(false)
  expect(hasDesktop(false, { DISPLAY: ':0' }, 'linux')).toBe(false)
  expect(hasDesktop(true, { DISPLAY: ':0', CI: 'true' }, 'linux')).toBe(false)
  expect(hasDesktop(true, { DISPLAY: ':0', SSH_CONNECTION: '1.2.3.4 5 6.7.8.9 22' }, 'linux')).toBe(false)
})

test('over SSH it says how the port comes here', () => {
  expect(forwardHint({}, 4319)).toBeNull()
  expect(forwardHint({ SSH_CONNECTION: '1.2.3.4 5 6.7.8.9 22' }, 4319)).toBe(
    'from your own machine: ssh -L 4319:127.0.0.1:4319 6.7.8.9',
  )
})

test('the owner of a connection is read from the list of sockets', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1
   1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 2 1
   2: 0100007F:0050 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3 1
`
  expect(ownerIn(table, 80, 8080)).toBe(1001)
  expect(ownerIn(table, 81, 8080)).toBeNull()
})
