// Steps of some columns of a row as steps of the whole row, which leave the other columns alone: transformers side by side become
// steps one after the other, and what is done alike to several columns becomes one step.
import { widthAfter } from './prepare.ts'
import type { Preparation } from './types.ts'

/** Some columns of a row, and what is done to them alone. */
export interface ColumnSteps {
  readonly columns: ArrayLike<number>
  readonly steps: readonly Preparation[]
}

export type SideBySide =
  | { readonly ok: true; readonly steps: readonly Preparation[]; readonly width: number }
  /** A step that cannot be one of the whole row, and which of the parts has it. */
  | { readonly ok: false; readonly step: Preparation; readonly part: number }

/** If two could come next, the one listed first here comes first: categories are distinguished before numbers are rounded. */
const ORDER: readonly Preparation['kind'][] = [
  'take',
  'map',
  'ordinal',
  'bins',
  'one-hot',
  'round',
  'impute',
  'scale',
  'apply',
  'binarize',
  'project',
  'products',
  'normalize',
]

/** A row becomes the columns of all parts, in their order; then come the steps of each. */
export function joinColumns(parts: readonly ColumnSteps[]): SideBySide {
  const steps: Preparation[] = [{ kind: 'take', columns: Int32Array.from(parts.flatMap(({ columns }) => Array.from(columns))) }]
  const widths = parts.map(({ columns }) => columns.length)
  const done = parts.map(() => 0)
  for (;;) {
    const next = parts.map(({ steps }, part) => steps[done[part]!])
    const first = firstOf(next)
    if (first < 0) return { ok: true, steps, width: widths.reduce((sum, width) => sum + width, 0) }
    const step = next[first]!
    const taken = next.map((one, part) => (part === first || (one !== undefined && isAlike(step, one)) ? one : undefined))
    const whole = asOne(step, taken, widths)
    if (whole === undefined) return { ok: false, step, part: first }
    steps.push(whole)
    for (const [part, one] of taken.entries()) {
      if (one === undefined) continue
      widths[part] = widthAfter(one, widths[part]!)
      done[part]!++
    }
  }
}

function firstOf(next: readonly (Preparation | undefined)[]): number {
  const places = next.map((step) => (step === undefined ? ORDER.length : ORDER.indexOf(step.kind)))
  const least = Math.min(...places)
  return least === ORDER.length ? -1 : places.indexOf(least)
}

/** Whether both can be one step. */
function isAlike(a: Preparation, b: Preparation): boolean {
  switch (a.kind) {
    case 'scale':
      return b.kind === a.kind && b.form === a.form && b.precision === a.precision
    case 'impute':
      return b.kind === a.kind && Object.is(a.missing, b.missing) && a.indicators === undefined && b.indicators === undefined
    case 'one-hot':
      return b.kind === a.kind && a.whole === b.whole
    case 'ordinal':
      return b.kind === a.kind && Object.is(a.unknown, b.unknown)
    case 'take':
    case 'map':
    case 'bins':
      return b.kind === a.kind
    case 'apply':
      return b.kind === a.kind && b.precision === a.precision
    default:
      return false
  }
}

type Step<Kind extends Preparation['kind']> = Extract<Preparation, { readonly kind: Kind }>

/** `taken`: by part, a step like `step`, or undefined if it is left alone. undefined if it cannot be one of the whole row. */
function asOne(
  step: Preparation,
  taken: readonly (Preparation | undefined)[],
  widths: readonly number[],
): Preparation | undefined {
  /** What each part's own step says of its columns, and `neutral` for the columns of the others. */
  const each = <Kind extends Preparation['kind'], T>(_: Step<Kind>, of: (own: Step<Kind>) => Iterable<T>, neutral: T): T[] =>
    taken.flatMap((own, part) => (own === undefined ? new Array<T>(widths[part]!).fill(neutral) : [...of(own as Step<Kind>)]))
  switch (step.kind) {
    case 'scale':
      return {
        ...step,
        offset: Float64Array.from(each(step, ({ offset }) => offset, 0)),
        factor: Float64Array.from(each(step, ({ factor }) => factor, 1)),
      }
    case 'impute':
      return imputed(step, Float64Array.from(each(step, ({ values }) => values, Number.NaN)), taken, widths)
    case 'one-hot':
    case 'ordinal':
      return { ...step, categories: each(step, ({ categories }) => categories, undefined) }
    case 'bins':
      return { ...step, edges: each(step, ({ edges }) => edges, undefined) }
    case 'apply':
      return { ...step, functions: each(step, ({ functions }) => functions, undefined) }
    case 'map':
      return { ...step, columns: each(step, ({ columns }) => columns, undefined) }
    case 'take':
      return { kind: 'take', columns: Int32Array.from(takenColumns(taken as readonly (Step<'take'> | undefined)[], widths)) }
    case 'project':
    case 'products':
      return { ...step, at: step.at + columnsBefore(taken.indexOf(step), widths) }
    default:
      return widths.length === 1 ? step : undefined
  }
}

/** Indicators would stand behind the other columns. */
function imputed(
  step: Step<'impute'>,
  values: Float64Array,
  taken: readonly (Preparation | undefined)[],
  widths: readonly number[],
): Preparation | undefined {
  const { kind, missing, indicators } = step
  if (indicators === undefined) return { kind, missing, values }
  const part = taken.indexOf(step)
  if (widths.slice(part + 1).some((width) => width > 0)) return undefined
  const before = columnsBefore(part, widths)
  return { kind, missing, values, indicators: indicators.map((k) => k + before) }
}

const columnsBefore = (part: number, widths: readonly number[]): number =>
  widths.slice(0, part).reduce((sum, width) => sum + width, 0)

function takenColumns(taken: readonly (Step<'take'> | undefined)[], widths: readonly number[]): number[] {
  let before = 0
  return widths.flatMap((width, part) => {
    const own = taken[part]
    const columns = own === undefined ? Array.from({ length: width }, (_, k) => k) : Array.from(own.columns)
    const from = before
    before += width
    return columns.map((k) => k + from)
  })
}
