// The page in a real Chromium: at any width, dark and in print, with hostile names, served, walked by keys, exported. That every kind of document is drawn is in
// each-document.test.ts.

import { startView } from '@whyslow/command/terminal/page/server.ts'
import { embed, readShell } from '@whyslow/command/terminal/page-shell.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { renderPage } from '@whyslow/report/html/html-page.ts'
import { sentenceOf } from '@whyslow/report/text/answers/answer-command.ts'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { onlyFull } from '../only-full.ts'
import { CHROMIUM, chromiumPath, nextFrames, openPage, sideways, startBrowser, until, violations } from './browser.ts'
import { HOSTILE, hostile, recorded, transformer, withNodes } from './documents.ts'
import { misplaced } from './layout.ts'

const nodesOf = (document: object): number => (document as { nodes?: readonly object[] }).nodes?.length ?? 0

/** A telephone's, a laptop's, and that of a screen of four thousand pixels. */
const [NARROW, USUAL, WIDE] = [360, 1280, 3840]
/** Every kind of document, and two of one kind beside each other. */
const DRAWN: Readonly<Record<string, readonly object[]>> = {
  ...Object.fromEntries(
    [
      'transformer',
      'fix',
      'compare',
      'trees',
      'trace',
      'pipeline',
      'load',
      'study',
      'ab',
      'gap',
      'distill',
      'lint',
      'generation',
      'embedding',
    ].map((name) => [name, [recorded[name]!]]),
  ),
  'two reports': [recorded['cnn-initializers-as-inputs']!, recorded.cnn!],
  'two programs': [recorded.pipeline!, recorded['pipeline-python']!],
  'two runs under load': [recorded.load!, recorded['load-slo']!],
  'two comparisons': [recorded.compare!, recorded.compare!],
}
/** Charts are drawn again once their width is another: none that could be wider has what fits a narrow screen any more. */
const DRAWN_WIDE = `[...document.querySelectorAll('.chart svg')].every(
  (svg) => svg.parentElement.clientWidth <= ${NARROW} || svg.getBoundingClientRect().width > ${NARROW},
)`
const HAS_FOCUS = (line: number): string => `document.activeElement?.dataset.line === '${line}'`
/** Those that have most of what is drawn. */
const MOST = new Set(['transformer', 'pipeline', 'load', 'two comparisons'])

