// Plausible columns of a table, from what a trained tabular model remembers of the rows it was trained on: trees split where their rows
// were, scalers store means and deviations, encoders store categories.
import { MISSING_CATEGORY } from '@whyslow/graph/forest/encoders.ts'
import { FLAG, type Forest, type Preparation, type TabularModel, TEST } from '@whyslow/graph/forest/types.ts'

/** How the values of one column are distributed. */
export type Column =
  /** Between and around split points, as many rows between any two neighbours. */
  | {
      readonly kind: 'splits'
      /** Ascending; a point that many nodes use is there as often. */
      readonly points: Float64Array
      /** How a value becomes whole, if all points say that the column holds whole numbers. */
      readonly whole: 'floor' | 'ceil' | 'round' | null
    }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** A quantity that is never below zero and mostly small, with this mean and deviation. */
  | { readonly kind: 'skewed'; readonly mean: number; readonly deviation: number }
  /** Each equally often. */
  | { readonly kind: 'choices'; readonly values: readonly number[] }
  /** The second value with this probability, else the first. */
  | { readonly kind: 'either'; readonly values: readonly [number, number]; readonly share: number }

/** Rows that a model was trained on, as far as it remembers them. */
export interface Rows {
  readonly columns: readonly (Column & { readonly missingShare: number })[]
  /** 'split points of its trees', 'stored means and deviations'. */
  readonly from: string
}

/** Tables are narrower: a damaged or hostile file may name any feature. */
export const MOST_COLUMNS = 100_000
/** Categories of one column that are kept: ids of users come in millions. */
const MOST_CHOICES = 1000
/** Nodes of a forest that are looked at, evenly spread over its trees. */
const MOST_NODES = 20_000
/** Share of missing values in a column whose missing values the model treats specially. */
const USUAL_MISSING = 0.05
/** Below, a split separates missing values from all others: sparse matrices store no zeros. */
const TINY = 1e-5
/** Two columns whose middles differ by less than this factor mostly hold the same quantity at two times. */
const ALIKE = 3
/** Correlation of such columns. */
const CORRELATION = 0.6

/** Functions that are applied to amounts, counts and durations. */
const OF_POSITIVE: ReadonlySet<string> = new Set(['log', 'log10', 'log1p', 'log2', 'sqrt', 'box-cox'])
/** Mean and deviation of such a column of which nothing else is known. */
const AMOUNT = 10

/** What is known of a raw column so far. */
interface Known {
  readonly points: { at: number; test: number }[]
  choices?: readonly number[]
  mean?: number
  deviation?: number
  hasMissing: boolean
  /** A function of it that has no value, or another form, below zero. */
  isPositive?: boolean
  missingYes: number
  missingNo: number
}

/** Where a column of a prepared row comes from: raw = value · factor + offset. undefined: from no single raw column, or not by a line. */
type Origin = { readonly raw: number; readonly factor: number; readonly offset: number } | undefined

/** What rows are drawn from of a forest. */
export type Splits = Pick<Forest, 'nodes' | 'sets' | 'oblivious'>

/** The rows of trees that read raw columns; undefined if they split nothing, or too many columns. */
export function rowsOfTrees(splits: Splits, featureCount: number): Rows | undefined {
  if (featureCount > MOST_COLUMNS) return undefined
  const known = unknownColumns(featureCount)
  addSplits(splits, unmoved(known), known)
  return rowsFrom(known, false)
}

/** undefined if the model remembers nothing of its rows, or if they have too many columns. */
export function rowsOf(model: TabularModel): Rows | undefined {
  if (model.input.featureCount > MOST_COLUMNS) return undefined
  const known = unknownColumns(model.input.featureCount)
  addModel(model, unmoved(known), known)
  return rowsFrom(known, model.maker === 'xgboost')
}

function addModel({ prepare, scores }: TabularModel, given: readonly Origin[], known: readonly Known[]): void {
  const origins = prepare.reduce((before, step) => afterStep(step, before, known), given)
  if (scores.kind === 'forest') addSplits(scores, origins, known)
  if (scores.kind === 'stacked') for (const { model } of scores.members) addModel(model, origins, known)
}

