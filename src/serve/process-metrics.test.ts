import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { watchProcess } from './process-metrics.ts'

const rest = () => new Promise((resolve) => setTimeout(resolve, 30))
const hold = () => {
  const started = performance.now()
  while (performance.now() - started < 60);
}
const valuesOf = (text: string) =>
  new Map([...text.matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]))

test('tells of event loop, collection, memory and CPU, each once and as a number', async () => {
  const registry = new Registry()
  const watched = watchProcess(registry)
  await rest()
  hold()
  await rest()
  const text = await registry.metrics()
  const values = valuesOf(text)
  expect(
    [...values.values()].every((value) => Number.isFinite(value) && value >= 0),
    text,
  ).toBe(true)
  // What held the loop shows in the longest delay, and not in what is asked afterwards.
  expect(values.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.02)
  expect(valuesOf(await registry.metrics()).get('nodejs_eventloop_lag_max_seconds')).toBe(0)
  expect(values.get('nodejs_eventloop_utilization')).toBeLessThanOrEqual(1)
  expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(values.get('process_cpu_user_seconds_total')).toBeGreaterThan(0)
  expect(text.match(/^# TYPE \S+/gm)).toEqual([...new Set(text.match(/^# TYPE \S+/gm))])
  // Nothing is watched any more.
  watched.close()
  await rest()
  hold()
  await rest()
  expect(valuesOf(await registry.metrics()).get('nodejs_eventloop_lag_max_seconds')).toBe(0)
})