describe.skipIf(chromiumPath === undefined)('the page', needs(CHROMIUM), () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.for(Object.entries(DRAWN))('every part has its place, narrow and wide: %s', async ([name, documents], context) => {
    if (!MOST.has(name)) onlyFull(context, 'more kinds of documents')
    const { page, close } = await openPage(browser, documents, { viewport: { width: NARROW, height: 900 } })
    expect(await sideways(page)).toBeLessThanOrEqual(0)
    expect(await misplaced(page)).toEqual([])
    await page.setViewportSize({ width: USUAL, height: 900 })
    await until(page, DRAWN_WIDE)
    await nextFrames(page)
    expect(await misplaced(page)).toEqual([])
    await page.setViewportSize({ width: WIDE, height: 900 })
    await until(page, DRAWN_WIDE)
    expect(await sideways(page)).toBeLessThanOrEqual(0)
    await close()
  })

  test('what is not in its place is told', async () => {
    const { page, close } = await openPage(browser, [recorded['reports/tiny']!])
    const after = async (change: string): Promise<string> => {
      await page.evaluate(change)
      const found = await misplaced(page)
      await page.evaluate("for (const one of document.querySelectorAll('[style]')) if (one.dataset.moved) one.style = ''")
      return found.join('\n')
    }
    const style = (element: string, css: string) =>
      `{ const one = document.querySelector('${element}'); one.dataset.moved = '1'; one.style.cssText = '${css}' }`
    expect(await after(style('#setup', 'margin-top: -300px'))).toMatch(/begins above the end of #/)
    expect(await after(style('#setup', 'width: 1400px'))).toMatch(/is beyond the screen/)
    expect(await after(style('#setup h2', 'display: none'))).toMatch(/has no title/)
    expect(await after(style('#time figcaption', 'margin-bottom: -60px'))).toMatch(/is over #time figcaption/)
    expect(await after(style('#time .chart', 'margin-left: -700px'))).toMatch(/is beyond/)
    expect(await after("document.querySelector('nav.sections ul').append(document.querySelector('nav.sections li'))")).toMatch(
      /not in the order of the links/,
    )
    await close()
  })

  test.for(['pipeline', 'load-slo', 'gap', 'distill', 'lint', 'two runs under load'])(
    'dark and at 360 pixels, %s stays readable',
    async (name, context) => {
      if (!MOST.has(name)) onlyFull(context, 'more kinds of documents')
      const options = { colorScheme: 'dark', viewport: { width: 360, height: 740 } } as const
      const { page, said, close } = await openPage(browser, DRAWN[name] ?? [recorded[name]!], options)
      expect(await violations(page)).toEqual([])
      expect(said).toEqual([])
      await close()
    },
  )

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
    const server = await startView(page, { json: embed({ documents: [] }) })
    const tab = await browser.newPage()
    const said: string[] = []
    tab.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
    tab.on('pageerror', (error) => said.push(`error: ${error.message}`))
    try {
      await tab.goto(server.url)
      server.tell({ measuring: { stage: 'latency', done: 2, of: 5 }, ended: null })
      await tab.getByText('2 of 5').waitFor()
      expect(tab.url()).not.toContain('token')
      server.show({ json: embed({ documents: [transformer] }) })
      await tab.getByText(sentenceOf(transformer.answer)).first().waitFor()
      const large = { ...withNodes(20_000), answer: 'A packed report.' }
      const packed = embed({ documents: [large] })
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
    const { page, said, close } = await openPage(browser, [recorded.cnn!], options)
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ media: 'print' })
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.getByText('25 of 25 lines are printed').waitFor()
    expect(said).toEqual([])
    await close()
  })

  test.for([0, 4].flatMap((offset) => Object.entries(DRAWN).map(([name, documents]) => ({ offset, name, documents }))))(
    'hostile text stays text: $name ($offset)',
    async ({ offset, name, documents }, context) => {
      if (offset > 0) onlyFull(context, 'the same texts in other places')
      if (!['transformer', 'two comparisons'].includes(name)) onlyFull(context, 'more kinds of documents')
      const { page, said, close } = await openPage(
        browser,
        documents.map((one) => hostile(one, offset)),
      )
      expect(await page.evaluate(() => (globalThis as unknown as { pwned?: number }).pwned)).toBeUndefined()
      await expect.poll(() => page.locator('img, script, iframe, [onerror]').count()).toBe(1)
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
    },
  )

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
      expect((await page.locator('.most-time').innerText()).replace(/\s+/g, ' ')).toMatch(/20 Conv \d+ %/)
      await close()
    }
  })

  test('what no command repairs says what to do; a number that cannot be relied on is measured again first', async () => {
    const { page, close } = await openPage(browser, [
      {
        ...transformer,
        latency: { ...transformer.latency!, trust: 'D' },
        findings: [{ ...transformer.findings[0]!, rule: 'noisy-machine', next: null, run: null, wouldSaveMs: 1 }],
      },
    ])
    expect(await page.locator('.finding .advice').first().innerText()).toMatch(/What to do.*Find the neighbour/s)
    expect(await page.locator('.next-step').innerText()).toMatch(
      /First measure again on a quiet machine, with the same command\.$/,
    )
    await close()
  })

  test('the next step says what its command is for', async () => {
    const [finding] = transformer.findings
    const next = 'whyslow fix model.onnx -o fast/'
    for (const [run, lead, typed] of [
      [
        { command: 'fix', arguments: ['a model.onnx', '-o', 'fast/'] },
        'Try the remedies',
        "npx whyslow fix 'a model.onnx' -o fast/",
      ],
      [
        { command: '', arguments: ['model.onnx', '--threads', '2'] },
        'The first finding below',
        'npx whyslow model.onnx --threads 2',
      ],
      // Of a version before: the text alone.
      [null, 'The first finding below', 'npx whyslow fix model.onnx -o fast/'],
    ] as const) {
      const first = { ...finding!, next, run: run && { ...run, arguments: [...run.arguments] }, wouldSaveMs: 1 }
      const { page, close } = await openPage(browser, [{ ...transformer, findings: [first] }])
      expect(await page.locator('.next-step').innerText()).toContain(lead)
      expect(await page.locator('.next-step').innerText()).toContain(typed)
      await close()
    }
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
    // One step down, another, a page of 16 rows, and one up.
    for (const [key, line] of [
      ['ArrowDown', 1],
      ['ArrowDown', 2],
      ['PageDown', 18],
      ['ArrowUp', 17],
    ]) {
      await page.keyboard.press(`${key}`)
      await until(page, HAS_FOCUS(Number(line)))
    }
    await page.keyboard.press('Enter')
    await page.locator('.detail-panel').waitFor()
    await page.keyboard.press('End')
    await until(page, HAS_FOCUS(9999))
    await page.keyboard.press('Escape')
    await page.getByLabel('Group by').selectOption('operator')
    await expect.poll(() => page.locator('.group-row').count()).toBeGreaterThan(3)
    expect(await page.locator('*').count()).toBeLessThan(5000)
    expect(said).toEqual([])
    await close()
  })

  test('a recording beside its model: both, and how many times the one is the other', async () => {
    const trace = recorded.trace as ReportDocument
    const { rows } = trace.trace!.model!
    const at = rows.findIndex(({ here }) => here !== null && here.share > 0.05)
    const { share, here } = rows[at]!
    const cells = async (documents: object[]): Promise<{ heads: string[]; row: string[] }> => {
      const { page, said, close } = await openPage(browser, documents)
      const table = page.locator('#same-model table')
      const heads = await table.locator('thead th').allTextContents()
      const row = await table.locator('tbody tr').nth(at).locator('td').allTextContents()
      await expect.poll(() => table.locator('tbody tr').count()).toBe(rows.length)
      expect(said).toEqual([])
      await close()
      return { heads, row }
    }
    const shares = await cells([trace])
    const ratio = (head: string, told: typeof shares): number => Number.parseFloat(told.row[told.heads.indexOf(head)]!)
    // Shares of two runs where no latency was given: those of the recording are slowed.
    expect(shares.heads).not.toContain('Recorded, time')
    expect(ratio('Share here ÷ recorded', shares) / (here!.share / share)).toBeCloseTo(1, 1)
    const timed = { ...trace, trace: { ...trace.trace!, latencyMs: 20, model: { ...trace.trace!.model!, rows: [...rows] } } }
    timed.trace.model.rows[at] = { ...rows[at]!, timeMs: 4 * here!.timeMs }
    const times = await cells([timed])
    expect(ratio('Times as long here', times)).toBeCloseTo(0.25, 6)
    const alone = {
      ...trace,
      trace: {
        ...trace.trace!,
        model: { ...trace.trace!.model!, here: null, rows: rows.map((row) => ({ ...row, here: null })) },
      },
    }
    expect((await cells([alone])).heads).toEqual(['Nodes', 'Recorded as', 'Recorded', 'FLOPs'])
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
