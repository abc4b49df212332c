import { describe, expect, test } from 'vitest'
import type { LoadDocument, LoadPoint } from '../documents/load.ts'
import { renderLoad } from './load-text.ts'

const interval = { low: 30, high: 50 }
const point: LoadPoint = {
  offeredPerSecond: 100,
  clients: null,
  achievedPerSecond: 99.8,
  seconds: 10,
  warmUpSeconds: 2,
  seed: 1,
  requests: 1000,
  answered: 998,
  meanMs: 12,
  p50Ms: 10,
  p90Ms: 25,
  p95Ms: 30,
  p99Ms: 40,
  p999Ms: null,
  maxMs: 60,
  intervals: { meanMs: interval, p50Ms: interval, p90Ms: interval, p95Ms: interval, p99Ms: interval, p999Ms: null },
  reasons: { p999Ms: 'too few' },
  saturated: false,
  saturation: null,
  errors: 2,
  timedOut: 0,
  shed: 0,
  failed: 2,
  unsent: 0,
  statuses: { 200: 998 },
  repeated: 1,
  outstanding: { mean: 1.2, most: 9, atEnd: 0, series: [1] },
  parts: {
    names: ['schedule lag', 'connect', 'server and network', 'server: queue', 'receive'],
    basis: ['measured', 'measured', 'measured', 'told', 'measured'],
    all: { requests: 998, latencyMs: 12, partsMs: [0.1, 0, 6.9, 5, 0] },
    slowest: { requests: 10, latencyMs: 42, partsMs: [0.1, 0.9, 11, 30, 0] },
    typical: { requests: 200, latencyMs: 10, partsMs: [0.1, 0, 6.9, 3, 0] },
    variation: [0, 0, 0, 0, 0],
  },
  lag: { p50Ms: 0.1, p99Ms: 0.3, maxMs: 2, lateShare: 0 },
  held: null,
  server: null,
}
const document: LoadDocument = {
  schema: 'whyslow-load/1',
  tool: { version: '0.1.0' },
  createdAt: '2026-01-01T00:00:00.000Z',
  answer: 'At 100 requests/s 99 % of the answers come within 40.0 ms (30.0–50.0).',
  target: {
    kind: 'http',
    name: 'http://h/',
    protocol: 'http',
    method: 'POST',
    bodyBytes: 5,
    bodies: 1,
    first: null,
    inputs: null,
  },
  arrivals: { kind: 'poisson', seed: 1, burstiness: 1, trace: null },
  machine: { cpu: 'x', usableCpus: 2, quotaCpus: null, node: '20.0.0' },
  points: [point],
  found: null,
  search: null,
  audit: {
    ceilingPerSecond: 15_000,
    floorP50Ms: 0.3,
    floorP99Ms: 0.9,
    lagP50Ms: 0.1,
    lagP99Ms: 0.3,
    lagMaxMs: 2,
    lost: 0,
    repeated: 1,
    cores: 0.03,
    ok: true,
    reasons: [],
  },
  findings: [],
  setup: null,
  alternatives: [],
  warnings: ['a closed loop'],
}
const rendered = (changed: Partial<LoadDocument>) => renderLoad({ ...document, ...changed }, { width: 80 })

