// Letters where the numbers put them, roofs where they were measured, nothing beyond the width, nothing of what is not known.
import { readFileSync } from 'node:fs'
import picocolors from 'picocolors'
import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../../documents/report.ts'
import { cells } from '../wrap.ts'
import { rooflinePlot } from './roofline-plot.ts'

const colours = picocolors.createColors(false)
const read = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../../../fixtures/golden/${name}.report.json`, import.meta.url), 'utf8'),
  ) as ReportDocument
const cnn = read('cnn')

describe.each(['cnn', 'transformer', 'lstm', 'trees'])('%s', (name) => {
  test.each([40, 80, 100])('stays within %d columns', (width) => {
    for (const line of rooflinePlot(read(name), width, colours)) expect(cells(line)).toBeLessThanOrEqual(width)
  })
})

const [node] = cnn.nodes
const withNodes = (nodes: ReportDocument['nodes']): ReportDocument => ({
  ...cnn,
  nodes,
  machine: { ...cnn.machine, roofs: [{ threads: 1, flopsPerSecond: { float32: 1e11 }, bytesPerSecond: { DRAM: 1e10 } }] },
})
const at = (flops: number, bytes: number, timeMs: number) => ({
  ...node!,
  name: `n${flops}`,
  origin: [],
  flops,
  bytes,
  timeMs,
  floorMs: null,
})

test('an operator at its roof lies on the line, one at a tenth of it a decade below', () => {
  // 1e9 FLOP at 100 FLOP/byte in 10 ms: 1e11 a second, the peak. The other one takes ten times as long.
  const lines = rooflinePlot(withNodes([at(1e9, 1e7, 10), at(1e9 + 1, 1e7, 100)]), 80, colours)
  const rowOf = (letter: string) => lines.findIndex((line) => line.includes('│') && line.split('│')[1]!.includes(letter))
  expect(lines[rowOf('b')]).toMatch(/─b─/)
  expect(lines[rowOf('b')]).toContain('100 GFLOP/s')
  const columnOf = (letter: string) => lines[rowOf(letter)]!.indexOf(letter)
  expect(columnOf('a')).toBe(columnOf('b'))
  expect(rowOf('a')).toBeGreaterThan(rowOf('b') + 2)
})

test('what is not known is counted, not drawn', () => {
  const unknown = { ...at(5, 5, 3), flops: null }
  const text = rooflinePlot(withNodes([at(1e9, 1e7, 10), unknown]), 80, colours).join('\n')
  expect(text).toContain('Not drawn: 1 operator without known work, bytes or time, 3.00 ms together.')
  expect(rooflinePlot(withNodes([unknown]), 80, colours)).toEqual(['No roofline: of no operator are work, bytes and time known.'])
  expect(rooflinePlot({ ...cnn, machine: { ...cnn.machine, roofs: [] } }, 80, colours).join(' ')).toContain('were not measured')
})
