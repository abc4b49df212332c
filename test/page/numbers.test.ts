// The page in a real Chromium: what documents of code, of load and of two beside each other show. That every number is the document's is in
// each-document.test.ts.

import { percent, time } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { onlyFull } from '../only-full.ts'
import { CHROMIUM, chromiumPath, openPage, startBrowser, violations } from './browser.ts'
import { recorded, transformer } from './documents.ts'

describe.skipIf(chromiumPath === undefined)('numbers on the page', needs(CHROMIUM), () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.for(['pipeline', 'pipeline-python'])('stages, lines and places of %s are the document’s', async (name, context) => {
    if (name !== 'pipeline') onlyFull(context, 'the numbers of another program')
    const report = recorded[name] as ReportDocument
    const { page, close } = await openPage(browser, [report])
    const textOf = async (place: string) => (await page.locator(place).innerText()).replace(/\s+/g, ' ')
    const [first, stages, lines] = [await textOf('#answer'), await textOf('#stages'), await textOf('#lines')]
    for (const stage of report.stages!) {
      expect(first).toContain(stage.name)
      expect(first).toContain(time(stage.timeMs))
      expect(stages).toContain(time(stage.timeMs))
    }
    expect(stages).toContain('unexplained')
    for (const line of report.lines!) expect(lines).toContain(`${time(line.timeMs)} ${percent(line.share)}`)
    for (const { lines: source } of report.pipeline!.sources!)
      for (const { text } of source) expect(`${first} ${lines}`).toContain(text.trim().replace(/\s+/g, ' '))
    for (const { places, replacement } of report.findings) {
      for (const { file, line } of places) expect(first).toContain(`${file}:${line}`)
      if (replacement) expect(await page.locator('.replacement pre').first().innerText()).toBe(replacement.code.join('\n'))
    }
    await close()
  })

  test('two runs under load: the numbers of both, and what became of the rate that holds', async () => {
    const [load, search] = [recorded.load as LoadDocument, recorded['load-slo'] as LoadDocument]
    const found = { ratePerSecond: 120, low: 110, high: 130, confirmed: search.search!.confirmingRuns }
    const one: LoadDocument = { ...search, found }
    const better: LoadDocument = { ...search, found: { ...found, ratePerSecond: 500, low: 490, high: 510 } }
    const { page, close } = await openPage(browser, [one, better])
    const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ')
    expect(text).toContain(`${search.search!.objective} holds up to 120 → 500 requests/s: more than before`)
    expect(text).toContain('120 requests/s (110–130)')
    await close()
    const same = await openPage(browser, [load, load])
    expect(await same.page.locator('h1').innerText()).toMatch(/^No difference is shown/)
    await expect.poll(() => same.page.locator('#curve-beside .run circle').count()).toBeGreaterThan(4)
    await same.close()
  })

  test('two searches: a rate that was run several times stands once', async () => {
    const search = recorded['load-slo'] as LoadDocument
    const { page, close } = await openPage(browser, [search, search])
    await page.locator('#rates-beside details.numbers summary').click()
    const rates = new Set(search.points.map(({ offeredPerSecond }) => offeredPerSecond))
    await expect.poll(() => page.locator('#rates-beside tbody tr').count()).toBe(rates.size)
    await close()
  })

  test('two reports of code: stage by stage, and both in turns as what to type', async () => {
    const [one, other] = [recorded.pipeline as ReportDocument, recorded['pipeline-python'] as ReportDocument]
    const { page, close } = await openPage(browser, [one, other])
    const stages = (await page.locator('#stages-beside').innerText()).replace(/\s+/g, ' ')
    for (const { name } of one.stages!.slice(0, 2)) expect(stages).toContain(name)
    expect(await page.locator('#answer .command').innerText()).toContain(
      `whyslow ab ${one.pipeline!.file} ${other.pipeline!.file}`,
    )
    await close()
  })

  test('two reports of code: lines of a function that are alike are counted together', async () => {
    const one = recorded.pipeline as ReportDocument
    const sources = [{ file: 'app.mjs', lines: [1, 2].map((line) => ({ line, text: 'i++' })) }]
    const at = { ...one.lines![0]!, file: 'app.mjs', function: 'count' }
    const alike = {
      ...one,
      pipeline: { ...one.pipeline!, sources },
      lines: [
        { ...at, line: 1, timeMs: 2 },
        { ...at, line: 2, timeMs: 3 },
      ],
    }
    const { page, close } = await openPage(browser, [alike, { ...alike, lines: [alike.lines[0]!] }])
    await page.locator('#lines-beside details.numbers summary').click()
    const rows = async () => (await page.locator('#lines-beside tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' '))
    await expect.poll(rows).toEqual([expect.stringContaining('count: i++ 5.00 ms 2.00 ms')])
    await close()
  })

  test('an objective is drawn where it was asked for, and the rate that was found', async () => {
    const load = recorded.load as LoadDocument
    const found = { ratePerSecond: 118, low: 110, high: 126, confirmed: 3 }
    const run = { seed: 1, requests: 900, saturated: false }
    const search: LoadDocument['search'] = {
      objective: 'p99<50ms',
      confirmingRuns: 3,
      above: { ratePerSecond: 124, runs: 3, held: 1 },
      ended: 'the interval is narrow enough',
      runs: [
        { ...run, stage: 'alone', ratePerSecond: null, over: 0, valueMs: 8, held: true },
        { ...run, stage: 'bracket', ratePerSecond: 160, over: 40, valueMs: 94, held: false },
        { ...run, stage: 'confirm', ratePerSecond: 118, over: 8, valueMs: 49, held: true },
      ],
    }
    const [before, point, after] = load.points
    const counts = { workers: 2, threadsPerWorker: 1, queueLimit: 64, maxBatch: 8 }
    const setup = { ...counts, engine: null, deadlineMs: null, spinning: null }
    const alternatives = [{ setup, before: before!, point: point!, after: after! }]
    const { page, said, close } = await openPage(browser, [{ ...load, found, search, alternatives }])
    expect(await page.locator('#alternatives').innerText()).toContain('2 workers × 1 thread, up to 8 rows together')
    expect(await page.locator('.number-card').innerText()).toMatch(/p99<50ms.*118 requests\/s.*110–126/s)
    await expect.poll(() => page.locator('#curve .bound').count()).toBe(1)
    await expect.poll(() => page.locator('#search circle.own').count()).toBe(1)
    await expect.poll(() => page.locator('#search circle.other').count()).toBe(1)
    expect(await violations(page)).toEqual([])
    expect(said).toEqual([])
    await close()
    const cut: LoadDocument = { ...load, found: { ...found, confirmed: 0, atLeast: true }, search: { ...search, above: null } }
    const open = await openPage(browser, [cut])
    expect(await open.page.locator('.number-card').innerText()).toMatch(/118 requests\/s, not confirmed\s+it held in 0 of 3/)
    await open.close()
    const both = await openPage(browser, [{ ...load, found, search }, cut])
    expect(await both.page.locator('body').innerText()).toMatch(/p99<50ms held at 118 → 118 requests\/s \(not confirmed\)\./)
    await both.close()
  })

  test('what is not known is not drawn as 0', async () => {
    const report = {
      ...transformer,
      nodes: transformer.nodes.map((node) => ({
        ...node,
        flops: null,
        macs: null,
        bytes: null,
        floorMs: null,
        bound: null,
        areasMs: null,
      })),
    }
    const { page, close } = await openPage(browser, [report])
    await expect.poll(() => page.locator('.roof-dot').count()).toBe(0)
    expect(await page.locator('.spacer [role=row]').first().innerText()).toContain('not known')
    await close()
  })
})
