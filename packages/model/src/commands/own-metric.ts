// What a model's own outputs give under the labels of --data: accuracy, or an error, on up to a thousand of its rows.
import path from 'node:path'
import type { WhyOptions } from '@whyslow/command/options.ts'
import type { Run } from '@whyslow/command/run.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { compareOutputs } from '@whyslow/measure/outputs/index.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import type { MetricName } from '@whyslow/measure/outputs/types.ts'
import { elementCount } from '@whyslow/measure/samples/dtype-arrays.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf } from '@whyslow/measure/trials/port.ts'
import type { MetricValue } from '@whyslow/report/documents/report.ts'
import { type JudgedInputs, judgedInputs } from '../evidence/judged-inputs.ts'

/** Accuracy and agreement are shares: a thousand rows tell them to a point. */
export const METRIC_SAMPLES = 1000
/** No further row is begun after this long. */
export const METRIC_LIMIT_MS = 20_000

export type OwnMetric = MetricValue

interface Given {
  readonly metric: MetricName | null
  readonly graph: GraphView
}

/** One label for each sample, or more of them; null if no output is about the labels. */
export function metricUnder(
  outputs: readonly Results[],
  labels: readonly TensorValue[],
  { metric: wanted, graph }: Given,
): OwnMetric | null {
  const own = labels.slice(0, outputs.length)
  const { metric } = compareOutputs(outputs, outputs, { labels: own, metric: wanted, graph })
  if (metric === null || !Number.isFinite(metric.before)) return null
  return { name: metric.name, value: metric.before, rows: own.reduce((sum, { shape }) => sum + elementCount(shape), 0) }
}

export type MeasuredMetric = { readonly metric: OwnMetric } | { readonly reason: string }

/** null if the data has no labels. To be called within `alone`. */
export async function measuredMetric(run: Run, options: WhyOptions): Promise<MeasuredMetric | null> {
  const { trials, model, graph, inputs, engineOptions, limits, folder } = run
  if (inputs.labels === null) return null
  run.progress({ stage: 'outputs under the labels', done: 0, of: 1 })
  const own = path.join(folder, 'labelled')
  let judged: JudgedInputs
  try {
    judged = judgedInputs(model, { ...options, folder: own }, inputs, METRIC_SAMPLES)
  } catch (error) {
    // More rows are read than were measured with: one that cannot be read takes nothing from what was measured.
    if (!(error instanceof InputError)) throw error
    return { reason: error.message }
  }
  const task = modelTask(options.engine, fileForEngine(model), engineOptions, judged.saved)
  const given = { ...task, outputFolder: path.join(own, 'outputs'), inMs: METRIC_LIMIT_MS }
  const trial = await trials.run(outputsTask, given, trialLimits(limits, METRIC_LIMIT_MS))
  if (trial.outcome !== 'measured') return { reason: `its outputs under the labels could not be had: ${reasonOf(trial)}` }
  const metric = metricUnder(loadInputs(trial.value.saved), judged.labels ?? inputs.labels, { metric: null, graph })
  return metric === null ? { reason: 'no output is about the labels of --data' } : { metric }
}
