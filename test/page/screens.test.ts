// Approved pictures: what pages of documents that no rule changes look like. Letters are drawn differently by every browser and its fonts, so
// that pictures are compared where they were made (approved/made-with.json), and left out by name elsewhere; layout.ts holds with any browser.
// WHYSLOW_BLESS=1 approves.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BLESSES } from '../blessing.ts'
import { needs } from '../needs.ts'
import { ROOT } from '../root.ts'
import { CHROMIUM, chromiumPath, openPage, startBrowser } from './browser.ts'
import { recorded } from './documents.ts'

/** A pixel differs where one of its colours does by more than this, of 255; so much of a picture may. */
const MOST_STEPS = 32
const MOST_PIXELS = 0.002

const folder = join(ROOT, 'test/page/approved')

interface Picture {
  readonly document: string
  /** A part of the page; without one its first screen. */
  readonly part?: string
  readonly width?: number
  readonly dark?: boolean
}

const PICTURES: Readonly<Record<string, Picture>> = {
  report: { document: 'reports/cnn' },
  'report-narrow-dark': { document: 'reports/cnn', width: 360, dark: true },
  roofline: { document: 'reports/cnn', part: '#roofline' },
  pipeline: { document: 'pipeline' },
  lines: { document: 'pipeline', part: '#lines' },
  fix: { document: 'fix', part: '#tried' },
  load: { document: 'load', part: '#curve' },
  comparison: { document: 'compare' },
}

function output(command: string, argv: readonly string[]): string {
  try {
    return execFileSync(command, argv, { encoding: 'utf8' })
  } catch {
    return ''
  }
}

/** What draws letters: the browser and the fonts that it finds. */
function drawsWith() {
  const fonts = output('fc-list', ['--format', '%{family} %{style} %{fontversion}\n']).split('\n').sort().join('\n')
  return {
    browser: chromiumPath === undefined ? '' : output(chromiumPath, ['--version']).trim(),
    fonts: createHash('sha256').update(fonts).digest('hex').slice(0, 16),
    platform: `${process.platform} ${process.arch}`,
  }
}

const madeWith = join(folder, 'made-with.json')
const here = chromiumPath === undefined ? null : drawsWith()
const isHere = here !== null && existsSync(madeWith) && readFileSync(madeWith, 'utf8') === `${JSON.stringify(here, null, 2)}\n`
const draws = chromiumPath !== undefined && (isHere || BLESSES)
const NEEDS = needs(chromiumPath === undefined ? CHROMIUM : 'the browser and the fonts of the approved pictures')

describe.skipIf(!draws)('pictures of the page', NEEDS, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
    if (BLESSES) mkdirSync(folder, { recursive: true })
    if (BLESSES) writeFileSync(madeWith, `${JSON.stringify(here, null, 2)}\n`)
  })
  afterAll(() => browser.close())

  test.for(Object.entries(PICTURES))('%s looks as it was approved', async ([name, picture]) => {
    const { document, part, width = 900, dark } = picture
    const options = { viewport: { width, height: 700 }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' } as const
    const { page, close } = await openPage(browser, [recorded[document]!], options)
    const drawn = await (part === undefined ? page : page.locator(part)).screenshot()
    const [approved, changed] = [join(folder, `${name}.png`), join(folder, `${name}-changed.png`)]
    if (BLESSES) writeFileSync(approved, drawn)
    const share = await differing(page, drawn, readFileSync(approved))
    if (share <= MOST_PIXELS) rmSync(changed, { force: true })
    else writeFileSync(changed, drawn)
    expect(share, `see ${changed}; WHYSLOW_BLESS=1 approves it`).toBeLessThanOrEqual(MOST_PIXELS)
    await close()
  })

  test('a picture that is another is told', async () => {
    const { page, close } = await openPage(browser, [recorded['reports/cnn']!], { viewport: { width: 900, height: 700 } })
    const one = await page.screenshot()
    await page.evaluate("document.querySelector('.hero').style.visibility = 'hidden'")
    expect(await differing(page, one, await page.screenshot())).toBeGreaterThan(MOST_PIXELS)
    expect(await differing(page, one, one)).toBe(0)
    await close()
  })
})

/** Share of the pixels that differ; 1 where the sizes do. The browser decodes them, in a page of its own that has no policy. */
async function differing(page: Page, a: Buffer, b: Buffer): Promise<number> {
  const blank = await page.context().newPage()
  const share = await blank.evaluate(DIFFERING(a.toString('base64'), b.toString('base64'), MOST_STEPS))
  await blank.close()
  return share as number
}

const DIFFERING = (a: string, b: string, steps: number): string => `(async () => {
  const pixels = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    return { width: image.width, height: image.height, data: context.getImageData(0, 0, image.width, image.height).data }
  }
  const [one, other] = [await pixels('${a}'), await pixels('${b}')]
  if (one.width !== other.width || one.height !== other.height) return 1
  let many = 0
  for (let i = 0; i < one.data.length; i += 4)
    if ([0, 1, 2].some((k) => Math.abs(one.data[i + k] - other.data[i + k]) > ${steps})) many++
  return many / (one.data.length / 4)
})()`
