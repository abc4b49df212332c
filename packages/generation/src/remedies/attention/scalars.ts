// A number that a graph computes of constants and of sizes that are known: exporters write 1 / sqrt(size of a head) as nodes.
import { isOperator, type Matching } from '@whyslow/graph/rewrite/match.ts'

/** undefined: it is not one number, or is not known. */
export function scalarOf(matching: Matching, name: string | undefined): number | undefined {
  const own = matching.scalar(name)
  if (own !== undefined) return own
  const [size, ...more] = matching.sizes(name) ?? []
  if (typeof size === 'number' && more.length === 0) return size
  const made = matching.producer(name)
  if (made === undefined) return undefined
  const [a, b] = made.input
  const given = (one: string | undefined) => scalarOf(matching, one)
  if (isOperator(made, 'Cast', 'Identity', 'Squeeze', 'Unsqueeze', 'Reshape')) return given(a)
  if (isOperator(made, 'Sqrt')) return mapped(given(a), Math.sqrt)
  if (isOperator(made, 'Reciprocal')) return mapped(given(a), (one) => 1 / one)
  if (!isOperator(made, 'Mul', 'Div', 'Pow')) return undefined
  const [left, right] = [given(a), given(b)]
  if (left === undefined || right === undefined) return undefined
  return made.opType === 'Mul' ? left * right : made.opType === 'Div' ? left / right : left ** right
}

const mapped = (value: number | undefined, by: (value: number) => number): number | undefined =>
  value === undefined ? undefined : by(value)
