// A real Chromium for tests of the page. What a page says on its console, what it asks for and what its policy stops is kept.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embed, readShell } from '@whyslow/command/terminal/page-shell.ts'
import { renderPage } from '@whyslow/report/html/html-page.ts'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { ROOT } from '../root.ts'

/** Drawn once more after a change of width, on a machine with other work. */
const UNTIL_MS = 20_000
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** undefined: there is none. */
export const chromiumPath = (process.env.WHYSLOW_CHROMIUM ? [process.env.WHYSLOW_CHROMIUM] : PLACES).find(existsSync)

export const CHROMIUM = 'Chromium (apt-get install chromium, or WHYSLOW_CHROMIUM=path)'

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })

export interface Opened {
  readonly page: Page
  /** Errors, warnings, and requests beside that of the page itself. */
  readonly said: string[]
  /** What the pages of rules advise, which the page quotes. */
  readonly advice: object
  close(): Promise<void>
}

/** The page of documents, opened from a file of its own. */
export async function openPage(
  browser: Browser,
  documents: readonly object[],
  options: BrowserContextOptions & { hash?: string } = {},
): Promise<Opened> {
  const { hash = '', ...context } = options
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-page-'))
  const file = join(folder, 'report.html')
  const { answer = '' } = documents[0] as { answer?: string }
  const data = embed({ documents })
  writeFileSync(file, renderPage(readShell(), data, { title: 'whyslow', answer }))
  const own = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context })
  const page = await own.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== `file://${file}` && !request.url().startsWith('data:'))
      said.push(`asks for ${request.url()}`)
  })
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))",
  )
  await page.goto(`file://${file}${hash}`)
  await isDrawn(page)
  return {
    page,
    said,
    advice: (JSON.parse(data) as { advice?: object }).advice ?? {},
    async close() {
      await own.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The parts below the first screen come after its paint (packages/report/web/src/parts.tsx); charts are drawn anew when they know their width. */
async function isDrawn(page: Page): Promise<void> {
  await page.locator('main').waitFor()
  await page.locator('.later').waitFor({ state: 'detached' })
  await nextFrames(page)
}

/** Waits until the browser has drawn twice. */
export const nextFrames = (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')

const axe = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8')

/** What axe finds of WCAG 2.2 AA, one line each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as {
      axe: {
        run(
          root: object,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
      }
    }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await runner.run((globalThis as unknown as { document: object }).document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
    })
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.split('\n')[1] ?? ''}`),
    )
  })
  return found
}

export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number } }
      innerWidth: number
    }
    return document.documentElement.scrollWidth - innerWidth
  })

/** Asked from here until it is so: the page's own polling would evaluate text, which its policy forbids. */
export async function until(page: Page, condition: string): Promise<void> {
  await expect.poll(() => page.evaluate(condition), { timeout: UNTIL_MS }).toBe(true)
}
