// From margins to predictions, by each maker's own arithmetic. exp and log of float32 are computed in double and rounded: a maker's expf
// may differ in the last bit.
import { rounding } from './rounding.ts'
import type { Transform } from './types.ts'

/** XGBoost's cut before expf, which would overflow (src/common/math.h). */
const LARGEST_EXPONENT = Math.fround(88.7)

/** The outputs after all transforms, in order; a new array. */
export function applyTransforms(transforms: readonly Transform[], margin: Float64Array): Float64Array {
  let values: Float64Array<ArrayBuffer> = Float64Array.from(margin)
  for (const transform of transforms) values = apply(transform, values)
  return values
}

/** How many outputs there are after a transform that is given `width` of them. */
export function widthAfterTransform({ kind }: Transform, width: number): number {
  return kind === 'arg-max' ? 1 : kind === 'pair' ? 2 : width
}

function apply(transform: Transform, values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  switch (transform.kind) {
    case 'logistic':
      return values.map((x) => logistic(x, transform.precision === 'float32', transform.slope))
    case 'pair':
      return Float64Array.of(rounding(transform.precision)(1 - values[0]!), values[0]!)
    case 'softmax':
      return softmax(values, transform.precision === 'float32')
    case 'exp':
      return values.map((x) => rounding(transform.precision)(Math.exp(x)))
    case 'log1p-exp':
      return values.map((x) => rounding(transform.precision)(Math.log1p(Math.exp(x))))
    case 'signed-square':
      return values.map((x) => Math.sign(x) * x * x)
    case 'step':
      return values.map((x) => (x > 0 ? 1 : 0))
    case 'arg-max':
      return Float64Array.of(argMax(values))
    case 'normalize':
      return normalized(values)
    case 'sort':
      return values.slice().sort()
    case 'expectiles':
      return expectiles(values)
    case 'divide':
      return values.map((x) => x / transform.by)
    case 'isolation':
      return values.map((x) => -(2 ** x) - transform.offset)
    case 'clip':
      return values.map((x) => Math.min(Math.max(x, transform.low), transform.high))
  }
}

/** The index of the first of the largest; 0 if all are NaN. */
export function argMax(values: Float64Array): number {
  let best = 0
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k
  return best
}

function logistic(x: number, single: boolean, slope: number): number {
  if (!single) return 1 / (1 + Math.exp(-slope * x))
  const power = Math.fround(Math.exp(Math.min(-x, LARGEST_EXPONENT)))
  return Math.fround(1 / Math.fround(power + 1))
}

function softmax(values: Float64Array<ArrayBuffer>, single: boolean): Float64Array<ArrayBuffer> {
  const largest = values.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY)
  if (!single) {
    const powers = values.map((x) => Math.exp(x - largest))
    const sum = powers.reduce((total, x) => total + x, 0)
    return powers.map((x) => x / sum)
  }
  const powers = values.map((x) => Math.fround(Math.exp(Math.fround(x - largest))))
  const sum = Math.fround(powers.reduce((total, x) => total + x, 0))
  return powers.map((x) => Math.fround(x / sum))
}

function normalized(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const sum = values.reduce((total, x) => total + x, 0)
  return values.map((x) => (sum === 0 ? 1 / values.length : x / sum))
}

function expectiles(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const result = values.slice()
  for (let k = 1; k < result.length; k++) {
    const x = values[k]!
    const softplus = Math.fround(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))
    result[k] = Math.fround(Math.fround(result[k - 1]! + Math.fround(1e-6)) + softplus)
  }
  return result
}
