// Every kind of document in a real Chromium: drawn without a word on its console, without a request, readable by everyone; every number with a
// unit is the document's, and what a document of its kind must show is there.

import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { onlyFull } from '../only-full.ts'
import { CHROMIUM, chromiumPath, openPage, startBrowser, violations } from './browser.ts'
import { beaten, empty, failedEngine, recorded, streaming, withNodes } from './documents.ts'
import { drawnTexts } from './drawn-numbers.ts'
import { strangers } from './known-numbers.ts'
import { missing } from './must-draw.ts'

/** Those that `npm test` draws; they have most of what is drawn. */
const SHORT = new Set(['reports/cnn', 'load', 'pipeline-torch'])

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
  ['a server that streams', [streaming]],
  ['two comparisons', [recorded.compare!, failedEngine]],
  ['a study in which one is beaten', [beaten]],
  ['two studies', [recorded.study!, { ...recorded.study!, table: { reference: null, rows: [] } }]],
]

describe.skipIf(chromiumPath === undefined)('documents', needs(CHROMIUM), () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.for(cases)(
    '%s: says nothing, asks for nothing, is readable, draws its own numbers',
    async ([name, documents], context) => {
      if (!SHORT.has(name)) onlyFull(context, 'more documents')
      const { page, said, advice, close } = await openPage(browser, documents)
      expect(await page.getByText('cannot be drawn').count()).toBe(0)
      expect(await violations(page)).toEqual([])
      const drawn = await drawnTexts(page)
      expect(strangers(drawn, documents, advice)).toEqual([])
      if (documents.length === 1) expect(missing(drawn, documents[0]!)).toEqual([])
      expect(said).toEqual([])
      await close()
    },
  )

  test('a page that draws the numbers of another document is told', async () => {
    const tiny = recorded['reports/tiny'] as ReportDocument
    const slower = <T extends { readonly timeMs: number }>(all: readonly T[]) =>
      all.map((one) => ({ ...one, timeMs: one.timeMs * 1.1 }))
    const other = { ...tiny, breakdown: slower(tiny.breakdown), nodes: slower(tiny.nodes) }
    const { page, close } = await openPage(browser, [other])
    const drawn = await drawnTexts(page)
    expect(strangers(drawn, [tiny]).join()).toContain(`${time(other.nodes[0]!.timeMs)} in `)
    expect(missing(drawn, tiny).join()).toContain(time(tiny.nodes[0]!.timeMs))
    expect(strangers(drawn, [tiny]).join()).toContain(`${time(other.breakdown[0]!.timeMs)} in `)
    expect(missing(drawn, tiny).join()).toContain(time(tiny.breakdown[0]!.timeMs))
    await close()
  })
})
