// Calibration finds the range that each value of a model takes, over samples: static quantization lays its 256 steps over it.

/**
 * minmax: the smallest and largest number ever seen. moving-average: the mean over samples of each sample's smallest and largest.
 * percentile: all but a share of the numbers. entropy: the range whose 256 steps tell most like the numbers themselves (Kullback and
 * Leibler). mse: the range whose steps lie nearest to the numbers in the mean of squares.
 */
export const calibrationMethods = ['minmax', 'moving-average', 'percentile', 'entropy', 'mse'] as const
export type CalibrationMethod = (typeof calibrationMethods)[number]

export interface ValueRange {
  readonly low: number
  readonly high: number
}

/** A value of which each channel by itself is wanted, over samples and places. */
export interface ChannelsOf {
  readonly value: string
  readonly axis: number
  readonly rank: number
  /** How many channels there are. */
  readonly size: number
}

/** A model with the values as further outputs. */
export interface ObservedModel {
  readonly file: string
  readonly values: readonly string[]
}

/** A model with one output, a vector: the smallest of each of `values`, then the largest of each, then channels' means, then their peaks. */
export interface MinMaxModel extends ObservedModel {
  readonly channels: readonly ChannelsOf[]
}

/** Methods that must see how often which numbers occur. */
export function needsHistograms(method: CalibrationMethod): method is 'percentile' | 'entropy' | 'mse' {
  return method === 'percentile' || method === 'entropy' || method === 'mse'
}
