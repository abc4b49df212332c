import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PageServer, startServer } from './server.ts'

let server: PageServer
let folder = ''
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-server-'))
  fs.mkdirSync(path.join(folder, 'dist'))
  fs.writeFileSync(path.join(folder, 'dist/ort.wasm.min.mjs'), 'export {}')
  fs.writeFileSync(path.join(folder, 'dist/secret.txt'), 'secret')
  fs.writeFileSync(path.join(folder, 'ort.mjs'), 'outside')
  server = await startServer(path.join(folder, 'dist'))
})
afterAll(() => {
  server.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

const get = (url: string) => fetch(url)

/** As it stands: `fetch` takes the dots out of a path, and sets Host itself. */
function rawStatus(asked: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const request = http.request({ host: hostname, port, path: asked, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode!)
    })
    request.once('error', reject).end()
  })
}

describe('the page’s server', () => {
  it('listens on loopback alone, at a port of the system’s choice', () => {
    const { hostname, port } = new URL(server.url)
    expect(hostname).toBe('127.0.0.1')
    expect(Number(port)).toBeGreaterThan(1023)
  })

  it('isolates the page, so that it gets threads', async () => {
    const { status, headers } = await get(server.url)
    expect(status).toBe(200)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  })

  it('answers nobody without the token, nor under another name', async () => {
    const { origin, host, pathname } = new URL(server.url)
    expect((await get(`${origin}/`)).status).toBe(404)
    expect((await get(`${origin}/${'0'.repeat(32)}/`)).status).toBe(404)
    expect(await rawStatus(pathname, { host })).toBe(200)
    expect(await rawStatus(pathname, { host: host.replace('127.0.0.1', 'localhost') })).toBe(404)
    expect(await rawStatus(pathname, { host: 'example.com' })).toBe(404)
  })

  it('serves the package’s scripts, and no other file', async () => {
    const { pathname } = new URL(server.url)
    expect((await get(`${server.url}ort/ort.wasm.min.mjs`)).status).toBe(200)
    for (const place of [
      'ort/secret.txt',
      'ort/../ort.mjs',
      'ort/..%2fort.mjs',
      'measure/engines/index.js',
      'engines/../../package.json',
      'ort/none.mjs',
    ])
      expect([place, await rawStatus(pathname + place)]).toEqual([place, 404])
  })

  it('serves the page’s code as one module that imports nothing', async () => {
    const code = await (await get(`${server.url}page.js`)).text()
    expect(code).toContain('crossOriginIsolated')
    expect(code).not.toMatch(/^(import|export)\b.*\bfrom /m)
  })

  it('offers bytes until they are withdrawn, and takes one answer at an address', async () => {
    const offer = server.offer(Uint8Array.of(1, 2, 3))
    expect([...new Uint8Array(await (await get(offer.url)).arrayBuffer())]).toEqual([1, 2, 3])
    offer.withdraw()
    expect((await get(offer.url)).status).toBe(404)
    const { url, body } = server.expect()
    expect((await fetch(url, { method: 'POST', body: 'yes' })).status).toBe(204)
    expect(Buffer.from(await body).toString()).toBe('yes')
    expect((await fetch(url, { method: 'POST', body: 'again' })).status).toBe(404)
  })
})