const isFound = (category: number): boolean => category !== MISSING_CATEGORY && !Number.isNaN(category)

const unknownColumns = (count: number): readonly Known[] =>
  Array.from({ length: count }, () => ({ points: [], hasMissing: false, missingYes: 0, missingNo: 0 }))

const unmoved = (known: readonly Known[]): readonly Origin[] => known.map((_, raw) => ({ raw, factor: 1, offset: 0 }))

/** `trustsMissing`: trees that never saw a missing value send them all one way. */
function rowsFrom(known: readonly Known[], trustsMissing: boolean): Rows | undefined {
  const columns = known.map((column) => columnOf(column, trustsMissing))
  if (columns.every((column) => column === undefined)) return undefined
  const isForest = known.some(({ points }) => points.length > 0)
  const from = isForest ? 'the split points of its trees' : 'the categories, means and deviations it stores'
  return { columns: columns.map((column) => column ?? UNUSED), from }
}

/** A column that the model never looks at. */
const UNUSED = { kind: 'normal', mean: 0, deviation: 1, missingShare: 0 } as const

function afterStep(step: Preparation, origins: readonly Origin[], known: readonly Known[]): readonly Origin[] {
  const each = (visit: (column: Known, k: number, origin: NonNullable<Origin>) => void) =>
    origins.forEach((origin, k) => {
      if (origin !== undefined) visit(known[origin.raw]!, k, origin)
    })
  switch (step.kind) {
    case 'round':
      return origins
    case 'take':
      return Array.from(step.columns, (k) => origins[k])
    case 'scale':
      return origins.map((origin, k) => scaled(step, origin, k, known))
    case 'impute':
      each((column) => {
        column.hasMissing ||= Number.isNaN(step.missing)
      })
      return [...origins, ...Array.from(step.indicators ?? [], () => undefined)]
    case 'one-hot':
    case 'ordinal':
      each((column, k) => {
        const categories = step.categories[k]
        if (categories !== undefined) column.choices ??= [...categories.filter(isFound)].slice(0, MOST_CHOICES)
      })
      if (step.kind === 'ordinal') return origins.map((origin, k) => (step.categories[k] === undefined ? origin : undefined))
      return step.categories.flatMap((categories, k) => (categories === undefined ? [origins[k]] : Array(categories.length)))
    case 'map':
      each((column, k) => {
        const keys = step.columns[k]?.keys
        if (keys !== undefined) column.choices ??= [...keys.subarray(0, MOST_CHOICES)]
      })
      return origins.map((origin, k) => (step.columns[k] === undefined ? origin : undefined))
    case 'apply':
      each((column, k) => {
        column.isPositive ||= OF_POSITIVE.has(step.functions[k]?.name ?? '')
      })
      return origins.map((origin, k) => (step.functions[k] === undefined ? origin : undefined))
    case 'binarize':
      each((column, k, { factor, offset }) => {
        column.points.push({ at: step.thresholds[k]! * factor + offset, test: TEST.lessOrEqual })
      })
      return origins.map(() => undefined)
    case 'bins':
      each((column, k, { factor, offset }) => {
        for (const edge of step.edges[k] ?? []) column.points.push({ at: edge * factor + offset, test: TEST.less })
      })
      return origins.map((origin, k) => (step.edges[k] === undefined ? origin : undefined))
    case 'normalize':
      return origins.map(() => undefined)
    case 'project':
      return [...origins.slice(0, step.at), ...Array(step.bias.length), ...origins.slice(step.at + step.inputs)]
    case 'products': {
      const made = step.factors.map((list) => (list.length === 1 ? origins[step.at + list[0]!] : undefined))
      return [...origins.slice(0, step.at), ...made, ...origins.slice(step.at + step.inputs)]
    }
  }
}

