// Rotary positions as exporters write them, halves of a head apart. With a = x[:half] and b = x[half:] either
//   x * cos + Concat(-b, a) * sin, where cosines and sines are as wide as a head, or
//   Concat(a * cos - b * sin, b * cos + a * sin), where they are as wide as a half.
// https://arxiv.org/abs/2104.09864

import { intsOf, isOperator, type Matching, numberOf, otherOperand } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'

export interface Rotary {
  /** What is turned, [batch, heads, tokens, size]. */
  readonly x: string
  /** [batch, 1, tokens, size or half of it]. */
  readonly cos: string
  readonly sin: string
}

/** undefined: the value is not turned in this way. */
export function rotaryOf(matching: Matching, name: string): Rotary | undefined {
  const sum = matching.producer(name)
  if (sum === undefined) return undefined
  if (isOperator(sum, 'Concat')) return rotatedApart(matching, sum)
  if (!isOperator(sum, 'Add')) return undefined
  const products = sum.input.map((one) => matching.producer(one))
  if (!products.every((one): one is NodeProto => isOperator(one, 'Mul'))) return undefined
  for (const [straight, crossed] of [products, products.toReversed()]) {
    for (const turned of crossed!.input) {
      const x = rotatedHalves(matching, turned)
      const cos = x === undefined ? undefined : otherOperand(straight!, x)
      const sin = otherOperand(crossed!, turned)
      if (x !== undefined && cos !== undefined && sin !== undefined) return { x, cos, sin }
    }
  }
  return undefined
}

/** Concat(a * cos - b * sin, b * cos + a * sin). */
function rotatedApart(matching: Matching, joined: NodeProto): Rotary | undefined {
  if (joined.input.length !== 2 || ![-1, 3].includes(numberOf(joined, 'axis', 0))) return undefined
  const [first, second] = joined.input.map((one) => matching.producer(one))
  if (!isOperator(first, 'Sub') || !isOperator(second, 'Add')) return undefined
  const [aCos, bSin] = first.input.map((one) => halfTimes(matching, one))
  const others = second.input.map((one) => halfTimes(matching, one))
  if (aCos?.which !== 0 || bSin?.which !== 1) return undefined
  const [bCos, aSin] = [others.find((one) => one?.which === 1), others.find((one) => one?.which === 0)]
  const agree = bCos?.factor === aCos.factor && aSin?.factor === bSin.factor
  return agree && [bSin, bCos, aSin].every((one) => one?.x === aCos.x)
    ? { x: aCos.x, cos: aCos.factor, sin: bSin.factor }
    : undefined
}

/** A half of a value times a factor. */
function halfTimes(matching: Matching, name: string) {
  const made = matching.producer(name)
  if (!isOperator(made, 'Mul')) return undefined
  for (const operand of made.input) {
    const half = halfOf(matching, operand)
    const factor = otherOperand(made, operand)
    if (half !== undefined && factor !== undefined) return { ...half, factor }
  }
  return undefined
}

/** What Concat(-x[half:], x[:half]) was made of. */
function rotatedHalves(matching: Matching, name: string): string | undefined {
  const joined = matching.producer(name)
  if (!isOperator(joined, 'Concat') || joined.input.length !== 2 || ![-1, 3].includes(numberOf(joined, 'axis', 0)))
    return undefined
  const negative = matching.producer(joined.input[0])
  if (!isOperator(negative, 'Neg')) return undefined
  const [high, low] = [halfOf(matching, negative.input[0]!), halfOf(matching, joined.input[1]!)]
  return high?.which === 1 && low?.which === 0 && high.x === low.x ? high.x : undefined
}

function halfOf(matching: Matching, name: string): { readonly x: string; readonly which: 0 | 1 } | undefined {
  const made = matching.producer(name)
  const x = made?.input[0]
  const size = matching.shape(x)?.[3]
  if (made === undefined || x === undefined || typeof size !== 'number' || size % 2 !== 0) return undefined
  const half = size / 2
  if (isOperator(made, 'Split')) {
    const axis = numberOf(made, 'axis', 0)
    const sizes = intsOf(made, 'split') ?? matching.numbers(made.input[1]) ?? [half, half]
    const isEven = made.output.length === 2 && sizes.every((one) => one === half)
    return (axis === 3 || axis === -1) && isEven ? { x, which: made.output[0] === name ? 0 : 1 } : undefined
  }
  if (!isOperator(made, 'Slice')) return undefined
  const [start, end, axis, step = 1] = [1, 2, 3, 4].map((at) => matching.sizes(made.input[at])?.[0])
  if ((axis !== 3 && axis !== -1) || step !== 1 || typeof start !== 'number' || typeof end !== 'number') return undefined
  if (start === 0 && end === half) return { x, which: 0 }
  return start === half && end >= size ? { x, which: 1 } : undefined
}
