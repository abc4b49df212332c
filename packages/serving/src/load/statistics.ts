// What a server counts of its model, in the form of Triton's statistics extension: sums since it started, so that a run is the difference of
// two. https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import { fieldsOf } from '@whyslow/graph/json.ts'
import type { LoadStatistics } from '@whyslow/report/documents/load.ts'

/** Durations of requests, by their names in the protocol, in the order of time. */
const DURATIONS = ['queue', 'compute_input', 'compute_infer', 'compute_output'] as const
export type Duration = (typeof DURATIONS)[number]

/** Requests, and the time of all of them. */
export interface RequestCount {
  readonly count: number
  readonly ns: number
}

/** Counters of each version of a model, in the order of `countersOf`. */
export type ModelStatistics = ReadonlyMap<string, readonly number[]>

/** `inferences`: rows that were predicted; `executions`: calls of the model. */
export function countersOf(
  inferences: number,
  executions: number,
  duration: (name: Duration) => RequestCount,
): readonly number[] {
  const times = DURATIONS.map(duration).flatMap(({ count, ns }) => [count, ns])
  return [inferences, executions, ...times]
}

/** Some servers write whole numbers of 64 bits as text. */
const number = (value: unknown): number => (Number.isFinite(Number(value)) ? Number(value) : 0)

/** Statistics from the answer to `GET …/stats`; null if it is not one. */
export function readStatistics(answer: unknown): ModelStatistics | null {
  const { model_stats: models } = fieldsOf(answer)
  if (!Array.isArray(models) || models.length === 0) return null
  return new Map(
    models.map(fieldsOf).map(({ version, inference_count: inferences, execution_count: executions, inference_stats: times }) => {
      const duration = (name: Duration) => {
        const { count, ns } = fieldsOf(fieldsOf(times)[name])
        return { count: number(count), ns: number(ns) }
      }
      return [String(version), countersOf(number(inferences), number(executions), duration)]
    }),
  )
}

/**
 * Means between two looks, over all versions; null if nothing was predicted meanwhile, or the server began again, or another one told: a
 * version is gone, or a number that only grows fell.
 */
export function statisticsBetween(before: ModelStatistics, after: ModelStatistics): LoadStatistics | null {
  const changes = [...after].map(([version, counters]) => counters.map((now, k) => now - (before.get(version)?.[k] ?? 0)))
  if ([...before.keys()].some((version) => !after.has(version)) || changes.flat().some((change) => change < 0)) return null
  const [inferences, executions, ...times] = changes.reduce((sums, change) => sums.map((sum, k) => sum + change[k]!))
  const mean = (name: Duration) => {
    const [count, ns] = times.slice(2 * DURATIONS.indexOf(name))
    return { requests: count!, ms: count! > 0 ? ns! / count! / 1e6 : 0 }
  }
  const { requests, ms: queueMs } = mean('queue')
  if (requests === 0 || executions === 0) return null
  return {
    requests,
    rowsTogether: inferences! / executions!,
    queueMs,
    inputMs: mean('compute_input').ms,
    inferMs: mean('compute_infer').ms,
    outputMs: mean('compute_output').ms,
  }
}
