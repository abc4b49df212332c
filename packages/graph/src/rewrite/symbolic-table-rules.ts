// PyTorch writes a padding as a table of [begin, end], turned upside down and on its side: Reshape to [axes, 2], Slice by steps of -1,
// Transpose, Reshape to a list (torch.onnx, _prepare_onnx_paddings). The table's integers are followed through these four; other rules know
// lists alone.
import { attributeOrConstant, ints, type Rule, type TypedNode } from './symbolic-rule.ts'

type Rows = NonNullable<ReturnType<TypedNode['input']>['rows']>

/** The rule, and where what comes in or goes out is a table of integers, that. */
export const alsoTables =
  (rule: Rule, tableRule: (typed: TypedNode) => Rows | undefined): Rule =>
  (typed) => {
    const [type = {}, ...others] = rule(typed)
    const rows = tableRule(typed)
    if (rows === undefined) return [type, ...others]
    return [{ ...type, shape: [rows.length, rows[0]?.length ?? 0], rows }, ...others]
  }

/** A list as a table; a table as a list. */
export const reshapeTable = (rule: Rule): Rule => {
  return (typed) => {
    const [type = {}] = rule(typed)
    const { sizes, rows } = typed.input(0)
    if (rows !== undefined && type.shape?.length === 1) return [{ ...type, shape: [rows.flat().length], sizes: rows.flat() }]
    const [height, width, ...others] = type.shape ?? []
    if (sizes === undefined || others.length > 0 || typeof height !== 'number' || typeof width !== 'number') return [type]
    if (height * width !== sizes.length) return [type]
    return [{ ...type, rows: Array.from({ length: height }, (_, k) => sizes.slice(k * width, (k + 1) * width)) }]
  }
}

/** Upside down alone. */
export function slicedTable(typed: TypedNode): Rows | undefined {
  const { rows } = typed.input(0)
  const [starts, ends, axes, steps] = ['starts', 'ends', 'axes', 'steps'].map((name, k) =>
    attributeOrConstant(typed, name, k + 1),
  )
  const all = rows !== undefined && ends?.[0] !== undefined && ends[0] < -rows.length
  return all && starts?.join() === '-1' && steps?.join() === '-1' && axes?.join() === '0' ? [...rows].reverse() : undefined
}

export function transposedTable({ input, attribute }: TypedNode): Rows | undefined {
  const { rows } = input(0)
  const turned = (ints(attribute('perm')) ?? [1, 0]).join() === '1,0'
  return turned && rows ? (rows[0] ?? []).map((_, k) => rows.map((row) => row[k]!)) : rows
}
