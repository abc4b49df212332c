// What predictions of several rows cost, and how many rows are worth joining by it. Joining gains what a call takes whatever its rows: on a
// CPU often next to nothing, and beyond the caches less than that. With cost(b) = α·b + τ the most that it can gain is 1 + τ/α.

export interface BatchCost {
  readonly rows: number
  /** A worker's time for one prediction of this many, to it and back; median, all workers at it. */
  readonly ms: number
}

/** cost(b) = perRowMs · b + fixedMs */
export interface CostLine {
  readonly perRowMs: number
  readonly fixedMs: number
}

export interface BatchChoice {
  /** 1: requests are not joined. */
  readonly mostRows: number
  /** Why they are not; null if they are. */
  readonly why: string | null
  /** Answers that workers give so over those of one by one. */
  readonly gain: number
}

/** Least gain for which it is worth that rows wait for each other; the whole server gains less than its workers. */
const LEAST_GAIN = 1.05
/** The fewest rows whose gain is so near the best: they hold nobody up longer than needed. */
const NEAR_BEST = 0.97

/** Answers a second over those of one by one, on the same workers. */
const gainOf = (costs: readonly BatchCost[], { rows, ms }: BatchCost): number => (rows * perRow(costs[0]!)) / ms
const perRow = ({ rows, ms }: BatchCost): number => ms / rows

/**
 * `costs`: the fewest rows first. `withinMs`: what an answer may take, null: nobody says. A request waits for a batch that has just left,
 * then up to `delayMs` for others, and is in one.
 */
export function chooseBatch(costs: readonly BatchCost[], withinMs: number | null, delayMs: number): BatchChoice {
  const inTime = costs.filter(({ ms }, k) => k === 0 || withinMs === null || 2 * ms + delayMs <= withinMs)
  const gains = inTime.map((cost) => gainOf(costs, cost))
  const most = Math.max(...gains)
  if (most >= LEAST_GAIN) {
    const at = gains.findIndex((gain) => gain >= NEAR_BEST * most)
    return { mostRows: inTime[at]!.rows, why: null, gain: gains[at]! }
  }
  const last = costs.at(-1)!
  const isLate = costs.length > inTime.length && Math.max(...costs.map((cost) => gainOf(costs, cost))) >= LEAST_GAIN
  const wait = delayMs > 0 ? `, and the wait of ${delayMs} ms,` : ''
  const why = isLate
    ? `two predictions of as many rows as would pay${wait} take longer than the ${withinMs} ms that an answer may take`
    : `a prediction of ${last.rows} rows takes ${(last.ms / costs[0]!.ms).toFixed(1)} times as long as one of ${costs[0]!.rows}`
  return { mostRows: 1, why, gain: 1 }
}

/**
 * The most rows that are answered no later on average together than one after the other by `workers`, which become free in turns: b rows
 * together take cost(b), one by one (1 + (b - 1) / (2 · workers)) · cost(1). More are joined only where a whole batch waits.
 */
export function rowsWithoutLoss(costs: readonly BatchCost[], mostRows: number, workers: number): number {
  const first = costs[0]!
  let rows = first.rows
  for (const cost of costs.slice(1)) {
    const times = cost.rows / first.rows
    if (cost.rows > mostRows || cost.ms > (1 + (times - 1) / (2 * workers)) * first.ms) break
    rows = cost.rows
  }
  return rows
}

/** Least squares of what is off in proportion, so that one row counts as much as thirty-two; neither part below 0. */
export function fittedLine(costs: readonly BatchCost[]): CostLine {
  let [one, row, square, ms, product] = [0, 0, 0, 0, 0]
  for (const cost of costs) {
    const weight = 1 / cost.ms ** 2
    one += weight
    row += weight * cost.rows
    square += weight * cost.rows ** 2
    ms += weight * cost.ms
    product += weight * cost.rows * cost.ms
  }
  const spread = one * square - row ** 2
  const slope = spread > 0 ? (one * product - row * ms) / spread : 0
  const perRowMs = Math.max(0, Math.min(slope, product / square))
  return { perRowMs, fixedMs: Math.max(0, (ms - perRowMs * row) / one) }
}

/** Two rows must cost less than this many times one before waiting for a second can pay. */
const SECOND_ROW = 1.5

/**
 * How long an incomplete batch may wait for others, ms; 0 if that cannot pay: rows are not cheap together, an answer may take no longer,
 * or nobody comes meanwhile.
 */
export function delayToTry(costs: readonly BatchCost[], mostRows: number, asked: DelayAsked): number {
  const first = costs[0]!
  const two = costs.find(({ rows }) => rows === 2 * first.rows)
  const full = costs.find(({ rows }) => rows === mostRows)
  if (two === undefined || full === undefined || two.ms >= SECOND_ROW * first.ms) return 0
  const delayMs = Math.min(full.ms, (asked.withinMs - 2 * full.ms) / 2)
  return delayMs > 0 && (delayMs / 1000) * asked.ratePerSecond >= 1 ? delayMs : 0
}

interface DelayAsked {
  readonly withinMs: number
  readonly ratePerSecond: number
}
