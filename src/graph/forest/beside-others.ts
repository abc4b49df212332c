// A step of some columns of a row as a step of the whole row, which leaves the columns beside them alone: transformers side by side become
// steps one after the other.
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

/** A row becomes the columns of all parts, in their order; then come the steps of each. */
export function sideBySide(parts: readonly ColumnSteps[]): SideBySide {
  const steps: Preparation[] = [{ kind: 'take', columns: Int32Array.from(parts.flatMap(({ columns }) => Array.from(columns))) }]
  let before = 0
  let after = parts.reduce((sum, { columns }) => sum + columns.length, 0)
  for (const [part, { columns, steps: own }] of parts.entries()) {
    let width = columns.length
    after -= width
    for (const step of own) {
      const placed = besideOthers(step, { before, width, after })
      if (placed === undefined) return { ok: false, step, part }
      steps.push(placed)
      width = widthAfter(step, width)
    }
    before += width
  }
  return { ok: true, steps, width: before }
}

interface ColumnsAt {
  readonly before: number
  readonly width: number
  readonly after: number
}

/** The step on `width` columns within a row, where others stand before and after them; undefined where it cannot be one. */
function besideOthers(step: Preparation, { before, width, after }: ColumnsAt): Preparation | undefined {
  const around = (values: Float64Array, neutral: number) =>
    Float64Array.from([...new Array<number>(before).fill(neutral), ...values, ...new Array<number>(after).fill(neutral)])
  const lists = (values: readonly (Float64Array | undefined)[]) => [
    ...new Array<undefined>(before).fill(undefined),
    ...values,
    ...new Array<undefined>(after).fill(undefined),
  ]
  switch (step.kind) {
    case 'scale':
      return { ...step, offset: around(step.offset, 0), factor: around(step.factor, 1) }
    case 'impute':
      // Indicators would stand behind the other columns.
      if (step.indicators !== undefined && after > 0) return undefined
      return {
        ...step,
        values: around(step.values, Number.NaN),
        ...(step.indicators !== undefined && { indicators: step.indicators.map((k) => k + before) }),
      }
    case 'one-hot':
      return { ...step, categories: lists(step.categories) }
    case 'ordinal':
      return { ...step, categories: lists(step.categories) }
    case 'take': {
      const own = Array.from(step.columns, (k) => k + before)
      const rest = Array.from({ length: after }, (_, k) => before + width + k)
      return { kind: 'take', columns: Int32Array.from([...Array.from({ length: before }, (_, k) => k), ...own, ...rest]) }
    }
    default:
      return before === 0 && after === 0 ? step : undefined
  }
}
