// Every kind of document in a real Chromium: drawn without a word on its console, without a request, readable by everyone.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onlyFull } from '../only-full.ts'
import { chromiumPath, noBrowser, openPage, startBrowser, violations } from './browser.ts'
import { empty, failedEngine, recorded, withNodes } from './documents.ts'

/** More documents of the kinds that others are of, and those that are drawn dark at 360 pixels as well. */
const ALIKE = new Set([
  'cnn-initializers-as-inputs',
  'gru',
  'linear',
  'quantized',
  'transformer',
  'lint-s8',
  'reports/tiny',
  'reports/noisy',
  ...['pipeline', 'pipeline-python', 'load-slo', 'gap', 'distill', 'lint'],
  ...['lstm', 'trace', 'quantize', 'reports/cnn', 'reports/nulls', 'a report of nothing but its kind'],
  ...['two reports of code', 'two runs under load', 'two searches', 'two comparisons', 'two studies'],
])

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

describe.skipIf(chromiumPath === undefined)(`documents${chromiumPath === undefined ? `: ${noBrowser}` : ''}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.for(cases)('%s: says nothing, asks for nothing, is readable', async ([name, documents], context) => {
    if (ALIKE.has(name)) onlyFull(context, 'a document of the same kind as others')
    const { page, said, close } = await openPage(browser, documents)
    expect(await page.getByText('cannot be drawn').count()).toBe(0)
    expect(await violations(page)).toEqual([])
    expect(said).toEqual([])
    await close()
  })
})
