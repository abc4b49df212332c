import { expect, test } from 'vitest'
import { recordedSystem } from '../../test/support/recorded-system.ts'
import { parsePressure, parseSchedstat, watchRunQueue } from './run-queue.ts'

const schedstat = (...waitsNs: number[]) =>
  [
    'version 15',
    'timestamp 4295668112',
    ...waitsNs.flatMap((ns, cpu) => [
      `cpu${cpu} 0 0 0 0 0 0 5201462354 ${ns} 12345`,
      'domain0 00000003 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36',
    ]),
    '',
  ].join('\n')
const pressure = (us: number) =>
  `some avg10=0.12 avg60=0.05 avg300=0.01 total=${us}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`

test('waits are those of the CPUs that may be used', () => {
  const text = schedstat(100, 20, 3)
  expect([parseSchedstat(text, null), parseSchedstat(text, [1, 2]), parseSchedstat(text, [7])]).toEqual([123, 23, null])
  expect(['', 'version 15', 'cpu0 1 2 3'].map((other) => parseSchedstat(other, null))).toEqual([null, null, null])
})

test('pressure is the time in which something waited', () => {
  expect([parsePressure(pressure(4711)), parsePressure('full avg10=0.00 total=7'), parsePressure('')]).toEqual([4711, null, null])
})

/** A system whose texts can be changed. */
const changing = (texts: Record<string, string>) => ({
  ...recordedSystem('linux', {}),
  readText: (path: string) => texts[path] ?? null,
})

test('a watch tells the mean over the CPUs', () => {
  const texts: Record<string, string> = { '/proc/schedstat': schedstat(5e6, 5e6), '/proc/pressure/cpu': pressure(0) }
  const [all, second] = [watchRunQueue(changing(texts), null), watchRunQueue(changing(texts), [1])]
  texts['/proc/schedstat'] = schedstat(5e6 + 60e6, 5e6 + 20e6)
  expect([all(), second()]).toEqual([40, 20])
})

test('a watch goes by the pressure where run queues are not told, and by nothing where that is not either', () => {
  const texts: Record<string, string> = { '/proc/pressure/cpu': pressure(1000) }
  const waited = watchRunQueue(changing(texts), [0])
  texts['/proc/pressure/cpu'] = pressure(51_000)
  expect(waited()).toBe(50)
  expect(watchRunQueue(changing({}), null)()).toBeNull()
})
