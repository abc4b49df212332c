// What GitHub is given: never too long, never half of something, never a stranger's markup.
import { readdirSync, readFileSync } from 'node:fs'
import { percent, perSecond, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import { describe, expect, test } from 'vitest'
import { historyEntry } from '../../test/support/documents/example-history.ts'
import { lintDocument } from '../../test/support/documents/example-lint.ts'
import type { AbDocument } from '../documents/ab.ts'
import type { CheckDocument } from '../documents/check.ts'
import type { DistillDocument } from '../documents/distill.ts'
import type { GapDocument } from '../documents/gap.ts'
import type { HistoryDocument } from '../documents/history.ts'
import type { LoadDocument } from '../documents/load.ts'
import type { ReportDocument } from '../documents/report.ts'
import type { StudyDocument } from '../documents/study.ts'
import { code, fence, MOST_LETTERS, markdown, table, text } from './blocks.ts'
import { MARK, renderMarkdown } from './markdown.ts'

const folder = new URL('../../../../fixtures/golden/', import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as ReportDocument
const documents = readdirSync(folder).filter((name) => /\.(report|document)\.json$/.test(name) && !name.includes('-changed'))

describe.each(documents)('%s', (name) => {
  const rendered = renderMarkdown(read(name))

  test('begins with its mark and its sentence, and ends every fence and every fold', () => {
    expect(rendered.startsWith(`${MARK}\n\n**`)).toBe(true)
    expect(rendered.match(/^```/gm)?.length ?? 0).toSatisfy((many: number) => many % 2 === 0)
    expect(rendered.match(/<details>/g)?.length).toBe(rendered.match(/<\/details>/g)?.length)
    expect(rendered.length).toBeLessThanOrEqual(MOST_LETTERS)
  })
})

test('a report has its numbers, its commands and what was tried', () => {
  const cnn = read('cnn.report.json')
  const said = renderMarkdown(cnn, { command: 'npx whyslow' })
  expect(said).toContain(time(cnn.nodes.reduce((top, node) => Math.max(top, node.timeMs), 0)))
  expect(said).toContain(`architecture ${percent(cnn.areas.architecture.share)}`)
  expect(said).toContain('```sh\nnpx whyslow fix models/cnn.onnx -o fast/ --for throughput\n```')
  const fix = read('fix.document.json')
  expect(renderMarkdown(fix)).toContain('| tried | before → after | faster |')
  const pipeline = read('pipeline-python.document.json')
  expect(renderMarkdown(pipeline)).toContain(`\`\`\`python\n${pipeline.findings[0]!.replacement!.code.join('\n')}\n\`\`\``)
})

test('numbers of documents of other kinds are theirs', () => {
  const document = <T>(name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T
  const load = document<LoadDocument>('load.document.json')
  const underLoad = renderMarkdown(load)
  for (const { p50Ms, saturated, achievedPerSecond } of load.points) {
    expect(underLoad).toContain(`| ${perSecond(achievedPerSecond)} |`)
    // Of a rate that is not kept up with a latency says only how long the run was.
    if (p50Ms !== null) expect(underLoad.includes(`| ${time(p50Ms)} |`)).toBe(!saturated)
  }
  expect(underLoad).toContain('does not keep up')
  const search = document<LoadDocument>('load-slo.document.json')
  expect(renderMarkdown(search)).toContain(`Every run of the search for ${text(search.search!.objective)}`)
  const ab = document<AbDocument>('ab.document.json')
  for (const { aMs, bMs } of ab.pairs) expect(renderMarkdown(ab)).toContain(`| ${time(aMs)} | ${time(bMs)} |`)
  const study = document<StudyDocument>('study.document.json')
  for (const { p50Ms, ciLowMs, ciHighMs } of study.table.rows.flatMap(({ cells }) => cells))
    expect(renderMarkdown(study)).toContain(timeWithInterval(p50Ms!, ciLowMs!, ciHighMs!))
  for (const { inputs } of study.table.rows) expect(renderMarkdown(study)).toContain(`| ${text(inputs)} |`)
  const gap = document<GapDocument>('gap.document.json')
  for (const { title, timeMs } of gap.rungs) expect(renderMarkdown(gap)).toContain(`| ${text(title)} | ${time(timeMs)} |`)
  const distill = document<DistillDocument>('distill.document.json')
  for (const { says, metric } of distill.students) expect(renderMarkdown(distill)).toContain(`| ${says} | ${metric.toFixed(4)} |`)
  const lint = renderMarkdown(lintDocument())
  expect(lint).toContain('| `first` | `Conv` |')
  expect(lint).toContain('### Runs in float, or apart')
})

test('a verdict, a history, a machine that is foretold, two recordings, a conversion', () => {
  const side = (file: string, p50Ms: number) => ({ file, p50Ms, ciLowMs: p50Ms * 0.9, ciHighMs: p50Ms * 1.1 })
  const tool = { version: '0' }
  const check: CheckDocument = {
    ...{ schema: 'whyslow-check/1', tool, createdAt: '', answer: 'It is slower.', verdict: 'above', failAbove: 1.1 },
    ...{ ratio: 1.3, ratioLow: 1.2, ratioHigh: 1.4, rounds: 5, model: side('a.onnx', 13) },
    ...{ baseline: { ...side('b.onnx', 10), paired: true }, warnings: ['a warning'] },
  }
  const checked = renderMarkdown(check)
  expect(checked).toContain('Ratio 1.30 (1.20–1.40), may be 1.1 at most: **above**. 5 rounds')
  expect(checked).toContain('| this | `a.onnx` | 13.0 ms (11.7–14.3) |')
  expect(checked).toContain('> **Warning:** a warning')
  const history: HistoryDocument = {
    schema: 'whyslow-history/1',
    file: '',
    entries: [historyEntry(1), historyEntry(2)],
    warnings: [],
  }
  expect(renderMarkdown(history)).not.toContain('****')
  expect(renderMarkdown(history)).toMatch(/2\.00 ms.*1\.00 ms/s)
  expect(renderMarkdown({ ...history, entries: [] })).toContain('Nothing is saved')
  const there = { basis: 'estimated', p50Ms: 4, lowMs: 3, highMs: 6, grade: 'B' }
  const foretold = {
    schema: 'whyslow-foretold/1',
    answer: 'About twice.',
    here: side('', 2),
    there,
    known: null,
    notes: ['a note'],
  }
  const parts = [{ part: 'memory', hereMs: 1, thereMs: 2 }]
  expect(renderMarkdown({ ...foretold, parts })).toContain('| there | 4.00 ms (3.00–6.00) | estimated, grade B |')
  const traces = {
    schema: 'whyslow-trace-comparison/1',
    answer: 'Less.',
    operators: [],
    findings: { gone: ['a'], new: [], stayed: [] },
  }
  const changes = [{ part: 'idle', beforeMs: 2, afterMs: 1 }]
  expect(renderMarkdown({ ...traces, changes })).toMatch(/\| `idle` \| 2\.00 ms \| 1\.00 ms \|.*- gone: `a`/s)
  const file = { file: 'm.onnx', format: 'onnx', sizeBytes: 1000, sha256: '' }
  const value = { name: 'x', dtype: 'float32', shape: [1, null] }
  const converted = { schema: 'whyslow-convert/1', from: file, to: file, operators: { Add: 2 }, inputs: [value], outputs: [] }
  expect(renderMarkdown(converted)).toContain('| in | `x` | `float32` | `[1, ?]` |')
})

test.each([
  ['@everyone', '@<!-- -->everyone'],
  ['fixes #12', 'fixes #<!-- -->12'],
  ['GH-3', 'GH-<!-- -->3'],
  ['http://evil.example', 'http://<!-- -->evil.example'],
  ['<script>', '&lt;script\\>'],
  ['a|b `c` **d**', 'a\\|b \\`c\\` \\*\\*d\\*\\*'],
  ['&lt;', '&amp;lt;'],
  ['two\nlines', 'two lines'],
])('%j stays text', (given, expected) => expect(text(given)).toBe(expected))

test.each([
  ['conv1', '`conv1`'],
  ['a`b', '``a`b``'],
  ['`a``', '``` `a`` ```'],
  ['a|b', '`a\\|b`'],
  ['', '(no name)'],
])('%j is a name', (given, expected) => expect(code(given)).toBe(expected))

test('a fence is longer than any within it', () => {
  expect(fence(['x', '````', 'y'], 'js')).toBe('`````js\nx\n````\ny\n`````')
  expect(fence(['\u202ea\u0007\tb'])).toBe('```\n?a?    b\n```')
})

test('what has no room is left out whole, and that is said', () => {
  const long = 'x'.repeat(300)
  const cut = markdown(['first', { summary: 'much', blocks: [long, long, 'short'] }, 'last'], 500)
  expect(cut.length).toBeLessThanOrEqual(500)
  expect(cut).toContain('first')
  expect(cut.match(/<details>/g)?.length ?? 0).toBe(cut.match(/<\/details>/g)?.length ?? 0)
  expect(markdown(['a', long, 'b'], 250)).toMatch(/^a\n\nb\n\n_Shortened/)
})

test('a name of a million letters, of every kind, keeps within the limit', () => {
  const huge = '`|@😀<'.repeat(200_000)
  const cnn = read('cnn.report.json')
  const hostile: ReportDocument = {
    ...cnn,
    answer: huge,
    warnings: Array.from({ length: 50 }, () => huge),
    nodes: cnn.nodes.map((node) => ({ ...node, name: huge, origin: [huge], opType: huge })),
    findings: cnn.findings.map((one) => ({ ...one, title: huge, detail: huge, next: `whyslow ${huge}` })),
  }
  const said = renderMarkdown(hostile)
  expect(said.length).toBeLessThanOrEqual(MOST_LETTERS)
  expect(said).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/)
  expect(said).toContain('_Shortened')
})

test('a table without rows is nothing', () => expect(table([{ head: 'a', cells: [] }])).toBe(''))
