// The page in a real Chromium: drawn from every recorded document without a word on its console, without a request, readable by everyone, at any
// width, and with the document's own numbers.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AbDocument } from '../../src/report/documents/ab.ts'
import type { LoadDocument } from '../../src/report/documents/load.ts'
import type { ReportDocument } from '../../src/report/documents/report.ts'
import type { StudyDocument } from '../../src/report/documents/study.ts'
import { percent, perSecond, time, timeWithInterval } from '../../src/report/text/numbers.ts'
import { chromiumPath, noBrowser, openPage, sideways, startBrowser, violations } from './browser.ts'
import { failedEngine, HOSTILE, hostile, recorded, transformer, withNodes } from './documents.ts'

const cases: [string, object[]][] = [
  ...Object.entries(recorded).map(([name, document]): [string, object[]] => [name, [document]]),
  ['a failed engine', [failedEngine]],
  ['ten thousand operators', [withNodes(10_000)]],
  ['two reports', [recorded['cnn-initializers-as-inputs']!, recorded.cnn!]],
]

const nodesOf = (document: object): number => (document as { nodes?: readonly object[] }).nodes?.length ?? 0

describe.skipIf(chromiumPath === undefined)(`the page${chromiumPath === undefined ? `: ${noBrowser}` : ''}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.each(cases)('%s: says nothing, asks for nothing, is readable', async (_, documents) => {
    const { page, said, close } = await openPage(browser, documents)
    expect(await page.getByText('cannot be drawn').count()).toBe(0)
    expect(await violations(page)).toEqual([])
    expect(said).toEqual([])
    await close()
  })

  test.each([360, 3840])('nothing lies beside a screen of %d pixels', async (width) => {
    for (const documents of [
      [recorded.transformer!],
      [recorded.fix!],
      [recorded.compare!],
      [recorded.trees!],
      [recorded.pipeline!],
      [recorded.load!],
      [recorded.study!],
      [recorded.ab!],
      [recorded['cnn-initializers-as-inputs']!, recorded.cnn!],
    ]) {
      const { page, close } = await openPage(browser, documents, { viewport: { width, height: 900 } })
      expect(await sideways(page)).toBeLessThanOrEqual(0)
      await close()
    }
  })

  test('dark, at 360 pixels, without motion, and in print it stays readable', async () => {
    const options = { colorScheme: 'dark', reducedMotion: 'reduce', viewport: { width: 360, height: 740 } } as const
    const { page, said, close } = await openPage(browser, [transformer], options)
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ media: 'print' })
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.waitForTimeout(100)
    expect(await page.getByText('of 174 lines are printed').count()).toBe(1)
    expect(said).toEqual([])
    await close()
  })

  test.each([0, 4])('hostile text stays text (%d)', async (offset) => {
    for (const documents of [
      [hostile(transformer, offset)],
      [hostile(recorded.fix!, offset)],
      [hostile(recorded.compare!, offset)],
      [hostile(recorded.pipeline!, offset)],
      [hostile(recorded.load!, offset)],
      [hostile(recorded.study!, offset)],
      [hostile(recorded.ab!, offset)],
      [hostile(recorded.cnn!, offset), hostile(transformer, offset)],
    ]) {
      const { page, said, close } = await openPage(browser, documents)
      expect(await page.evaluate(() => (globalThis as unknown as { pwned?: number }).pwned)).toBeUndefined()
      expect(await page.locator('img, script, iframe, [onerror]').count()).toBe(1)
      const text = await page.locator('body').innerText()
      expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
      // A document of few texts does not show all of them.
      expect(text).toContain(HOSTILE[nodesOf(documents[0]!) > 0 ? 3 : 1])
      expect(text.length).toBeLessThan(400_000)
      expect(await page.getByText('cannot be drawn').count()).toBe(0)
      expect(said).toEqual([])
      expect(await sideways(page)).toBeLessThanOrEqual(0)
      await close()
    }
  })

  test.each(['cnn', 'transformer', 'lstm', 'trees'])(
    'numbers of %s are the document’s, worded as on the terminal',
    async (name) => {
      const report = recorded[name] as ReportDocument
      const { page, close } = await openPage(browser, [report])
      const first = await page.locator('#answer').innerText()
      expect(first).toContain(report.answer)
      expect(first.replace(/\s+/g, ' ')).toContain(time(report.latency!.p50Ms))
      for (const { timeMs, share } of Object.values(report.areas)) {
        expect(first).toContain(time(timeMs))
        expect(first).toContain(percent(share))
      }
      for (const { wouldSaveMs, next, title } of report.findings) {
        expect(first).toContain(title)
        if (wouldSaveMs > 0) expect(first).toContain(time(wouldSaveMs))
        if (next !== null) expect(first).toContain(next)
      }
      const largest = report.nodes.reduce((top, node) => (node.timeMs > top.timeMs ? node : top))
      const row = await page.locator('.spacer [role=row]').first().innerText()
      expect(row).toContain(time(largest.timeMs))
      const waterfall = await page.locator('#time').innerText()
      for (const { part } of report.breakdown) expect(waterfall).toContain(part)
      await close()
    },
  )

  test.each(['pipeline', 'pipeline-python'])('stages, lines and places of %s are the document’s', async (name) => {
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

  test('numbers under load, of a study and of two implementations are the documents’', async () => {
    const texts = async (name: string) => {
      const { page, close } = await openPage(browser, [recorded[name]!])
      for (const summary of await page.getByText('The numbers as a table').all()) await summary.click()
      // A table is made once its details say that they are open.
      await page.waitForFunction(
        "[...document.querySelectorAll('details.numbers[open]')].every((one) => one.querySelector('table'))",
      )
      const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ')
      await close()
      return text
    }
    const [load, study, ab] = [recorded.load as LoadDocument, recorded.study as StudyDocument, recorded.ab as AbDocument]
    const underLoad = await texts('load')
    expect(underLoad).toContain(load.answer)
    for (const { p50Ms, p99Ms, achievedPerSecond, parts, saturated } of load.points) {
      expect(underLoad).toContain(perSecond(achievedPerSecond))
      if (p50Ms !== null) expect(underLoad).toContain(time(p50Ms))
      if (p99Ms !== null) expect(underLoad).toContain(time(p99Ms))
      if (saturated) expect(underLoad).toContain('does not keep up')
      if (parts === null) throw new Error('the recorded document has parts')
    }
    const kept = load.points.findLast(({ saturated }) => !saturated)!.parts!
    for (const ms of [...kept.slowest.partsMs, kept.slowest.latencyMs, kept.typical.latencyMs])
      expect(underLoad).toContain(time(ms))
    const studied = await texts('study')
    for (const { p50Ms, ciLowMs, ciHighMs } of study.table.rows.flatMap(({ cells }) => cells))
      expect(studied).toContain(timeWithInterval(p50Ms!, ciLowMs!, ciHighMs!))
    const compared = await texts('ab')
    expect(compared).toContain(ab.answer)
    for (const { aMs, bMs } of ab.pairs) expect(compared).toContain(`${time(aMs)} ${time(bMs)}`)
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
    expect(await page.locator('#curve .bound').count()).toBe(1)
    expect(await page.locator('#search circle.own').count()).toBe(1)
    expect(await page.locator('#search circle.other').count()).toBe(1)
    expect(await violations(page)).toEqual([])
    expect(said).toEqual([])
    await close()
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
    expect(await page.locator('.roof-dot').count()).toBe(0)
    expect(await page.locator('.spacer [role=row]').first().innerText()).toContain('not known')
    await close()
  })

  test('the table is sorted, filtered, grouped and walked by keys', async () => {
    const { page, said, close } = await openPage(browser, [withNodes(10_000)])
    await page.keyboard.press('/')
    await page.keyboard.type('softmax block.7')
    await page.locator('.spacer [role=row]').first().waitFor()
    expect(await page.locator('.operators > p').innerText()).toMatch(/^\d+ of 10000 operators/)
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await page.getByRole('button', { name: 'Type' }).click()
    expect(await page.locator('[aria-sort]').innerText()).toContain('Type')
    await page.getByRole('button', { name: /^Time/ }).click()
    await page.locator('.spacer [role=row]').first().focus()
    for (const key of ['ArrowDown', 'ArrowDown', 'PageDown', 'ArrowUp', 'Enter']) {
      await page.keyboard.press(key)
      await page.waitForTimeout(30)
    }
    expect(await page.locator('.detail-panel').count()).toBe(1)
    await page.keyboard.press('End')
    await page.waitForTimeout(60)
    expect(
      await page.evaluate(
        () =>
          (globalThis as unknown as { document: { activeElement: { dataset: { line: string } } } }).document.activeElement.dataset
            .line,
      ),
    ).toBe('9999')
    await page.keyboard.press('Escape')
    await page.getByLabel('Group by').selectOption('operator')
    expect(await page.locator('.group-row').count()).toBeGreaterThan(3)
    expect(await page.locator('*').count()).toBeLessThan(5000)
    expect(said).toEqual([])
    await close()
  })

  test('exports are what they say', async () => {
    const { page, close } = await openPage(browser, [transformer])
    const saved = async (title: string) => {
      await page.locator('.menu summary').click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('.menu').getByRole('button', { name: title }).click(),
      ])
      await page.locator('.menu summary').click()
      const chunks: Buffer[] = []
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    }
    expect(JSON.parse(await saved('Report document'))).toEqual(transformer)
    const { traceEvents } = JSON.parse(await saved('Chrome trace')) as { traceEvents: { ph: string; tid: number; dur: number }[] }
    const ran = traceEvents.filter(({ ph, tid }) => ph === 'X' && tid === 1)
    const sumMs = transformer.nodes.reduce((sum, { timeMs }) => sum + Math.max(0, timeMs), 0)
    expect(ran.reduce((sum, { dur }) => sum + dur, 0) / 1000).toBeCloseTo(sumMs, 6)
    const { main } = JSON.parse(await saved('Model Explorer')) as { main: { results: Record<string, { value: number }> } }
    expect(Object.values(main.results).reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(sumMs, 3)
    expect((await saved('Operators')).trim().split('\r\n')).toHaveLength(transformer.nodes.length + 1)
    await close()
  })
})
