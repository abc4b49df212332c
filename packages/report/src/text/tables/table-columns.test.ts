import { expect, test } from 'vitest'
import { type ColumnOf, columnsCsv, columnsOf } from './table-columns.ts'

interface Line {
  readonly text: string
  readonly number: number | null
  readonly at: string
}
const COLUMNS: readonly ColumnOf<Line>[] = [
  ['text', 'text', ({ text }) => text],
  ['number', 'number', ({ number }) => number],
  ['at', 'time', ({ at }) => at],
]

test('what is no number, or no time, is not known', () => {
  const lines = [
    { text: 'a', number: 1.5, at: '2026-01-15T09:30:00.000Z' },
    { text: '', number: Number.NaN, at: 'yesterday' },
    { text: 'b', number: Number.POSITIVE_INFINITY, at: '2026-01-15' },
    { text: 'c', number: null, at: '2026-01-15' },
  ]
  const [text, number, at] = columnsOf(COLUMNS, lines)
  expect(text!.values).toEqual(['a', '', 'b', 'c'])
  expect(number!.values).toEqual([1.5, null, null, null])
  expect(at!.values).toEqual(['2026-01-15T09:30:00.000Z', null, '2026-01-15', '2026-01-15'])
})

test('as CSV quotes, and is empty where nothing is known', () => {
  const lines = [{ text: 'A "fast" CPU,\nof 2', number: Number.NaN, at: '2026-01-15T09:30:00.000Z' }]
  expect(columnsCsv(columnsOf(COLUMNS, lines))).toBe('text,number,at\r\n"A ""fast"" CPU,\nof 2",,2026-01-15T09:30:00.000Z\r\n')
  expect(columnsCsv(columnsOf(COLUMNS, []))).toBe('text,number,at\r\n')
})
