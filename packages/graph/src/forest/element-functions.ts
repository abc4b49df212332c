// Functions of one number that pipelines apply to whole columns. scipy/stats/_morestats.py, scipy/special/_boxcox.pxd

/** What becomes of a number. A missing one stays missing. */
export type ElementFunction =
  | { readonly name: PlainFunction }
  | { readonly name: 'logistic' }
  /** (x^lambda − 1) / lambda, the logarithm where lambda is 0. */
  | { readonly name: 'box-cox'; readonly lambda: number }
  /** The same of x + 1; of a negative x, minus the one of −x by 2 − lambda. */
  | { readonly name: 'yeo-johnson'; readonly lambda: number }
  | { readonly name: 'clip'; readonly least: number; readonly most: number }
  /** Straight lines through points, `x` ascending; beyond the ends, the value there. */
  | { readonly name: 'interpolate'; readonly x: Float64Array; readonly y: Float64Array }

/** As NumPy calls them. */
export type PlainFunction = 'abs' | 'exp' | 'expm1' | 'log' | 'log10' | 'log1p' | 'log2' | 'sqrt' | 'square'

/** Below, a power is a logarithm: the distance from 1 to the next double. */
const TINY = 2 ** -52

export const PLAIN_FUNCTIONS: Readonly<Record<PlainFunction, (x: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  log2: Math.log2,
  sqrt: Math.sqrt,
  square: (x) => x * x,
}

/** The function's value, in double precision. */
export function appliedTo(given: ElementFunction, x: number): number {
  switch (given.name) {
    case 'clip':
      return Math.min(given.most, Math.max(given.least, x))
    case 'box-cox':
      return isLogarithm(given.lambda) ? Math.log(x) : Math.expm1(given.lambda * Math.log(x)) / given.lambda
    case 'yeo-johnson':
      return x < 0 ? -shifted(2 - given.lambda, -x) : shifted(given.lambda, x)
    case 'logistic':
      return 1 / (1 + Math.exp(-x))
    case 'interpolate':
      return interpolated(given, x)
    default:
      return PLAIN_FUNCTIONS[given.name](x)
  }
}

function interpolated({ x: at, y }: Extract<ElementFunction, { name: 'interpolate' }>, x: number): number {
  if (Number.isNaN(x)) return x
  const next = at.findIndex((one) => one >= x)
  if (next <= 0) return next < 0 ? y.at(-1)! : y[0]!
  const [from, to] = [at[next - 1]!, at[next]!]
  return y[next - 1]! + ((y[next]! - y[next - 1]!) / (to - from)) * (x - from)
}

/** Whether a power transform by this lambda is the logarithm. */
export const isLogarithm = (lambda: number): boolean => Math.abs(lambda) < TINY

const shifted = (lambda: number, x: number): number =>
  isLogarithm(lambda) ? Math.log1p(x) : Math.expm1(lambda * Math.log1p(x)) / lambda
