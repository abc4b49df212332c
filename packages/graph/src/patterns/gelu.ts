// GELU as exporters write it out, in any order of its factors: the anchor (erf or tanh) of a polynomial of x, scaled and shifted to
// (1 + f)/2, times x. Matching polynomials rather than nodes covers Div by sqrt(2) and Mul by its inverse, x * x * x and Pow, halves
// before and after. Formulas: https://onnx.ai/onnx/operators/onnx__Gelu.html
import type { NodeProto } from 'onnx-buf'
import { isClosed, isNear, isOperator, otherOperand, type PatternGraph } from './pattern-graph.ts'

export interface Gelu {
  readonly form: 'erf' | 'tanh'
  /** The Erf or Tanh. */
  readonly anchor: NodeProto
  readonly x: string
  readonly parts: ReadonlySet<NodeProto>
  /** The node whose output is the result. */
  readonly last: NodeProto
}

/** Coefficients of 1, x, x^2 ... of what the anchor reads. */
const ARGUMENTS: Readonly<Record<Gelu['form'], readonly number[]>> = {
  erf: [0, Math.SQRT1_2],
  tanh: [0, Math.sqrt(2 / Math.PI), 0, 0.044715 * Math.sqrt(2 / Math.PI)],
}

/** Powers of x above this are no part of a GELU. */
const LARGEST_DEGREE = 3

/** The GELU in float32 around an Erf or Tanh; undefined if there is none, or if others read what is on the way. */
export function findGelu(matching: PatternGraph, anchor: NodeProto): Gelu | undefined {
  const form = isOperator(anchor, 'Erf') ? 'erf' : isOperator(anchor, 'Tanh') ? 'tanh' : undefined
  if (form === undefined || matching.dtype(anchor.output[0]) !== 'float32') return undefined
  // The walk along scale * f + shift, times x once.
  const parts = new Set([anchor])
  let [scale, shift, last] = [1, 0, anchor]
  let x: string | undefined
  while (x === undefined || !isNear(scale, 0.5) || !isNear(shift, 0.5)) {
    const next = matching.onlyReader(last)
    const step = next && stepOf(matching, next, last.output[0]!)
    if (next === undefined || step === undefined) return undefined
    if (step.kind === 'times') [scale, shift] = [scale * step.by, shift * step.by]
    else if (step.kind === 'plus' && x === undefined) shift += step.by
    else if (step.kind === 'by-value' && x === undefined) {
      const found = findX(matching, step.value, anchor.input[0]!, ARGUMENTS[form])
      if (found === undefined) return undefined
      for (const part of found.parts) parts.add(part)
      ;[x, scale, shift] = [found.x, scale * found.factor, shift * found.factor]
    } else return undefined
    parts.add(next)
    last = next
  }
  return isClosed(matching, parts, [last.output[0]!]) ? { form, anchor, x, parts, last } : undefined
}

type Step =
  | { readonly kind: 'times' | 'plus'; readonly by: number }
  /** A product with a value that is no constant. */
  | { readonly kind: 'by-value'; readonly value: string }

function stepOf({ scalar, constant }: PatternGraph, node: NodeProto, from: string): Step | undefined {
  const other = otherOperand(node, from)
  if (other === undefined) return undefined
  const number = scalar(other)
  if (number === undefined)
    return isOperator(node, 'Mul') && constant(other) === undefined ? { kind: 'by-value', value: other } : undefined
  if (isOperator(node, 'Mul')) return { kind: 'times', by: number }
  if (isOperator(node, 'Add')) return { kind: 'plus', by: number }
  return isOperator(node, 'Div') && node.input[0] === from && number !== 0 ? { kind: 'times', by: 1 / number } : undefined
}

/** x, where `product` is factor * x and `argument` is the polynomial asked for of the same x. */
function findX(matching: PatternGraph, product: string, argument: string, wanted: readonly number[]) {
  const maker = matching.producer(product)
  const inner = isOperator(maker, 'Mul', 'Div') ? maker.input.filter((name) => matching.constant(name) === undefined) : []
  for (const x of [product, ...inner]) {
    const factor = polynomial(matching, product, x)
    const found = polynomial(matching, argument, x)
    if (found === undefined || factor === undefined || !isPolynomial(factor.terms, [0, factor.terms[1] ?? 0])) continue
    if (!isPolynomial(found.terms, wanted)) continue
    return { x, factor: factor.terms[1]!, parts: [...factor.parts, ...found.parts] }
  }
  return undefined
}

function isPolynomial(terms: readonly number[], wanted: readonly number[]): boolean {
  const degree = Math.max(terms.length, wanted.length)
  return Array.from({ length: degree }, (_, k) => {
    const [is, asked] = [terms[k] ?? 0, wanted[k] ?? 0]
    return asked === 0 ? is === 0 : isNear(is, asked)
  }).every(Boolean)
}

interface Polynomial {
  /** Coefficients of 1, x, x^2 ... */
  readonly terms: readonly number[]
  readonly parts: readonly NodeProto[]
}

/** Nodes between x and the anchor, one after another. */
const LONGEST_PATH = 8

/** `name` as polynomial of `x` by Add, Sub, Mul, Div and Pow with constants; undefined if it is none. */
function polynomial(matching: PatternGraph, name: string, x: string, left = LONGEST_PATH): Polynomial | undefined {
  if (name === x) return { terms: [0, 1], parts: [] }
  const number = matching.scalar(name)
  if (number !== undefined) return { terms: [number], parts: [] }
  const maker = matching.producer(name)
  if (left === 0 || !isOperator(maker, 'Add', 'Sub', 'Mul', 'Div', 'Pow') || maker.input.length !== 2) return undefined
  const a = polynomial(matching, maker.input[0]!, x, left - 1)
  const b = a && polynomial(matching, maker.input[1]!, x, left - 1)
  const terms = a && b && combine(maker.opType, a.terms, b.terms)
  if (terms === undefined || terms.length > LARGEST_DEGREE + 1) return undefined
  return { terms, parts: [maker, ...a!.parts, ...b!.parts] }
}

function combine(opType: string, a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const degree = Math.max(a.length, b.length)
  if (opType === 'Add') return Array.from({ length: degree }, (_, k) => (a[k] ?? 0) + (b[k] ?? 0))
  if (opType === 'Sub') return Array.from({ length: degree }, (_, k) => (a[k] ?? 0) - (b[k] ?? 0))
  if (opType === 'Mul') return product(a, b)
  const by = b.length === 1 ? b[0]! : undefined
  if (opType === 'Div') return by === undefined || by === 0 ? undefined : a.map((term) => term / by)
  if (by !== 2 && by !== 3) return undefined
  return by === 2 ? product(a, a) : product(product(a, a), a)
}

function product(a: readonly number[], b: readonly number[]): number[] {
  const terms = new Array<number>(a.length + b.length - 1).fill(0)
  for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) terms[i + j]! += x * y
  return terms
}
