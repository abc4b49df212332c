// Samples in the order in which they were taken as one line of blocks, process by process: whether they are steady, at a glance.

const LEVELS = '▁▂▃▄▅▆▇█'
const BETWEEN = '│'
/** Less is noise of no account: the scale never spans less than this share of its middle. */
const LEAST_SPREAD = 0.2

export interface Sparkline {
  readonly text: string
  /** Samples behind each mark, at most; a mark is their median. */
  readonly perMark: number
  /** Lowest of the marks. */
  readonly low: number
  readonly high: number
}

/** A sparkline of at most `most` cells. null if there are no two samples, or no room for a mark of each process. */
export function sparkline(processes: readonly (readonly number[])[], most: number): Sparkline | null {
  const own = processes.filter(({ length }) => length > 0)
  const longest = Math.max(0, ...own.map(({ length }) => length))
  const marksEach = Math.floor((most - (own.length - 1)) / Math.max(1, own.length))
  if (longest < 2 || marksEach < 1) return null
  const perMark = Math.ceil(longest / marksEach)
  const marks = own.map((samples) => mediansOf(samples, perMark))
  const all = marks.flat()
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const middle = (low + high) / 2
  const spread = Math.max(high - low, LEAST_SPREAD * Math.abs(middle), Number.MIN_VALUE)
  const bottom = middle - spread / 2
  const level = (value: number) =>
    Math.max(0, Math.min(LEVELS.length - 1, Math.floor(((value - bottom) / spread) * LEVELS.length)))
  const text = marks.map((values) => values.map((value) => LEVELS[level(value)]).join('')).join(BETWEEN)
  return { text, perMark, low, high }
}

function mediansOf(samples: readonly number[], size: number): number[] {
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, at) => medianOf(samples.slice(at * size, (at + 1) * size)))
}

/** Median of at least one sample, by the same definition as the median of measurements, which documents do not import. */
export function medianOf(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
