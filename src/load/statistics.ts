// What a server counts of its model, in the form of Triton's statistics extension: sums since it started, so that a run is the difference of
// two. https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import type { LoadStatistics } from '../report/documents/load.ts'

/** Durations of a prediction, by their names in the protocol. */
export type Duration = 'queue' | 'compute_input' | 'compute_infer' | 'compute_output'

/** `count`: requests. */
export interface Counted {
  readonly count: number
  readonly ns: number
}

/** Of all versions of a model together. */
export interface ModelStatistics extends Readonly<Record<Duration, Counted>> {
  /** Rows that were predicted. */
  readonly inferences: number
  readonly executions: number
}

export const durations = (of: (name: Duration) => Counted): Readonly<Record<Duration, Counted>> => ({
  queue: of('queue'),
  compute_input: of('compute_input'),
  compute_infer: of('compute_infer'),
  compute_output: of('compute_output'),
})

export const added = (one: ModelStatistics, other: ModelStatistics): ModelStatistics => ({
  inferences: one.inferences + other.inferences,
  executions: one.executions + other.executions,
  ...durations((name) => ({ count: one[name].count + other[name].count, ns: one[name].ns + other[name].ns })),
})

type Plain = Readonly<Record<string, unknown>>
const plain = (value: unknown): Plain => (typeof value === 'object' && value !== null ? (value as Plain) : {})
/** Some servers write whole numbers of 64 bits as text. */
const number = (value: unknown): number => (Number.isFinite(Number(value)) ? Number(value) : 0)

/** Of the answer to `GET …/stats`; null where it is none. */
export function readStatistics(answer: unknown): ModelStatistics | null {
  const { model_stats: models } = plain(answer)
  if (!Array.isArray(models) || models.length === 0) return null
  return models.map(statisticsOf).reduce(added)
}

function statisticsOf(model: unknown): ModelStatistics {
  const { inference_count: inferences, execution_count: executions, inference_stats: times } = plain(model)
  const counted = (name: Duration) => {
    const { count, ns } = plain(plain(times)[name])
    return { count: number(count), ns: number(ns) }
  }
  return { inferences: number(inferences), executions: number(executions), ...durations(counted) }
}

/** Means between two looks; null where nothing was predicted meanwhile, or the server began anew. */
export function statisticsBetween(before: ModelStatistics, after: ModelStatistics): LoadStatistics | null {
  const requests = after.queue.count - before.queue.count
  const executions = after.executions - before.executions
  if (requests <= 0 || executions <= 0) return null
  const meanMs = (name: Duration) => {
    const count = after[name].count - before[name].count
    return count > 0 ? (after[name].ns - before[name].ns) / count / 1e6 : 0
  }
  return {
    requests,
    rowsTogether: (after.inferences - before.inferences) / executions,
    queueMs: meanMs('queue'),
    inputMs: meanMs('compute_input'),
    inferMs: meanMs('compute_infer'),
    outputMs: meanMs('compute_output'),
  }
}
