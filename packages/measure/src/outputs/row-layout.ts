// Where the rows of a selection stand in each of its outputs: [lists] x rows x [columns], by shapes alone.
import type { Results } from '../engines/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import type { Numbers } from './numbers.ts'
import { numbersOf } from './numbers.ts'
import type { SelectedOutput, SelectedRole, Selection } from './selections.ts'

/** One output of a selection in one sample. */
export interface RowLayout {
  readonly numbers: Numbers
  readonly rows: number
  readonly columns: number
  /** Independent lists: axes before the rows. */
  readonly lists: number
}

export interface RowsOfOutput {
  readonly name: string
  readonly role: SelectedRole
  /** Once a sample. */
  readonly original: readonly RowLayout[]
  readonly candidate: readonly RowLayout[]
}

type Shapes = readonly (readonly number[])[]

/** null if shapes do not show the rows, or the two differ in more than the number of rows. */
export function rowsOf(
  { by, count, outputs }: Selection,
  original: readonly Results[],
  candidate: readonly Results[],
): readonly RowsOfOutput[] | null {
  const shapesOf = (name: string, results: readonly Results[]): Shapes => results.map((one) => one[name]!.shape)
  const isThere = ({ name }: SelectedOutput) =>
    original.every(
      (a, k) => a[name] !== undefined && candidate[k]?.[name]?.dtype === a[name].dtype && numbersOf(a[name]) !== null,
    )
  if (!outputs.every(isThere)) return null
  const seen = outputs.map(({ name, role }) => {
    const shapes = [...shapesOf(name, original), ...shapesOf(name, candidate)]
    return { name, role, shapes, axis: rowAxis(shapes, by, count, role) }
  })
  const found: RowsOfOutput[] = []
  for (const { name, role, shapes, axis } of seen) {
    if (axis === null) return null
    const [first] = shapes as [readonly number[]]
    const isLike = (shape: readonly number[]) =>
      shape.length === first.length && shape.every((size, k) => k === axis || size === first[k])
    if (!shapes.every(isLike)) return null
    const layout = (results: Results): RowLayout => {
      const { shape } = results[name]!
      const [lists, columns] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis + 1))]
      return { numbers: numbersOf(results[name]!)!, rows: shape[axis]!, columns, lists }
    }
    found.push({ name, role, original: original.map(layout), candidate: candidate.map(layout) })
  }
  return found.every((one) => isAligned(one, found[0]!)) ? found : null
}

/** The axis of the number that the graph fixes, else the one that varies, else the first (for what TopK gives itself, the last) above 1. */
function rowAxis(shapes: Shapes, by: Selection['by'], count: number | null, role: SelectedRole): number | null {
  const [first] = shapes
  if (first === undefined || first.length === 0) return null
  const own = role === 'scores' || role === 'index'
  if (count !== null && first.includes(count)) return own ? first.lastIndexOf(count) : first.indexOf(count)
  const varies = first.findIndex((size, axis) => shapes.some((shape) => shape[axis] !== size))
  if (varies >= 0) return varies
  const above = by === 'TopK' && own ? first.findLastIndex((size) => size > 1) : first.findIndex((size) => size > 1)
  return Math.max(0, above)
}

function isAligned(one: RowsOfOutput, other: RowsOfOutput): boolean {
  return (['original', 'candidate'] as const).every((side) =>
    one[side].every(({ rows, lists }, sample) => rows === other[side][sample]!.rows && lists === other[side][sample]!.lists),
  )
}