function scaled(
  { form, offset, factor }: Extract<Preparation, { kind: 'scale' }>,
  origin: Origin,
  k: number,
  known: readonly Known[],
): Origin {
  const [by, from] = [factor[k]!, offset[k]!]
  if (origin === undefined || by === 0) return undefined
  // The value before the step is the one after it by this line.
  const line =
    form === 'multiply-add'
      ? { factor: 1 / by, offset: -from / by }
      : { factor: form === 'subtract-divide' ? by : 1 / by, offset: from }
  const result = { raw: origin.raw, factor: line.factor * origin.factor, offset: line.offset * origin.factor + origin.offset }
  const column = known[origin.raw]!
  // A scaler to 0 … 1 multiplies and adds; other scalers take the mean off and divide by the deviation, in one step or in two. The same
  // number for all columns is a change of unit: it tells nothing of the rows.
  const [middle, spread] = form === 'multiply-add' ? [0.5, 0.25] : [0, 1]
  if (differ(offset)) column.mean = middle * result.factor + result.offset
  if (differ(factor)) column.deviation = Math.abs(result.factor) * spread
  return result
}

const differ = (numbers: Float64Array): boolean => numbers.length === 1 || numbers.some((one) => one !== numbers[0])

function addSplits({ nodes, sets, oblivious }: Splits, origins: readonly Origin[], known: readonly Known[]): void {
  const add = (feature: number, at: number, test: number, missingIsYes: boolean) => {
    const origin = origins[feature]
    if (origin === undefined) return
    const column = known[origin.raw]!
    if (missingIsYes) column.missingYes++
    else column.missingNo++
    if (test === TEST.member) column.choices = merged(column.choices, membersOf(sets, at))
    else if (test === TEST.equal) column.choices = merged(column.choices, [at * origin.factor + origin.offset])
    else if (Number.isFinite(at)) column.points.push({ at: at * origin.factor + origin.offset, test })
  }
  if (nodes.feature.length === 0 && oblivious !== undefined) {
    oblivious.feature.forEach((feature, k) => {
      add(feature, oblivious.border[k]!, TEST.lessOrEqual, false)
    })
  }
  const stride = Math.ceil(nodes.feature.length / MOST_NODES) || 1
  for (let k = 0; k < nodes.feature.length; k += stride) {
    const feature = nodes.feature[k]!
    if (feature >= 0) add(feature, nodes.threshold[k]!, nodes.flags[k]! & FLAG.test, (nodes.flags[k]! & FLAG.missingIsYes) !== 0)
  }
}

const merged = (known: readonly number[] = [], more: readonly number[]): readonly number[] =>
  known.length >= MOST_CHOICES ? known : [...new Set([...known, ...more])].slice(0, MOST_CHOICES)

function membersOf({ starts, words }: Forest['sets'], set: number): number[] {
  const members: number[] = []
  for (let word = starts[set]!; word < starts[set + 1]!; word++) {
    for (let bit = 0; bit < 32; bit++) if ((words[word]! >>> bit) & 1) members.push((word - starts[set]!) * 32 + bit)
  }
  return members
}

function columnOf(known: Known, trustsMissing: boolean): Rows['columns'][number] | undefined {
  const { points, choices, mean, deviation, missingYes, missingNo } = known
  const treesSawMissing = trustsMissing && Math.min(missingYes, missingNo) > 0
  const missingShare = known.hasMissing || treesSawMissing ? USUAL_MISSING : 0
  if (points.length > 0) {
    const isPresence = trustsMissing && missingYes > 0 && points.every(({ at }) => Math.abs(at) < TINY)
    if (isPresence) return { kind: 'choices', values: [1], missingShare: 0.5 }
    return { ...splits(points), missingShare }
  }
  if (choices !== undefined) {
    // What is in no set is a category too.
    const other = Math.max(...choices) + 1
    return { kind: 'choices', values: choices.length === 1 ? [...choices, other] : choices, missingShare }
  }
  if (deviation === undefined && known.isPositive) return { kind: 'skewed', mean: AMOUNT, deviation: AMOUNT, missingShare }
  return deviation === undefined ? undefined : { ...spreadOf(mean ?? 0, deviation), missingShare }
}

