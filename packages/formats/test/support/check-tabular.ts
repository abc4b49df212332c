// Fixtures by the makers of tabular models (scripts in fixtures/make/tabular_*.py): outputs.json holds, by file, rows and what the maker's own
// predictor gave for them, bit by bit. Checked are what the file means (the plain evaluator) and the graph that was written of it.
import fs from 'node:fs'
import path from 'node:path'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { type Model, tabularOf } from '@whyslow/graph/model.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { describe, expect, test } from 'vitest'
import { fullOrLastOf } from '../../../../test/only-full.ts'

interface Recorded {
  readonly rows: number
  readonly features: number
  /** Of margins and predictions: 'float32' or 'float64'. */
  readonly type: string
  /** base64: float64 rows × features, then rows × margins and rows × predictions. */
  readonly x: string
  readonly margin: string
  readonly margins: number
  readonly prediction: string
  readonly predictions: number
  readonly label?: readonly (number | string)[]
}

export interface TabularCases {
  /** In fixtures/formats. */
  readonly maker: string
  /** Largest difference of a margin, absolute, for files whose sums the maker leaves to BLAS; of all others each bit is the same. */
  readonly loose?: (file: string) => number | undefined
}

/** Of predictions: exp and log differ in their last places between libraries. */
const PREDICTION_TOLERANCE = { float32: 1e-6, float64: 1e-13 } as const
/** Of graphs: an engine's own order of sums, and leaves of several values whose sums leave the operator as float32. */
const GRAPH_TOLERANCE = 1e-5

/** Versions of a maker write what means the same in other words: '3.2-binary.json' and '2.0-binary.json' give one graph. */
const kindOf = ({ file }: { readonly file: string }): string => file.replace(/^[\d.]+-/, '')

/** Rows that a file has in common with another are written there: `rowsOf` names it. */
function readRecorded(file: string): Readonly<Record<string, Recorded>> {
  const written: Readonly<Record<string, Recorded & { rowsOf?: string }>> = JSON.parse(fs.readFileSync(file, 'utf8'))
  return Object.fromEntries(
    Object.entries(written).map(([name, { rowsOf, ...one }]) => [
      name,
      rowsOf === undefined ? one : { ...one, x: written[rowsOf]!.x },
    ]),
  )
}

export function checkTabular(read: (file: string) => Promise<Model>, { maker, loose = () => undefined }: TabularCases): void {
  const folder = path.resolve(import.meta.dirname, '../../../../fixtures/formats', maker)
  const recorded = readRecorded(path.join(folder, 'outputs.json'))
  const cases = Object.keys(recorded).map((file) => ({ file }))

  describe(`${maker}: what a file means is what its maker predicts`, () => {
    test.each(cases)('$file', async ({ file }) => {
      const expected = recorded[file]!
      const tabular = tabularOf(await read(path.join(folder, file)))!
      const [x, margin, prediction] = [
        numbers(expected.x, 'float64'),
        numbers(expected.margin, expected.type),
        numbers(expected.prediction, expected.type),
      ]
      const rows = Array.from({ length: expected.rows }, (_, r) => x.subarray(r * expected.features, (r + 1) * expected.features))
      const results = rows.map((row) => evaluateRow(tabular, row))
      if (expected.margins > 0)
        expectClose(
          results.flatMap((one) => [...one.margin]),
          margin,
          loose(file) ?? 0,
        )
      expectClose(
        results.flatMap((one) => [...one.prediction]),
        prediction,
        predictionTolerance(expected, loose(file)),
      )
      if (expected.label !== undefined)
        expect(results.map(({ label }) => String(tabular.label!.classes[label!]))).toEqual(expected.label.map(String))
    })
  })

  describe(`${maker}: the graph of a file predicts the same`, () => {
    test.each(fullOrLastOf(kindOf, cases))('$file', async ({ file }) => {
      const expected = recorded[file]!
      const model = await read(path.join(folder, file))
      const tabular = tabularOf(model)!
      const { x, rows } = finiteRows(expected)
      const [results] = await runModel(model, [{ input: inputOf(tabular, x, rows.length) }])
      const own = rows.map((r) =>
        evaluateRow(tabular, x.subarray(rows.indexOf(r) * expected.features, (rows.indexOf(r) + 1) * expected.features)),
      )
      expectClose(
        listOf(results!, 'margin'),
        own.flatMap((one) => [...one.margin]),
        GRAPH_TOLERANCE,
      )
      expectClose(
        listOf(results!, 'prediction'),
        own.flatMap((one) => [...one.prediction]),
        GRAPH_TOLERANCE,
      )
      if (tabular.label !== undefined)
        expect([...(results!.label!.data as ArrayLike<unknown> & Iterable<unknown>)].map(String)).toEqual(
          own.map(({ label }) => String(tabular.label!.classes[label!])),
        )
    })
  })
}

/** Products with infinity are NaN in one order and infinite in another. */
function finiteRows({ x, rows, features }: Recorded): { readonly x: Float64Array; readonly rows: readonly number[] } {
  const all = numbers(x, 'float64')
  const hasNoInfinity = (r: number) =>
    all.subarray(r * features, (r + 1) * features).every((value) => Math.abs(value) !== Number.POSITIVE_INFINITY)
  const kept = Array.from({ length: rows }, (_, r) => r).filter(hasNoInfinity)
  return { x: Float64Array.from(kept.flatMap((r) => [...all.subarray(r * features, (r + 1) * features)])), rows: kept }
}

function inputOf({ input }: TabularModel, x: Float64Array, rows: number) {
  const data = input.dtype === 'float32' ? Float32Array.from(x) : Float64Array.from(x)
  return { dtype: input.dtype, shape: [rows, input.featureCount], data }
}

const listOf = (results: Results, name: string): number[] => Array.from(results[name]!.data as unknown as ArrayLike<number>)

function predictionTolerance({ type }: Recorded, loose = 0): number {
  return Math.max(loose, PREDICTION_TOLERANCE[type as 'float32' | 'float64'])
}

function numbers(base64: string, type: string): Float32Array | Float64Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  return type === 'float32' ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer)
}

/** Tolerance 0: the same numbers, bit for bit but for the sign of zero. Else as a share of values above 1. */
function expectClose(given: readonly number[], expected: ArrayLike<number>, tolerance: number): void {
  expect(given.length).toBe(expected.length)
  const off: string[] = []
  for (const [k, value] of given.entries()) {
    const wanted = expected[k]!
    if (value === wanted || (Number.isNaN(value) && Number.isNaN(wanted))) continue
    if (Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted))) continue
    off.push(`${k}: ${value} for ${wanted}`)
  }
  expect(off).toEqual([])
}
