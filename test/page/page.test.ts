// The page in a real Chromium: drawn from every recorded document without a word on its console, without a request, readable by everyone, at any
// width, and with the document's own numbers.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embedded, readShell } from '../../src/cli/page-shell.ts'
import type { AbDocument } from '../../src/report/documents/ab.ts'
import type { DistillDocument } from '../../src/report/documents/distill.ts'
import type { GapDocument } from '../../src/report/documents/gap.ts'
import type { LintDocument } from '../../src/report/documents/lint.ts'
import type { LoadDocument } from '../../src/report/documents/load.ts'
import type { ReportDocument } from '../../src/report/documents/report.ts'
import type { StudyDocument } from '../../src/report/documents/study.ts'
import { renderPage } from '../../src/report/html/html-page.ts'
import { percent, perSecond, time, timeWithInterval } from '../../src/report/text/numbers.ts'
import { startView } from '../../src/view/server.ts'
import { chromiumPath, noBrowser, openPage, sideways, startBrowser, violations } from './browser.ts'
import { empty, failedEngine, HOSTILE, hostile, recorded, transformer, withNodes } from './documents.ts'

const cases: [string, object[]][] = [
  ...Object.entries(recorded).map(([name, document]): [string, object[]] => [name, [document]]),
  ['a failed engine', [failedEngine]],
  ['ten thousand operators', [withNodes(10_000)]],
  ['an empty report', [empty]],
  ['a report of nothing but its kind', [{ schema: 'whyslow-report/1' }]],
  ['two reports', [recorded['cnn-initializers-as-inputs']!, recorded.cnn!]],
  ['two reports of code', [recorded.pipeline!, recorded['pipeline-python']!]],
  ['two runs under load', [recorded.load!, recorded['load-slo']!]],
  ['two searches', [recorded['load-slo']!, recorded['load-slo']!]],
  ['two comparisons', [recorded.compare!, failedEngine]],
  ['two studies', [recorded.study!, { ...recorded.study!, table: { reference: null, rows: [] } }]],
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
      [recorded.gap!],
      [recorded.distill!],
      [recorded.lint!],
      [recorded['cnn-initializers-as-inputs']!, recorded.cnn!],
      [recorded.pipeline!, recorded['pipeline-python']!],
      [recorded.load!, recorded['load-slo']!],
      [recorded.compare!, recorded.compare!],
    ]) {
      const { page, close } = await openPage(browser, documents, { viewport: { width, height: 900 } })
      expect(await sideways(page)).toBeLessThanOrEqual(0)
      await close()
    }
  })

  test('other kinds of documents, dark and at 360 pixels, stay readable', async () => {
    const options = { colorScheme: 'dark', viewport: { width: 360, height: 740 } } as const
    for (const documents of [
      [recorded.pipeline!],
      [recorded['load-slo']!],
      [recorded.gap!],
      [recorded.distill!],
      [recorded.lint!],
      [recorded.load!, recorded['load-slo']!],
    ]) {
      const { page, said, close } = await openPage(browser, documents, options)
      expect(await violations(page)).toEqual([])
      expect(said).toEqual([])
      await close()
    }
  })

  test('names of a million letters are shown, shortened', async () => {
    const name = `first${'y'.repeat(1_000_000)}last`
    const { nodes, findings, model } = transformer
    const long: ReportDocument = {
      ...transformer,
      model: { ...model!, file: name },
      nodes: nodes.map((node, index) => (index < 3 ? { ...node, name, origin: [name], timeMs: 9 } : node)),
      findings: findings.map((one, index) => (index === 0 ? { ...one, title: name, detail: name, nodes: [name] } : one)),
    }
    const { page, said, close } = await openPage(browser, [long])
    const text = await page.locator('body').innerText()
    expect(text).toMatch(/firsty+…y+last/)
    expect(text.length).toBeLessThan(100_000)
    expect(await sideways(page)).toBeLessThanOrEqual(0)
    expect(said).toEqual([])
    await close()
  })

  test('served: progress, then the report, a packed one too, and that it has ended', async () => {
    const page = renderPage(readShell(), '{"served":true}', { title: 'whyslow', answer: '', served: true })
    const server = await startView(page, { json: embedded({ documents: [] }) })
    const tab = await browser.newPage()
    const said: string[] = []
    tab.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
    tab.on('pageerror', (error) => said.push(`error: ${error.message}`))
    try {
      await tab.goto(server.url)
      server.tell({ measuring: { stage: 'latency', done: 2, of: 5 }, ended: null })
      await tab.getByText('2 of 5').waitFor()
      expect(tab.url()).not.toContain('token')
      server.show({ json: embedded({ documents: [transformer] }) })
      await tab.getByText(transformer.answer).first().waitFor()
      const large = { ...withNodes(20_000), answer: 'A packed report.' }
      const packed = embedded({ documents: [large] })
      expect(packed).toContain('"gzip"')
      server.show({ json: packed })
      await tab.getByText('A packed report.').first().waitFor()
      server.tell({ measuring: null, ended: 'whyslow has ended' })
      await tab.getByText('whyslow has ended').waitFor()
      expect(said).toEqual([])
    } finally {
      await tab.close()
      await server.close()
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
      [hostile(recorded.gap!, offset)],
      [hostile(recorded.distill!, offset)],
      [hostile(recorded.lint!, offset)],
      [hostile(recorded.cnn!, offset), hostile(transformer, offset)],
      [hostile(recorded.pipeline!, offset), hostile(recorded.pipeline!, offset)],
      [hostile(recorded.load!, offset), hostile(recorded.load!, offset)],
      [hostile(recorded.compare!, offset), hostile(recorded.compare!, offset)],
    ]) {
      const { page, said, close } = await openPage(browser, documents)
      expect(await page.evaluate(() => (globalThis as unknown as { pwned?: number }).pwned)).toBeUndefined()
      expect(await page.locator('img, script, iframe, [onerror]').count()).toBe(1)
      const text = await page.locator('body').innerText()
      expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
      // A document of few texts does not show all of them.
      if (nodesOf(documents[0]!) > 0) expect(text).toContain(HOSTILE[3])
      else if (documents.length === 1) expect(text).toContain(HOSTILE[1])
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
    const found = { ratePerSecond: 120, low: 110, high: 130, confirmed: 3 }
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

  test('the first screen says what takes the time and what to type next', async () => {
    const cnn = recorded['cnn-initializers-as-inputs'] as ReportDocument
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ]) {
      const { page, close } = await openPage(browser, [cnn], { viewport })
      const next = page.locator('.next-step .command')
      expect((await next.innerText()).replace(/\s+/g, ' ')).toContain(
        cnn.findings.find(({ next: typed }) => typed !== null)!.next,
      )
      const { y, height } = (await next.boundingBox())!
      expect(y + height).toBeLessThanOrEqual(viewport.height)
      expect(await page.locator('.most-time').innerText()).toMatch(/20 Conv \d+ %/)
      await close()
    }
  })

  test('what no command repairs says what to do; a number that cannot be relied on is measured again first', async () => {
    const { page, close } = await openPage(browser, [
      {
        ...transformer,
        latency: { ...transformer.latency!, trust: 'D' },
        findings: [{ ...transformer.findings[0]!, rule: 'noisy-machine', next: null, wouldSaveMs: 1 }],
      },
    ])
    expect(await page.locator('.finding .advice').first().innerText()).toMatch(/What to do.*Find the neighbour/s)
    expect(await page.locator('.next-step').innerText()).toContain('First measure again')
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
    await expect.poll(() => page.locator('.operators > p').innerText()).toMatch(/^\d+ of 10000 operators/)
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
