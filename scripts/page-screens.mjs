// Pictures of the page for README.md and docs/gallery.md, from recorded documents in fixtures/golden: a Chromium draws what --html would
// write. Part of `npm run screens`; WHYSLOW_CHROMIUM names another browser than Debian's.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const { embedded, readShell } = await import('../dist/command/terminal/page-shell.js')
const { renderPage } = await import('../dist/report/html/html-page.js')

/** Chart -> documents, and the part of the page that is shown; without one its first screen. */
const PICTURES = {
  transformer: { documents: ['transformer.report'] },
  cnn: { documents: ['cnn.report'], part: '#roofline' },
  trees: { documents: ['trees.report'] },
  pipeline: { documents: ['pipeline.document'] },
  lines: { documents: ['pipeline.document'], part: '#lines' },
  load: { documents: ['load.document'], part: '#curve' },
  gap: { documents: ['gap.document'] },
  distill: { documents: ['distill.document'], part: '#trade' },
  fix: { documents: ['fix.document'], part: '#tried' },
  comparison: { documents: ['compare.document'] },
  beside: { documents: ['cnn-initializers-as-inputs.report', 'cnn.report'] },
}

const folder = mkdtempSync(join(tmpdir(), 'whyslow-pictures-'))
const browser = await chromium.launch({
  executablePath: process.env.WHYSLOW_CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  mkdirSync(join(root, 'docs/images'), { recursive: true })
  for (const [name, { documents, part }] of Object.entries(PICTURES)) {
    const read = documents.map((one) => JSON.parse(readFileSync(join(root, `fixtures/golden/${one}.json`), 'utf8')))
    const file = join(folder, `${name}.html`)
    const data = embedded({ documents: read, names: documents.map((one) => `${one.split('.')[0]}.json`) })
    writeFileSync(file, renderPage(readShell(), data, { title: 'whyslow', answer: '' }))
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' })
    await page.goto(`file://${file}`)
    await page.waitForTimeout(1000)
    await (part === undefined ? page : page.locator(part)).screenshot({ path: join(root, `docs/images/${name}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