function splits(points: Known['points']): Extract<Column, { kind: 'splits' }> {
  const sorted = Float64Array.from(points, ({ at }) => at).sort()
  const isWhole = (at: number) => Math.abs(at - Math.round(at)) < TINY
  let whole: 'floor' | 'ceil' | 'round' | null = null
  if (sorted.every(isWhole)) whole = points.some(({ test }) => test === TEST.less) ? 'floor' : 'ceil'
  else if (sorted.every((at) => isWhole(at) || isWhole(at + 0.5))) whole = 'round'
  return { kind: 'splits', points: sorted, whole }
}

/** A distribution with this mean and deviation. */
function spreadOf(mean: number, deviation: number): Column {
  // Of two neighbouring whole numbers, the higher with probability p, the deviation is √(p(1 − p)).
  const low = Math.floor(mean)
  const share = mean - low
  const variance = share * (1 - share)
  if (share > 0 && Math.abs(deviation ** 2 - variance) < 1e-3 * variance) return { kind: 'either', values: [low, low + 1], share }
  // Normal rows would often be below zero; amounts, counts and durations are not.
  const isAmount = mean > 0.25 * deviation && mean < 1.5 * deviation
  return { kind: isAmount ? 'skewed' : 'normal', mean, deviation }
}

/** One row, `normal()` a standard normal number and `uniform()` one in [0, 1). */
export function drawRow({ columns }: Rows, normal: () => number, uniform: () => number): Float64Array {
  let latent = 0
  return Float64Array.from(columns, (column, k) => {
    const own = normal()
    const share = k > 0 && areAlike(columns[k - 1]!, column) ? CORRELATION : 0
    latent = share * latent + Math.sqrt(1 - share * share) * own
    return column.missingShare > 0 && uniform() < column.missingShare ? Number.NaN : valueAt(column, latent)
  })
}

function areAlike(one: Column, other: Column): boolean {
  if (one.kind !== other.kind || one.kind === 'choices' || one.kind === 'either') return false
  const [a, b] = [middleOf(one), middleOf(other)]
  return a !== 0 && a / b < ALIKE && a / b > 1 / ALIKE
}

function middleOf(column: Column): number {
  if (column.kind === 'splits') return column.points[column.points.length >> 1]!
  return column.kind === 'normal' || column.kind === 'skewed' ? column.deviation : 0
}

/** The column's value at a quantile, given as a standard normal number. */
export function valueAt(column: Column, latent: number): number {
  switch (column.kind) {
    case 'normal':
      return column.mean + column.deviation * latent
    case 'skewed': {
      const variance = Math.log(1 + (column.deviation / column.mean) ** 2)
      return column.mean * Math.exp(Math.sqrt(variance) * latent - variance / 2)
    }
    case 'choices':
      return column.values[Math.floor(probabilityBelow(latent) * column.values.length)]!
    case 'either':
      return column.values[probabilityBelow(latent) < 1 - column.share ? 0 : 1]
    case 'splits': {
      const value = betweenSplits(column.points, probabilityBelow(latent))
      return column.whole === null ? value : Math[column.whole](value)
    }
  }
}

/** As much probability below the first point, between neighbours and above the last. */
function betweenSplits(points: Float64Array, probability: number): number {
  const place = probability * (points.length + 1) - 1
  const [first, last] = [points[0]!, points.at(-1)!]
  const gap = first === last ? Math.max(Math.abs(first) / 2, 0.5) : (last - first) / points.length
  if (place < 0) return first + gap * place
  const below = Math.floor(place)
  if (below >= points.length - 1) return last + gap * (place - below)
  return points[below]! + (points[below + 1]! - points[below]!) * (place - below)
}

/** The standard normal distribution function, in (0, 1), within 7.5e-8 (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17). */
function probabilityBelow(latent: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(latent))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (series * Math.exp((-latent * latent) / 2)) / Math.sqrt(2 * Math.PI)
  return Math.min(1 - 1e-9, Math.max(1e-9, latent < 0 ? tail : 1 - tail))
}
