// The page in a real Chromium: its numbers are the document's, worded as on the terminal, of one and of two beside each other.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AbDocument } from '../../src/report/documents/ab.ts'
import type { DistillDocument } from '../../src/report/documents/distill.ts'
import type { GapDocument } from '../../src/report/documents/gap.ts'
import type { LintDocument } from '../../src/report/documents/lint.ts'
import type { LoadDocument } from '../../src/report/documents/load.ts'
import type { ReportDocument } from '../../src/report/documents/report.ts'
import type { StudyDocument } from '../../src/report/documents/study.ts'
import { percent, perSecond, time, timeWithInterval } from '../../src/report/text/numbers.ts'
import { onlyFull } from '../only-full.ts'
import { chromiumPath, noBrowser, openPage, startBrowser, until, violations } from './browser.ts'
import { recorded, transformer } from './documents.ts'

describe.skipIf(chromiumPath === undefined)(`numbers on the page${chromiumPath === undefined ? `: ${noBrowser}` : ''}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.for(['cnn', 'transformer', 'lstm', 'trees'])(
    'numbers of %s are the document’s, worded as on the terminal',
    async (name, context) => {
      if (name !== 'cnn') onlyFull(context, 'the numbers of another model')
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

  test('numbers under load, of a study and of two implementations are the documents’', async () => {
    const texts = async (name: string) => {
      const { page, close } = await openPage(browser, [recorded[name]!])
      for (const summary of await page.getByText('The numbers as a table').all()) await summary.click()
      // A table is made once its details say that they are open.
      await until(page, "[...document.querySelectorAll('details.numbers[open]')].every((one) => one.querySelector('table'))")
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

  test('numbers of a gap, of students and of a lint are the documents’', async () => {
    const textOf = async (document: object) => {
      const { page, close } = await openPage(browser, [document])
      const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ')
      await close()
      return text
    }
    const [gap, distill, lint] = [recorded.gap as GapDocument, recorded.distill as DistillDocument, recorded.lint as LintDocument]
    const climbed = await textOf(gap)
    expect(climbed).toContain(gap.answer)
    for (const { title, timeMs, savedMs } of gap.rungs) {
      expect(climbed).toContain(`${title}`)
      expect(climbed).toContain(time(timeMs))
      if (savedMs !== null) expect(climbed).toContain(time(savedMs))
    }
    const students = await textOf(distill)
    for (const { says, microseconds, metric } of distill.students) {
      expect(students).toContain(says)
      expect(students).toContain(`${metric.toFixed(4)} ${time(microseconds / 1000)}`)
    }
    const linted = await textOf(lint)
    expect(linted).toContain(lint.answer)
    for (const { breaks } of lint.unfused) expect(linted).toContain(breaks)
    for (const { timeMs, nodes, opType } of lint.fused) expect(linted).toContain(`${nodes} ${opType} ${time(timeMs)}`)
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
    expect(await same.page.locator('#curve-beside .run circle').count()).toBeGreaterThan(4)
    await same.close()
  })

  test('two searches: a rate that was run several times stands once', async () => {
    const search = recorded['load-slo'] as LoadDocument
    const { page, close } = await openPage(browser, [search, search])
    await page.locator('#rates-beside details.numbers summary').click()
    const rates = new Set(search.points.map(({ offeredPerSecond }) => offeredPerSecond))
    expect(await page.locator('#rates-beside tbody tr').count()).toBe(rates.size)
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
    expect((await page.locator('#lines-beside tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' '))).toEqual([
      expect.stringContaining('count: i++ 5.00 ms 2.00 ms'),
    ])
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
    expect(await page.locator('#curve .bound').count()).toBe(1)
    expect(await page.locator('#search circle.own').count()).toBe(1)
    expect(await page.locator('#search circle.other').count()).toBe(1)
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
    expect(await page.locator('.roof-dot').count()).toBe(0)
    expect(await page.locator('.spacer [role=row]').first().innerText()).toContain('not known')
    await close()
  })
})
