// The documentation as a site (docs/.vitepress), built once and looked at in a real Chromium: every link leads somewhere, no page asks another host
// for anything, none moves sideways, light and dark pass axe, search and filters find.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, posix } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { ROOT } from '../root.ts'
import { CHROMIUM, chromiumPath, sideways, startBrowser, until, violations } from './browser.ts'
import { siteFiles } from './site-files.ts'

const SITE = join(ROOT, '.site')
const BUILD_MS = 240_000
const WIDTHS = [360, 768, 1440]
const SCHEMES = ['light', 'dark'] as const
/** One of each kind: the first page, prose, wide tables, screens, indexes, pictures. */
const LOOKED_AT = [
  'index',
  'first-report',
  'which-command',
  'guides/ci',
  'findings',
  'findings/denormals',
  'remedies/compile',
  'formats',
  'cli',
  'architecture',
  'gallery',
]
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  png: 'image/png',
  json: 'application/json',
}

let server: Server
let address = ''

beforeAll(async () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build', 'docs'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', VITEST: undefined },
  })
  expect(status, `${stdout}\n${stderr}`).toBe(0)
  server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://host').pathname)
    const file = join(SITE, path.endsWith('/') ? `${path}index.html` : path)
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': TYPES[file.split('.').pop()!] ?? 'text/plain' }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}, BUILD_MS)

afterAll(() => server?.close())

test('every link leads to a page and a place on it', () => {
  const pages = new Map(siteFiles(SITE, '.html').map((path) => [path, readFileSync(join(SITE, path), 'utf8')]))
  const places = new Map(
    [...pages].map(([path, html]) => [path, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
  )
  const broken = [...pages].flatMap(([path, html]) => {
    if (path.startsWith('reports/')) return []
    return [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)].flatMap(([, link]) => {
      const url = new URL(link!.replaceAll('&amp;', '&'), `http://site/${path}`)
      if (url.host !== 'site' || url.protocol === 'data:') return []
      const target = decodeURIComponent(url.pathname).replace(/\/$/, '/index.html').slice(1)
      if (!existsSync(join(SITE, target))) return [`${path}: ${link}`]
      const place = decodeURIComponent(url.hash.slice(1))
      return place === '' || places.get(target)?.has(place) ? [] : [`${path}: ${link}`]
    })
  })
  expect(pages.size).toBeGreaterThan(200)
  expect([...new Set(broken)]).toEqual([])
})

test('every page of docs/ is on the site, and every recorded document as a report', () => {
  const made = new Set(siteFiles(SITE, '.html'))
  const wanted = [
    ...siteFiles(join(ROOT, 'docs'), '.md'),
    ...['gallery', 'golden'].flatMap((kind) =>
      siteFiles(join(ROOT, 'fixtures', kind), '.json').map((path) => posix.join('reports', kind, path)),
    ),
  ]
  expect(wanted.filter((path) => !made.has(path.replace(/\.(md|json)$/, '.html')))).toEqual([])
})

describe.skipIf(chromiumPath === undefined)('in a browser', needs(CHROMIUM), () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  /** A page of the site, with what it says on its console and whom else it asks. */
  async function open(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage({ colorScheme, reducedMotion: 'reduce' })
    const said: string[] = []
    page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => said.push(`error: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(`${address}/`) && !request.url().startsWith('data:')) said.push(`asks for ${request.url()}`)
    })
    await page.goto(`${address}/${path}.html`, { waitUntil: 'networkidle' })
    return { page, said }
  }

  test.each(LOOKED_AT)('%s: no word on the console, no other host, not sideways, axe', async (path) => {
    for (const scheme of SCHEMES) {
      const { page, said } = await open(path, scheme)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        expect(await sideways(page), `${scheme}, ${width} px`).toBeLessThanOrEqual(0)
      }
      expect(await violations(page), scheme).toEqual([])
      expect(said).toEqual([])
      await page.close()
    }
  })

  test('a report is the page that --html writes', async () => {
    const { page, said } = await open('reports/golden/transformer.report')
    await page.locator('main').waitFor()
    expect(said).toEqual([])
    await page.close()
  })

  test('a filter leaves the rows that have the words and the area', async () => {
    const { page } = await open('findings')
    await page.locator('.table-filter input').fill('denormal')
    await until(page, "[...document.querySelectorAll('.vp-doc tbody tr')].filter((row) => !row.hidden).length === 1")
    await page.locator('.table-filter input').fill('')
    await page.locator('.table-filter select').first().selectOption('hardware')
    await until(
      page,
      "[...document.querySelectorAll('.vp-doc tbody tr')].every((row) => row.hidden || row.cells[2].textContent === 'hardware')",
    )
    expect(await page.locator('.vp-doc tbody tr:not([hidden])').count()).toBeGreaterThan(3)
    await page.close()
  })

  test('search finds a page by a word of it', async () => {
    const { page, said } = await open('index')
    await page.locator('.VPNavBarSearch button').click()
    await page.locator('.VPLocalSearchBox input').fill('subnormal')
    await page.locator('.VPLocalSearchBox .result').first().waitFor()
    expect(await page.locator('.VPLocalSearchBox .result').first().getAttribute('href')).toContain('denormals')
    expect(said).toEqual([])
    await page.close()
  })
})
