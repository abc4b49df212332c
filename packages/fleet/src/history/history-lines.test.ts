import { historyEntry } from '@whyslow/report/support/documents/example-history.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseHistory } from './history-lines.ts'

const line = JSON.stringify

describe('the lines of the history', () => {
  test('come back oldest first', () => {
    const [early, late] = [
      historyEntry(1, { savedAt: '2026-01-01T00:00:00.000Z' }),
      historyEntry(2, { savedAt: '2026-02-01T00:00:00.000Z' }),
    ]
    expect(parseHistory(`${line(late)}\n${line(early)}\n`)).toEqual({ entries: [early, late], warnings: [] })
    expect(parseHistory('')).toEqual({ entries: [], warnings: [] })
  })

  test('a damaged line costs that line and a warning that names it', () => {
    const good = historyEntry(1)
    const { entries, warnings } = parseHistory([line(good), '{"schema":"whyslow-hist', line(good), 'null', ''].join('\n'))
    expect(entries).toEqual([good, good])
    expect(warnings).toEqual(['left out of the history, since they cannot be read: lines 2, 4'])
  })

  test('a newer line is called newer', () => {
    const { entries, warnings } = parseHistory(line({ ...historyEntry(1), schema: 'whyslow-history/2' }))
    expect(entries).toEqual([])
    expect(warnings).toEqual([expect.stringMatching(/a newer whyslow wrote them: line 1$/)])
  })

  test.each([
    ['no latency', { latency: undefined }],
    ['a latency of 0', { latency: { ...historyEntry(1).latency, p50Ms: 0 } }],
    ['a number as text', { latency: { ...historyEntry(1).latency, ciLowMs: '1' } }],
    ['no date', { savedAt: 'yesterday' }],
    ['a metric without a value', { metric: { name: 'accuracy' } }],
    ['a list for an engine', { engine: [] }],
  ])('%s is damage', (_, wrong) => {
    const { entries, warnings } = parseHistory(line({ ...historyEntry(1), ...wrong }))
    expect({ entries: entries.length, warnings: warnings.length }).toEqual({ entries: 0, warnings: 1 })
  })

  test('whatever stands in the file, good lines are read and nothing throws', () => {
    const noise = fc.oneof(fc.string(), fc.json(), fc.constant('{}'), fc.constant('[]'), fc.constant('"whyslow-history/1"'))
    fc.assert(
      fc.property(fc.array(noise), fc.nat(), (lines, place) => {
        // What is itself several lines stays noise.
        const flat = lines.map((one) => one.replaceAll('\n', ' '))
        const at = flat.length === 0 ? 0 : place % (flat.length + 1)
        const text = [...flat.slice(0, at), line(historyEntry(1)), ...flat.slice(at)].join('\n')
        expect(parseHistory(text).entries).toEqual([historyEntry(1)])
      }),
    )
  })

  test('a line cut anywhere is damage or the whole', () => {
    const whole = line(historyEntry(1))
    fc.assert(
      fc.property(fc.nat({ max: whole.length }), (length) => {
        const { entries } = parseHistory(whole.slice(0, length))
        expect(entries).toHaveLength(length === whole.length ? 1 : 0)
      }),
    )
  })
})
