// Images of the page for README.md and docs/gallery.md, from recorded documents in fixtures/gallery and fixtures/golden: a Chromium draws what --html would
// write. Part of `npm run screens`; WHYSLOW_CHROMIUM names another browser than Debian's.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { reportPage } from './report-pages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Chart -> documents, and the part of the page that is shown; without one its first screen. */
const IMAGES = {
  model: { documents: ['gallery/model'] },
  roofline: { documents: ['gallery/image'], part: '#roofline' },
  trees: { documents: ['gallery/trees'] },
  pipeline: { documents: ['gallery/pipeline'] },
  lines: { documents: ['gallery/pipeline'], part: '#lines' },
  load: { documents: ['gallery/load'], part: '#curve' },
  gap: { documents: ['gallery/gap'] },
  distill: { documents: ['golden/distill.document'], part: '#trade' },
  fix: { documents: ['gallery/fix'], part: '#tried' },
  comparison: { documents: ['gallery/compare'] },
  'two-reports': { documents: ['gallery/unoptimized', 'gallery/image'] },
}

/** Pixels around a part, so that nothing stands at the edge. */
const MARGIN = 24

const aroundOf = ({ x, y, width, height }) => ({
  x: x - MARGIN,
  y: y - MARGIN,
  width: width + 2 * MARGIN,
  height: height + 2 * MARGIN,
})

const folder = mkdtempSync(join(tmpdir(), 'whyslow-images-'))
const browser = await chromium.launch({
  executablePath: process.env.WHYSLOW_CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  mkdirSync(join(root, 'docs/images'), { recursive: true })
  for (const [name, { documents, part }] of Object.entries(IMAGES)) {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, reportPage(documents))
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' })
    await page.goto(`file://${file}`)
    await page.waitForTimeout(1000)
    const clip = part === undefined ? undefined : aroundOf(await page.locator(part).boundingBox())
    await page.screenshot({ path: join(root, `docs/images/${name}.png`), ...(clip && { clip, fullPage: true }) })
    await page.close()
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