describe('the screen', () => {
  test('has the answer, a line for each rate, the parts of the tail, and the generator', () => {
    expect(rendered({})).toBe(
      [
        'At 100 requests/s 99 % of the answers come within 40.0 ms (30.0–50.0).',
        '',
        'sent/s  answered/s     mean      p50      p90      p99     p99 interval  errors',
        '   100        99.8  12.0 ms  10.0 ms  25.0 ms  40.0 ms  30.0 ms–50.0 ms  0.20 %',
        '',
        'What latencies are made of at 100 requests/s, averaged over requests',
        '                                          slowest 1 %  around p50',
        '  connect                                      900 µs        0 ms',
        '  server and network                          11.0 ms     6.90 ms',
        '  server: queue (reported by the server)      30.0 ms     3.00 ms',
        '  together                                    42.0 ms     10.0 ms',
        '',
        'Generator: sent 100 µs after the scheduled instant (median; p99 300 µs), reaches',
        '15000 requests/s here, adds 300 µs to an answer, used 3.0 % of a core, sent 1',
        'request again on a new connection.',
        'Requests: 1000 in 10.0 s, warm-up not counted.',
        '',
        'Note: a closed loop',
        '',
      ].join('\n'),
    )
  })

  test('has a row for each rate, of which a search makes several runs', () => {
    const of = (p50Ms: number | null, more: Partial<LoadPoint> = {}) => ({ ...point, p50Ms, p99Ms: null, ...more })
    const slow = { offeredPerSecond: 200, saturated: true, errors: 0 }
    const text = rendered({ points: [of(10), of(30), of(null, { errors: 0 }), of(20), of(9, slow)] })
    const [head, ...rows] = text.split('\n\n')[1]!.split('\n')
    expect(head).toMatch(/ errors {2}runs$/)
    expect(rows.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '100 99.8 12.0 ms 20.0 ms 25.0 ms - 0.15 % 4',
      '200 99.8 - - - - 0 1',
      '200 requests/s: does not keep up',
    ])
  })

  test('has what the server counted itself, where it keeps statistics', () => {
    const statistics = { requests: 1200, rowsTogether: 1, queueMs: 5, inputMs: 0.1, inferMs: 4, outputMs: 0.2 }
    const together = { ...point, offeredPerSecond: 200, statistics: { ...statistics, rowsTogether: 2.5 } }
    expect(rendered({ points: [{ ...point, statistics }, together, point] })).toContain(
      [
        "Means by the server's own statistics, warm-up and other clients' requests",
        'included',
        '  100 requests/s: queue 5.00 ms, input 100 µs, model 4.00 ms, output 200 µs',
        '  200 requests/s: queue 5.00 ms, input 100 µs, model 4.00 ms, output 200 µs; 2.5',
        '  rows a call',
        '',
      ].join('\n'),
    )
  })

  test('says whether answers under load are right', () => {
    const answers = (changed: object) =>
      rendered({ audit: { ...document.audit, answers: { compared: 64, different: 0, notCompared: 0, why: null, ...changed } } })
        .replace(/\s+/g, ' ')
        .match(/Answers: [^.]*\./)![0]
    expect(answers({})).toBe('Answers: 64 of them compared with those that the same requests get alone, all the same.')
    expect(answers({ different: 3, notCompared: 2, why: 'there was no time' })).toBe(
      'Answers: 3 of 64 are not those that the same requests get alone; 2 not: there was no time.',
    )
    expect(answers({ compared: 0, notCompared: 64, why: 'each time differently' })).toBe(
      'Answers: not compared with those that the same requests get alone: each time differently.',
    )
  })

  test('says what a number owes to the generator, where it is more than a twentieth', () => {
    const late = (share: number) => {
      const ownLateness = { offeredPerSecond: 60, name: 'p50Ms', ms: 0.16, share }
      return rendered({ audit: { ...document.audit, ownLateness } }).replace(/\s+/g, ' ')
    }
    expect(late(0.16)).toMatch(/p99 300 µs\), 16 % of the p50 at 60\.0 requests\/s \(160 µs\) is its lateness, reaches/)
    expect(late(0.04)).not.toMatch(/is its lateness/)
  })

  test('says where a run is too short to say whether a server keeps up', () => {
    const unclear = { ...point, keepsUp: null, p50Ms: null, p99Ms: null, meanMs: null }
    expect(rendered({ points: [unclear] })).toMatch(/^ +100 +99\.8 +- +- .*\n {2}100 requests\/s: may not keep up$/m)
  })

  test('says where a server does not keep up, and gives no numbers there', () => {
    const full = { ...point, saturated: true, p50Ms: null, p99Ms: null, meanMs: null }
    expect(rendered({ points: [point, full] })).toMatch(
      /^ +100 +99\.8 +- +- +- +- +0\.20 %\n {2}100 requests\/s: does not keep up$/m,
    )
  })

  test('has the server that was started, and other set-ups of it', () => {
    const setup = {
      engine: 'ort-cpu',
      workers: 2,
      threadsPerWorker: 1,
      queueLimit: 64,
      deadlineMs: null,
      spinning: false,
      maxBatch: 1,
    }
    const full = { ...point, saturated: true, meanMs: null }
    const other = { ...setup, workers: 1, threadsPerWorker: 2, maxBatch: 8 }
    const text = rendered({ setup, alternatives: [{ setup: other, before: point, point: { ...point, meanMs: 4 }, after: full }] })
    expect(text).toMatch(/^Server: ort-cpu, 2 workers × 1 thread, up to 64 wait; on the same 2 CPUs that/m)
    expect(text).toMatch(
      /under the same 100 requests\/s\n {2}unchanged: mean 12\.0 ms, p99 40\.0 ms\n {2}1 worker × 2 threads, up to 8 rows together: mean 4\.00 ms, p99 40\.0 ms\n {2}unchanged, again: does not keep up/,
    )
  })

  test('has what predictions of several rows took, and why requests are not joined', () => {
    const setup = { engine: 'ort-cpu', workers: 1, threadsPerWorker: 1, queueLimit: 32, deadlineMs: null, spinning: true }
    const batchCosts = [
      { rows: 1, ms: 2 },
      { rows: 2, ms: 2.5 },
    ]
    expect(rendered({ setup: { ...setup, maxBatch: 2, batchDelayMs: 3, batchCosts } })).toMatch(
      /up to 2 rows\ntogether of those that come within 3\.00 ms; on [^.]*\.\nA prediction takes by its rows: 1 row 2\.00 ms, 2 2\.50 ms\.\n/,
    )
    expect(rendered({ setup: { ...setup, maxBatch: 1, batchCosts, whyAlone: 'x' } })).toMatch(
      /2\.50 ms\. One by one is as fast\./,
    )
    expect(rendered({ setup: { ...setup, maxBatch: 1, whyAlone: 'its axes are fixed' } })).toMatch(
      /not joined: its axes are fixed\./,
    )
  })

  test('in a closed loop names clients', () => {
    const closed = { ...point, offeredPerSecond: null, clients: 8 }
    expect(rendered({ points: [closed] })).toMatch(/^clients .*\n +8 +99\.8/m)
  })
})
