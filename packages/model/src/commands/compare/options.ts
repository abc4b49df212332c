// What a comparison can be told, and its defaults.
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { MetricName } from '@whyslow/measure/outputs/index.ts'

export interface CompareOptions extends Omit<WhyOptions, 'batch'> {
  /** Ids of the engines that one model is measured on; null: every installed engine. */
  readonly engines: readonly string[] | null
  /** Samples in a prediction; several: each of them is measured, and the first is the one that is ranked. null: as the inputs have it. */
  readonly batches: readonly number[] | null
  /** Fresh processes of each contestant; null: 5, or 3 with `quick`. */
  readonly rounds: number | null
  /** Limit of one process, seconds: what takes longer is a row with that reason. */
  readonly limitSeconds: number
  readonly metric: MetricName | null
}

const { batch: _, ...ofWhy } = DEFAULTS

export const COMPARE_DEFAULTS: CompareOptions = {
  ...ofWhy,
  engines: null,
  batches: null,
  rounds: null,
  limitSeconds: 30,
  metric: null,
}
