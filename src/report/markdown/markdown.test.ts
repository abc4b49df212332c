// What GitHub is given: never too long, never half of something, never a stranger's markup.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import { percent, time } from '../text/numbers.ts'
import { code, fence, MOST_LETTERS, markdown, table, text } from './blocks.ts'
import { MARK, renderMarkdown } from './markdown.ts'

const folder = new URL('../../../fixtures/golden/', import.meta.url)
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
  expect(said).toContain('```sh\nnpx whyslow fix models/cnn.onnx -o fast/\n```')
  const fix = read('fix.document.json')
  expect(renderMarkdown(fix)).toContain('| tried | before → after | faster |')
  const pipeline = read('pipeline-python.document.json')
  expect(renderMarkdown(pipeline)).toContain(`\`\`\`python\n${pipeline.findings[0]!.replacement!.code.join('\n')}\n\`\`\``)
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
