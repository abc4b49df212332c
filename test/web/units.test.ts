// On the page a number and its unit share a line: what words numbers there puts a space between them that does not break.
import { expect, test } from 'vitest'
import * as format from '../../packages/report/web/src/format.ts'
import { shownSentence } from '../../packages/report/web/src/kit/shown-name.ts'

const NO_BREAK = '\u00a0'

test('numbers of the page keep their units', () => {
  const said = [
    ...[
      format.time(41.2),
      format.percent(0.41),
      format.sharePercent(2),
      format.bytes(2e6),
      format.count(3e6),
      format.rate(2e9, 'B'),
    ],
    ...[
      format.timeWithInterval(41.2, 40.9, 41.6),
      format.intervalOf(41.2, 40.9, 41.6),
      format.metricValue({ name: 'accuracy', value: 0.9 }),
    ],
  ]
  expect(said.map((text) => text.replaceAll(NO_BREAK, '_'))).toEqual([
    ...['41.2_ms', '41_%', '100_%', '2.00_MB', '3.00_M', '2.00_GB/s'],
    ...['41.2_ms (40.9–41.6)', '40.9–41.6_ms', '90.0_%'],
  ])
})

test('so do those of its sentences', () => {
  expect(shownSentence('A call costs 3.2 ms, 41 % of the p50.')).toBe(`A call costs 3.2${NO_BREAK}ms, 41${NO_BREAK}% of the p50.`)
})
