import { describe, expect, test } from 'vitest'
import { historyEntry } from '../../test/support/documents/example-history.ts'
import { change, type HistoryDocument, seriesOf } from '../documents/history.ts'
import { renderHistory } from './history-text.ts'
import { plot } from './plot.ts'
import { cells } from './wrap.ts'

const document = (entries: HistoryDocument['entries'], warnings: string[] = []): HistoryDocument => ({
  schema: 'whyslow-history/1',
  file: 'history.jsonl',
  entries,
  warnings,
})
const plain = { width: 80, colour: false }
const point = (value: number) => ({ value, low: value * 0.95, high: value * 1.05 })

describe('a change', () => {
  test('is none while the intervals touch', () => {
    const of = (before: number, after: number) => change(historyEntry(before).latency, historyEntry(after).latency)
    expect(of(10, 10.9)).toMatchObject({ order: 'no-difference' })
    expect(of(10, 12)).toEqual({ ratio: 1.2, order: 'slower' })
    expect(of(10, 8)).toEqual({ ratio: 0.8, order: 'faster' })
  })

  test('is looked for on one machine, engine and input', () => {
    const other = historyEntry(1, { machine: { key: 'other', cpu: 'x', usableCpus: 1 } })
    expect(seriesOf(historyEntry(1))).not.toBe(seriesOf(other))
    expect(seriesOf(historyEntry(1))).not.toBe(seriesOf(historyEntry(1, { inputs: 'x float32 8x16' })))
    const upgraded = historyEntry(1, { engine: { id: 'ort-cpu', version: '1.31.0', device: 'cpu', threads: null } })
    expect(seriesOf(historyEntry(1))).toBe(seriesOf(upgraded))
  })
})

describe('the plot', () => {
  test('puts the largest at the top and the smallest at the bottom', () => {
    const lines = plot([point(1), point(2), point(3)], 60, (value) => value.toFixed(1))
    const rows = lines.map((line) => [...line.slice(line.indexOf('┤') + 1)])
    const at = (column: number) => rows.findIndex((row) => row[column] === '●')
    expect(at(0)).toBeGreaterThan(at(4))
    expect(at(4)).toBeGreaterThan(at(8))
    expect(lines).toHaveLength(8)
  })

  test('shows the newest where not all fit, and one value alone', () => {
    const many = Array.from({ length: 200 }, (_, i) => point(i + 1))
    const lines = plot(many, 40, String)
    expect(lines.every((line) => cells(line) <= 40)).toBe(true)
    expect(lines.join('').match(/●/g)!.length).toBeLessThan(40)
    expect(
      plot([point(5)], 40, String)
        .join('')
        .match(/●/g),
    ).toHaveLength(1)
  })
})

describe('the history on a terminal', () => {
  const days = [10, 10.1, 10.2, 14].map((p50Ms, i) => historyEntry(p50Ms, { savedAt: `2026-01-0${i + 1}T08:00:00.000Z` }))

  test('of one model: a plot, its measurements, the last change', () => {
    const text = renderHistory(document(days), 'model.onnx', plain)
    expect(text).toContain('●')
    expect(text).toContain('2026-01-04 08:00')
    expect(text).toMatch(/Slower than the one before: 1\.37× its time/)
  })

  test('says where the model or the engine changed', () => {
    const other = historyEntry(11, {
      model: { path: '/models/model.onnx', sha256: 'b'.repeat(64), sizeBytes: 1 },
      engine: { id: 'ort-cpu', version: '1.31.0', device: 'cpu', threads: null },
    })
    expect(renderHistory(document([days[0]!, other]), 'm', plain)).toContain('another model, engine 1.31.0')
  })

  test('of all: a line for each model and series', () => {
    const other = historyEntry(3, { model: { path: '/models/other.onnx', sha256: 'c'.repeat(64), sizeBytes: 1 } })
    const text = renderHistory(document([...days, other]), null, plain)
    expect(text).toMatch(/^model\.onnx .*slower: 1\.37×; 4 saved$/m)
    expect(text).toMatch(/^other\.onnx .*3\.00 ms/m)
  })

  test('none at all says how to begin, warnings name the file', () => {
    expect(renderHistory(document([]), null, plain)).toBe('Nothing is saved. Save a measurement: whyslow model.onnx --save\n')
    expect(renderHistory(document([], ['line 1 is odd']), 'm.onnx', plain)).toContain('Warning: line 1 is odd (history.jsonl)')
  })

  test.each([40, 80, 132])('stays within %d columns', (width) => {
    for (const model of [null, 'model.onnx'])
      expect(
        renderHistory(document(days), model, { width, colour: false })
          .split('\n')
          .filter((line) => cells(line) > width),
      ).toEqual([])
  })
})
