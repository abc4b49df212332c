// What /metrics reports of the server's process apart from its predictions: its event loop, garbage collection, memory and CPU. Names are those of
// prom-client's default metrics, so that dashboards for Node's processes work. Those themselves cannot be ended, count the timer of the event
// loop's watch as its delay, and one collection of those that are told together.
import { constants, type IntervalHistogram, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** As prom-client has them, seconds. */
const COLLECTION_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5]

/** The event loop is looked at so often; what it says includes this. */
const RESOLUTION_MS = 10

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

/** What is asked of the delay of the event loop, ns. */
export type DelayWatch = Pick<IntervalHistogram, 'enable' | 'disable' | 'percentile' | 'max' | 'reset'>

/** Registers them. Delay and utilization of the event loop are those since the registry was asked before. */
export function watchProcess(
  registry: Registry,
  delay: DelayWatch = monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
): { close(): void } {
  const ends = [watchEventLoop(registry, delay), watchCollections(registry)]
  tellMemoryAndCpu(registry)
  return {
    close() {
      for (const end of ends) end()
    },
  }
}

function watchEventLoop(registry: Registry, delay: DelayWatch): () => void {
  const registers = [registry]
  delay.enable()
  const lag = (name: string, nanoseconds: () => number, told: () => void = () => {}) =>
    new Gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `Delay of the event loop, ${name}`,
      registers,
      collect() {
        const seconds = nanoseconds() / 1e9 - RESOLUTION_MS / 1000
        this.set(Number.isFinite(seconds) ? Math.max(0, seconds) : 0)
        told()
      },
    })
  lag('p50', () => delay.percentile(50))
  lag('p99', () => delay.percentile(99))
  lag(
    'max',
    () => delay.max,
    () => delay.reset(),
  )
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'nodejs_eventloop_utilization',
    help: 'Share of the time in which the event loop was busy',
    registers,
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, before).utilization)
      before = now
    },
  })
  return () => void delay.disable()
}

function watchCollections(registry: Registry): () => void {
  const collections = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collection of the main thread, by kind',
    labelNames: ['kind'],
    buckets: COLLECTION_BUCKETS,
    registers: [registry],
  })
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as typeof entry & { readonly detail?: { readonly kind: number } }
      collections.observe({ kind: KINDS[detail?.kind ?? 0] ?? 'other' }, duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => observer.disconnect()
}

function tellMemoryAndCpu(registry: Registry): void {
  const registers = [registry]
  const memory = (name: string, help: string, kind: 'rss' | 'heapUsed' | 'heapTotal' | 'external') =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(process.memoryUsage()[kind])
      },
    })
  const cpu = (name: string, help: string, kind: 'user' | 'system') =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset()
        this.inc(process.cpuUsage()[kind] / 1e6)
      },
    })
  memory('process_resident_memory_bytes', 'Memory of the process, workers and model among it', 'rss')
  memory('nodejs_heap_size_used_bytes', "The main thread's heap in use", 'heapUsed')
  memory('nodejs_heap_size_total_bytes', "The main thread's heap", 'heapTotal')
  memory('nodejs_external_memory_bytes', 'Memory outside the heap that its objects hold', 'external')
  cpu('process_cpu_user_seconds_total', 'CPU time of all threads in the process', 'user')
  cpu('process_cpu_system_seconds_total', 'CPU time of all threads in the kernel', 'system')
}
