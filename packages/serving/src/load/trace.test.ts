import { expect, test } from 'vitest'
import { readTrace } from './trace.ts'

test.each([
  ['times in seconds', '0\n0.5\n0.75\n', [500, 250]],
  ['gaps, since they fall', '0.5\n0.1\n0.2\n', [500, 100, 200]],
  ['a column of times in ms', 'id,timestamp_ms\na,100\nb,150\nc,160\n', [50, 10]],
  ['a column of gaps in µs', 'interval_us;x\n1000;1\n500;2\n', [1, 0.5]],
  ['dates', 'time\n2026-01-01T00:00:00.000Z\n2026-01-01T00:00:00.250Z\n', [250]],
  ['quotes, comments, blank lines, Windows ends', '# a log\r\n"time"\r\n"1"\r\n\r\n"2"\r\n', [1000]],
  ['a quoted comma before the column, and a mark of the byte order', '\uFEFFuser,time\n"Doe, J",1\n"Roe, R",3\n', [2000]],
  ['a comment with a quote behind the mark', '\uFEFF# 5" disk\ntime\n1\n# it\'s 2"\n3\n', [2000]],
  ['semicolons behind a comment', '# a log\nuser;time\n1;1\n2;3\n', [2000]],
  ['arrivals at one instant', '1\n1\n2\n', [0, 1000]],
])('%s', (_, text, gaps) => {
  const read = readTrace(text, 't.csv')
  expect(read.length).toBe(gaps.length)
  for (const [k, gap] of gaps.entries()) expect(read[k]).toBeCloseTo(gap, 6)
})

test.each([
  ['nothing', '', /at least two arrivals/],
  ['one arrival', 'time\n5\n', /at least two arrivals/],
  ['no column that is known', 'user,latency\na,1\n', /no column of arrivals among user, latency/],
  ['a word among numbers', '1\n2\nx\n', /line 3 holds no number/],
  ['times that go back', 'time\n3\n1\n2\n', /go back after arrival 1/],
  ['a gap below zero', 'gap\n1\n-1\n5\n', /below 0/],
])('refuses %s', (_, text, message) => expect(() => readTrace(text, 't.csv')).toThrow(message))
