import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { type DelayWatch, watchProcess } from './process-metrics.ts'

const valuesOf = (text: string) =>
  new Map([...text.matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]))

/** A watch of the event loop that says what it is told, ms. */
function scriptedDelay() {
  let delays: number[] = []
  const asked: string[] = []
  const nanoseconds = (ms: number | undefined) => (ms === undefined ? Number.NaN : ms * 1e6)
  const watch: DelayWatch = {
    enable: () => asked.push('enable') > 0,
    disable: () => asked.push('disable') > 0,
    percentile: (share) => nanoseconds(delays.toSorted((a, b) => a - b)[Math.ceil((share / 100) * delays.length) - 1]),
    get max() {
      return nanoseconds(delays.length === 0 ? undefined : Math.max(...delays))
    },
    reset: () => {
      delays = []
    },
  }
  return { watch, asked, add: (...more: number[]) => delays.push(...more) }
}

test('tells of event loop, collection, memory and CPU, each once and as a number', async () => {
  const registry = new Registry()
  const watched = watchProcess(registry)
  const text = await registry.metrics()
  watched.close()
  const values = valuesOf(text)
  expect(
    [...values.values()].every((value) => Number.isFinite(value) && value >= 0),
    text,
  ).toBe(true)
  expect(values.get('nodejs_eventloop_utilization')).toBeLessThanOrEqual(1)
  expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(values.get('process_cpu_user_seconds_total')).toBeGreaterThan(0)
  expect(text.match(/^# TYPE \S+/gm)).toEqual([...new Set(text.match(/^# TYPE \S+/gm))])
})

test('what held the event loop shows without the 10 ms of its watch, and not in what is asked afterwards', async () => {
  const registry = new Registry()
  const { watch, asked, add } = scriptedDelay()
  const watched = watchProcess(registry, watch)
  const lags = async () => {
    const values = valuesOf(await registry.metrics())
    return ['p50', 'p99', 'max'].map((name) => values.get(`nodejs_eventloop_lag_${name}_seconds`))
  }
  add(10, 11, 70)
  const [p50, p99, max] = await lags()
  expect(p50).toBeCloseTo(0.001)
  expect(p99).toBeCloseTo(0.06)
  expect(max).toBeCloseTo(0.06)
  expect(await lags()).toEqual([0, 0, 0])
  // Less than the watch itself takes.
  add(9)
  expect(await lags()).toEqual([0, 0, 0])
  expect(asked).toEqual(['enable'])
  watched.close()
  expect(asked).toEqual(['enable', 'disable'])
})
