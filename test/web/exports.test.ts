// What can be taken along from a page: tables as CSV, node data, the document itself.
import { expect, test } from 'vitest'
import { documentExport, modelExplorerData, reportExports } from '../../packages/report/web/src/exports.ts'
import type { Report } from '../../packages/report/web/src/page-data.ts'
import { recorded, transformer } from '../page/documents.ts'

const exported = (report: Report, title: RegExp) => reportExports(report, report).find((one) => title.test(one.title))!
const rowsIn = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))

test('operators as CSV: a line for each, numbers as the document has them, nothing for what is not known', () => {
  const nodes = transformer.nodes.map((node, at) => (at === 0 ? { ...node, floorMs: null, flops: null } : node))
  const [heads, ...rows] = rowsIn(exported({ ...transformer, nodes }, /^Operators/).text())
  expect(rows).toHaveLength(nodes.length)
  const cell = (at: number, head: string) => rows[at]![heads!.indexOf(head)]
  expect([cell(0, 'floor ms'), cell(0, 'flops')]).toEqual(['', ''])
  for (const [at, node] of nodes.entries()) {
    expect(Number(cell(at, 'time ms'))).toBe(node.timeMs)
    expect(cell(at, 'engine name')).toBe(node.name)
  }
})

test('a name that a spreadsheet would run, or that has commas and quotes, stays one cell of text', () => {
  const nodes = ['=1+2', 'a,"b"', '@x'].map((name) => ({ ...transformer.nodes[0]!, name, origin: [] }))
  const lines = exported({ ...transformer, nodes }, /^Operators/)
    .text()
    .split('\r\n')
  expect(lines[1]).toMatch(/^'=1\+2,'=1\+2,/)
  expect(lines[2]).toMatch(/^"a,""b""","a,""b""",/)
  expect(lines[3]).toMatch(/^'@x,/)
})

test('code exports its stages and lines, and operators only if it has some', () => {
  const code = recorded.pipeline as Report
  const titles = (report: Report) => reportExports(report, report).map(({ title }) => title)
  expect(titles(code)).toContain('Operators (CSV)')
  expect(titles({ ...code, nodes: [] })).toEqual(['Report document (JSON)', 'Stages (CSV)', 'Hot lines (CSV)'])
  const [heads, ...rows] = rowsIn(exported(code, /^Stages/).text())
  expect(heads).toHaveLength(rows[0]!.length)
  expect(rows.map(([name, ms]) => [name, Number(ms)])).toEqual(code.stages!.map(({ name, timeMs }) => [name, timeMs]))
  expect(rowsIn(exported(code, /^Hot/).text())).toHaveLength(code.lines!.length + 1)
  expect(
    exported({ ...code, stages: null }, /^Stages/)
      .text()
      .trim()
      .split('\r\n'),
  ).toHaveLength(1)
})

test('files are named after the model, without its folders, on either kind of system', () => {
  const named = (file: string) => exported({ ...transformer, model: { ...transformer.model!, file } }, /^Operators/).file
  expect(named('/a/b/net.onnx')).toBe('net.onnx.operators.csv')
  expect(named('C:\\models\\net.onnx')).toBe('net.onnx.operators.csv')
  expect(exported({ ...transformer, model: null }, /^Operators/).file).toBe('whyslow.operators.csv')
})

test('the document is exported as it came', () => {
  const original = { schema: 'whyslow-report/1', unknownField: '\u202e', nested: { a: [1] } }
  expect(JSON.parse(documentExport('d', 'd.json', original).text())).toEqual(original)
})

test('Model Explorer: times of nodes with one name are added, and no name is more than a name', () => {
  const node = (name: string, timeMs: number, origin: string[] = []) => ({ ...transformer.nodes[0]!, name, timeMs, origin })
  const nodes = [node('k1', 1, ['/a', '/b']), node('/a', 2), node('__proto__', 3)]
  const { main } = modelExplorerData({ ...transformer, nodes }) as { main: { results: Record<string, { value: number }> } }
  expect(Object.entries(main.results)).toEqual([
    ['/a', { value: 3 }],
    ['__proto__', { value: 3 }],
  ])
})
