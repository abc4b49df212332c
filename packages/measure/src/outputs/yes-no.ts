// Scores that each say yes or no for themselves, as Sigmoid makes them: of cells, anchors, pixels and labels. What reads them compares them
// with a threshold, between 0.25 and 0.5 for nearly all detectors. A score at 0.5 or above is a find; one below 0.25 is none.
//
// A sample in which nothing reaches 0.25 holds no decision. Its cosine compares what nobody reads, so its differences are compared with the
// score that would decide: as if one cell stood at 0.25 and were off by the largest difference of all. Faint scores may be read after
// all, as factors (an objectness times a class) or by their order, so that they have to be there still.
import type { SliceSums } from './slice-sums.ts'

export const FOUND_FROM = 0.5
export const NONE_BELOW = 0.25

/** Half a step of the 256 from 0 to 1, and what float32 rounds it to. */
export const HALF_STEP = 0.5001 / 255

/** Noise over signal (powers) from which on a slice has lost what it held. */
export const LOST_NOISE_RATIO = 0.5

/** Whether a score of the sample may reach a threshold in one of the two. */
export const canDecide = ({ largest, maxAbs }: Pick<SliceSums, 'largest' | 'maxAbs'>): boolean => largest + maxAbs >= NONE_BELOW

/**
 * No score decides in either. The candidate's scores have to be the original's still: in size, and in what varies from place to place. If
 * others decide (`largestOfAll` is a find), differences up to `mayLose` may leave anything of these.
 */
export function isSilent(
  { count, largest, maxAbs, signal, noise, sum, drift }: SliceSums,
  largestOfAll: number,
  mayLose: number,
): boolean {
  if (canDecide({ largest, maxAbs })) return false
  if (largestOfAll >= FOUND_FROM && maxAbs <= mayLose) return true
  return noise < LOST_NOISE_RATIO * signal && noise - drift ** 2 / count < LOST_NOISE_RATIO * (signal - sum ** 2 / count)
}

/** What differences leave of the score that would decide, or of the sample itself, if it is closer than that. */
export function closenessOfSilent({
  maxAbs,
  signal,
  candidate,
  noise,
  dot,
}: Pick<SliceSums, 'maxAbs' | 'signal' | 'candidate' | 'noise' | 'dot'>): number {
  if (noise === 0) return 1
  const own =
    signal === 0 || candidate === 0 ? 0 : Math.min(1 / Math.sqrt(1 + noise / signal), dot / Math.sqrt(signal * candidate))
  return Math.max(own, 1 / Math.sqrt(1 + (maxAbs / NONE_BELOW) ** 2))
}

/** Signal over noise (powers) that leaves this closeness. */
export const signalOverNoise = (closeness: number): number => closeness ** 2 / (1 - closeness ** 2)
