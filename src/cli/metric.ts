// `--metric`: what is computed of labels.
import { oneOf } from './options/one-of.ts'

const metrics = ['accuracy', 'mse', 'mae'] as const

/** null where none is named: it follows from the labels. UsageError where it is unknown. */
export function metricOf({ metric }: { readonly metric?: string }): (typeof metrics)[number] | null {
  return metric === undefined ? null : oneOf(metrics, metric, '--metric')
}
