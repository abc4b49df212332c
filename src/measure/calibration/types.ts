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

/** A value whose mean over everything but one axis is wanted: over samples and places, for each channel. */
export interface ChannelsOf {
  readonly value: string
  readonly axis: number
  readonly rank: number
}

/** A model with further outputs: for each of `values` its two extremes, or the value itself. */
export interface ObservedModel {
  readonly file: string
  readonly values: readonly string[]
  /** Of some of the values; their means are outputs too. */
  readonly means?: readonly ChannelsOf[]
}

/** Of the output that holds a value's smallest (largest) number. */
export const lowName = (value: string): string => `${value}__low`
export const highName = (value: string): string => `${value}__high`
/** Of the output that holds the means of its channels. */
export const meanName = (value: string): string => `${value}__mean`
