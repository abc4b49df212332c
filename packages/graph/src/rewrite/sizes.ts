// Arithmetic on sizes that may be symbols: a dimension is a number, a symbol of the model ('batch'), or a product of both
// ('12*batch'), written so that equal products are equal strings.

import type { Size } from '../patterns/pattern-graph.ts'

export type { Size }

interface Product {
  readonly factor: number
  /** Sorted. */
  readonly symbols: readonly string[]
}

/** A symbol as a size: '*' is the sign of products here, and digits alone are numbers. */
export const symbolSize = (name: string): Size => (/^\d+$/.test(name) ? `#${name}` : name.replaceAll('*', '×'))

/** The product of all sizes; 1 for none. */
export function times(sizes: readonly Size[]): Size {
  const products = sizes.map(productOf)
  const factor = products.reduce((all, one) => all * one.factor, 1)
  return sizeOf({ factor, symbols: products.flatMap(({ symbols }) => symbols).sort() })
}

/** The quotient where it comes out even for every value of the symbols, else undefined. */
export function divideSizes(size: Size, divisor: Size): Size | undefined {
  const [a, b] = [productOf(size), productOf(divisor)]
  if (b.factor === 0 || a.factor % b.factor !== 0) return undefined
  const symbols = [...a.symbols]
  for (const one of b.symbols) {
    const at = symbols.indexOf(one)
    if (at < 0) return undefined
    symbols.splice(at, 1)
  }
  return sizeOf({ factor: a.factor / b.factor, symbols })
}

/** Shapes are equal for every value of the symbols. */
export function sameShape(a: readonly Size[] | undefined, b: readonly Size[] | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((size, axis) => size === b[axis])
}

function productOf(size: Size): Product {
  if (typeof size === 'number') return { factor: size, symbols: [] }
  const parts = size.split('*')
  const factor = /^\d+$/.test(parts[0]!) && parts.length > 1 ? Number(parts.shift()) : 1
  return { factor, symbols: parts }
}

function sizeOf({ factor, symbols }: Product): Size {
  if (factor === 0 || symbols.length === 0) return factor
  return [...(factor === 1 ? [] : [String(factor)]), ...symbols].join('*')
}
