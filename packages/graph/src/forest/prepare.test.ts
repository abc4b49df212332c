import { expect, test } from 'vitest'
import { prepareRow, widthAfter } from './prepare.ts'
import type { Preparation } from './types.ts'

const NaN_ = Number.NaN

test.each<[Preparation, number[], number[]]>([
  [{ kind: 'round' }, [0.1], [Math.fround(0.1)]],
  [scale('subtract-divide'), [5, 7], [1.5, 2.5]],
  [scale('subtract-multiply'), [5, 7], [6, 10]],
  [scale('multiply-add'), [5, 7], [12, 16]],
  [{ kind: 'impute', missing: NaN_, values: Float64Array.of(9, NaN_) }, [NaN_, NaN_], [9, NaN_]],
  [{ kind: 'impute', missing: -1, values: Float64Array.of(9, 8), indicators: Int32Array.of(1) }, [3, -1], [3, 8, 1]],
  [{ kind: 'take', columns: Int32Array.of(1, 1, 0) }, [3, 4], [4, 4, 3]],
  [{ kind: 'one-hot', categories: [Float64Array.of(1, 2), undefined] }, [2, 7], [0, 1, 7]],
  [{ kind: 'one-hot', categories: [Float64Array.of(1, 2), undefined] }, [3, 7], [0, 0, 7]],
  [{ kind: 'ordinal', categories: [Float64Array.of(5, 6), undefined], unknown: NaN_ }, [6, 5], [1, 5]],
  [{ kind: 'ordinal', categories: [Float64Array.of(5, 6), undefined], unknown: NaN_ }, [7, 5], [NaN_, 5]],
  [
    { kind: 'map', columns: [{ keys: Float64Array.of(5, 6), values: Float64Array.of(0.5, 0.25), otherwise: -1 }, undefined] },
    [6, 5],
    [0.25, 5],
  ],
  [
    { kind: 'map', columns: [{ keys: Float64Array.of(5), values: Float64Array.of(0.5), otherwise: -1 }, undefined] },
    [NaN_, 5],
    [-1, 5],
  ],
  [{ kind: 'normalize', norm: 'l2', precision: 'float64', least: 0 }, [3, 4], [0.6, 0.8]],
  [{ kind: 'normalize', norm: 'max', precision: 'float64', least: 0 }, [0, 0], [0, 0]],
  [{ kind: 'binarize', thresholds: Float64Array.of(1, 1) }, [1, 2], [0, 1]],
  [{ kind: 'bins', edges: [Float64Array.of(1, 2, 3), undefined] }, [2, 7], [2, 7]],
  [{ kind: 'bins', edges: [Float64Array.of(1, 2), Float64Array.of()] }, [0.9, NaN_], [0, NaN_]],
  [apply([{ name: 'log1p' }, undefined, { name: 'square' }]), [Math.E - 1, 7, -3], [1, 7, 9]],
  [
    apply([
      { name: 'clip', least: 0, most: 1 },
      { name: 'clip', least: 0, most: 1 },
    ]),
    [2, NaN_],
    [1, NaN_],
  ],
  [
    apply([
      { name: 'box-cox', lambda: 0 },
      { name: 'box-cox', lambda: 2 },
    ]),
    [1, 3],
    [0, 4],
  ],
  [
    apply([
      { name: 'yeo-johnson', lambda: 2 },
      { name: 'yeo-johnson', lambda: 2 },
    ]),
    [2, 1 - Math.E],
    [4, -1],
  ],
  [
    apply([
      { name: 'yeo-johnson', lambda: 0 },
      { name: 'yeo-johnson', lambda: 0 },
    ]),
    [Math.E - 1, -2],
    [1, -4],
  ],
  [products([[], [1], [0, 0], [1, 0, 1]]), [9, 2, 3], [9, 1, 3, 4, 18]],
  [project(1, [1, 2, 3, 4, 5, 6], [0.5, 0, 1]), [9, 10, 100, 8], [9, 210.5, 430, 651, 8]],
])('%o of %o', (step, row, expected) => {
  // Exponentials and logarithms are rounded.
  const close = expected.map((one) => (step.kind === 'apply' && !Number.isNaN(one) ? expect.closeTo(one, 14) : one))
  expect([...prepareRow([step], Float64Array.from(row))]).toEqual(close)
  expect(widthAfter(step, row.length)).toBe(expected.length)
})

/** Sums of two columns. */
function project(at: number, weights: readonly number[], bias: readonly number[]): Preparation {
  return {
    kind: 'project',
    precision: 'float64',
    at,
    inputs: 2,
    weights: Float64Array.from(weights),
    bias: Float64Array.from(bias),
  }
}

/** Products of the last two columns of three. */
function apply(functions: Extract<Preparation, { kind: 'apply' }>['functions']): Preparation {
  return { kind: 'apply', precision: 'float64', functions }
}

function products(factors: readonly (readonly number[])[]): Preparation {
  return { kind: 'products', precision: 'float64', at: 1, inputs: 2, factors: factors.map((list) => Int32Array.from(list)) }
}

function scale(form: Extract<Preparation, { kind: 'scale' }>['form']): Preparation {
  return { kind: 'scale', form, precision: 'float64', offset: Float64Array.of(2, 2), factor: Float64Array.of(2, 2) }
}
