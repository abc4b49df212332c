// What /metrics tells of the server's process beside its predictions: its event loop, garbage collection, memory and CPU. Names are those of
// prom-client's default metrics, so that dashboards for Node's processes work: https://github.com/prometheus/client_js
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'

export interface ProcessMetrics {
  /** In Prometheus' format. Delay and utilization of the event loop are those since it was asked before. */
  text(): string
  close(): void
}

/** The event loop is looked at so often; what it says includes this. */
const RESOLUTION_MS = 10

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

export function watchProcess(): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const collections = new Map<string, { count: number; seconds: number }>()
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as typeof entry & { readonly detail?: { readonly kind: number } }
      const kind = KINDS[detail?.kind ?? 0] ?? 'other'
      const known = collections.get(kind) ?? { count: 0, seconds: 0 }
      collections.set(kind, { count: known.count + 1, seconds: known.seconds + duration / 1000 })
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  let loop = performance.eventLoopUtilization()
  return {
    text() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, loop)
      loop = now
      const lag = (nanoseconds: number) =>
        Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000) : 0
      const lags: [string, number][] = [
        ['p50', delay.percentile(50)],
        ['p99', delay.percentile(99)],
        ['max', delay.max],
      ]
      const lines = [
        ...lags.map(([name, value]) =>
          gauge(`nodejs_eventloop_lag_${name}_seconds`, `Delay of the event loop, ${name}`, lag(value)),
        ),
        gauge('nodejs_eventloop_utilization', 'Share of the time in which the event loop was busy', utilization),
        collectionText(collections),
        ...memoryAndCpu(),
      ]
      delay.reset()
      return lines.join('')
    },
    close() {
      delay.disable()
      observer.disconnect()
    },
  }
}

const said = (kind: string) => (name: string, help: string, value: number) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`
const gauge = said('gauge')
const counter = said('counter')

function collectionText(collections: ReadonlyMap<string, { readonly count: number; readonly seconds: number }>): string {
  const name = 'nodejs_gc_duration_seconds'
  const rows = [...collections].map(
    ([kind, { count, seconds }]) => `${name}_sum{kind="${kind}"} ${seconds}\n${name}_count{kind="${kind}"} ${count}\n`,
  )
  return `# HELP ${name} Garbage collection of the main thread, by kind\n# TYPE ${name} summary\n${rows.join('')}`
}

function memoryAndCpu(): string[] {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return [
    gauge('process_resident_memory_bytes', 'Memory of the process, workers and model among it', rss),
    gauge('nodejs_heap_size_used_bytes', "The main thread's heap in use", heapUsed),
    gauge('nodejs_heap_size_total_bytes', "The main thread's heap", heapTotal),
    gauge('nodejs_external_memory_bytes', 'Memory outside the heap that its objects hold', external),
    counter('process_cpu_user_seconds_total', 'CPU time of all threads in the process', user / 1e6),
    counter('process_cpu_system_seconds_total', 'CPU time of all threads in the kernel', system / 1e6),
  ]
}
