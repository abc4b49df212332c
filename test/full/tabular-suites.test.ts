// Public models of trees with what their makers' own predictors gave: of dmitryikh/leaves (testdata/, MIT), old binaries of XGBoost and text of
// LightGBM, and the former written again by XGBoost 3.0. Read, and compiled in every form. Runs where they are: folders leaves-trees and
// xgb-json, in a folder that WHYSLOW_TABULAR names.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { compileWalk } from '@whyslow/compile/compile.ts'
import { compileModule, openProgram } from '@whyslow/compile/shipped/compiled.mjs'
import { readModel } from '@whyslow/formats/index.ts'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { tabularOf } from '@whyslow/graph/model.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'

const suite = resolve(ROOT, process.env.WHYSLOW_TABULAR ?? '../shared/models')
const LEAVES = join(suite, 'leaves-trees/testdata')
const AGAIN = join(suite, 'xgb-json')

/** Rows of numbers, from a column on. */
const table = (file: string, from = 0, to?: number): number[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/[\s,]+/)
        .map(Number)
        .slice(from, to),
    )

/** What is not there is `absent`. */
const sparse = (file: string, absent: number) => (width: number) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const row = new Array<number>(width).fill(absent)
      for (const pair of line.trim().split(/\s+/).slice(1)) {
        const [at, value] = pair.split(':').map(Number) as [number, number]
        row[at] = value
      }
      return row
    })

interface Case {
  readonly name: string
  readonly file: string
  readonly rows: (width: number) => readonly (readonly number[])[]
  readonly expected: string
  readonly what: 'margin' | 'prediction'
  /** The expected numbers are of so many trees alone. */
  readonly trees?: number
}

const agaricus = sparse(join(LEAVES, 'agaricus_test.libsvm'), Number.NaN)
const dermatology = sparse(join(LEAVES, 'dermatology_test.libsvm'), Number.NaN)
const classes = () => table(join(LEAVES, 'multiclass_test.tsv'), 1)
const of = (file: string, rows: Case['rows'], expected: string, what: Case['what']): Case => ({
  name: basename(file),
  file,
  rows,
  expected,
  what,
})
const leaves = (name: string, rows: Case['rows'], expected: string, what: Case['what']): Case =>
  of(join(LEAVES, name), rows, join(LEAVES, `${expected}_predictions.txt`), what)

const CASES: readonly Case[] = [
  leaves('xgagaricus.model', agaricus, 'xgagaricus_true', 'prediction'),
  // Predicted with ntree_limit=10 of 20 (testdata/README.md).
  { ...leaves('xg_dart_agaricus.model', agaricus, 'xg_dart_agaricus_true', 'margin'), trees: 10 },
  leaves('xgblin_agaricus.model', agaricus, 'xgblin_agaricus_true', 'prediction'),
  leaves('xgblin_agaricus.model', agaricus, 'xgblin_agaricus_true_raw', 'margin'),
  leaves('xgdermatology.model', dermatology, 'xgdermatology_true', 'margin'),
  leaves(
    'lg_dart_breast_cancer.model',
    () => table(join(LEAVES, 'breast_cancer_test.tsv')),
    'lg_dart_breast_cancer_true',
    'prediction',
  ),
  leaves('lg_rf_iris.model', sparse(join(LEAVES, 'iris_test.libsvm'), 0), 'lg_rf_iris_true', 'prediction'),
  leaves('lgmulticlass.model', classes, 'lgmulticlass_true', 'prediction'),
  leaves('lgmulticlass.model', classes, 'lgmulticlass_true_raw', 'margin'),
  ...['gamma_AvgClaimAmount', 'poisson_Frequency', 'tweedie_PurePremium'].map((name) =>
    leaves(
      `genlin_fmtp_${name}.model`,
      () => table(join(LEAVES, `genlin_fmtp_${name}_features.tsv`)),
      `genlin_fmtp_${name}_true`,
      'prediction',
    ),
  ),
  ...['json', 'ubj'].flatMap((ending) => [
    of(join(AGAIN, `xgagaricus.${ending}`), agaricus, join(AGAIN, 'xgagaricus.margin.txt'), 'margin'),
    of(join(AGAIN, `xgblin_agaricus.${ending}`), agaricus, join(AGAIN, 'xgblin_agaricus.margin.txt'), 'margin'),
    of(join(AGAIN, `xgdermatology.${ending}`), dermatology, join(AGAIN, 'xgdermatology.margin.txt'), 'margin'),
    of(
      join(AGAIN, `diabetes_reg.${ending}`),
      () => table(join(AGAIN, 'diabetes_reg.test.csv'), 0, -1),
      join(AGAIN, 'diabetes_reg.pred.csv'),
      'prediction',
    ),
  ]),
]

/** Expected numbers are printed with nine digits, some with seven. */
const TOLERANCE = 1e-7

describe('public suites', () => {
  beforeEach(({ skip }) => {
    for (const folder of [LEAVES, AGAIN])
      if (!existsSync(folder)) skip(`${folder} is not there; name the folder that holds it with WHYSLOW_TABULAR`)
  })

  test.each(CASES)('$what of $name', async ({ file, rows, expected, what, trees }) => {
    const read = tabularOf(await readModel(file))!
    const scores = read.scores.kind === 'forest' && trees !== undefined ? { ...read.scores, treeCount: trees } : read.scores
    const given = rows(read.input.featureCount)
    const wanted = table(expected).flat()
    const values = given.flatMap((row) => [...evaluateRow({ ...read, scores }, row)[what]])
    expect(values.length).toBe(wanted.length)
    const off = values.filter((value, k) => Math.abs(value - wanted[k]!) > TOLERANCE * Math.max(1, Math.abs(wanted[k]!)))
    expect(off).toEqual([])
    if (scores.kind !== 'forest') return
    // Compiled with all its trees.
    const array = read.input.dtype === 'float32' ? Float32Array : Float64Array
    const margins = given.flatMap((row) => [...evaluateRow(read, row).margin])
    const until = { rows: 'steps', block: 'settled' } as const
    for (const ranksFrom of [null, 1]) {
      const { program, module } = compileWalk(read).make({ until, blockFrom: 8, ranksFrom, nestedUpTo: null })
      const predict = openProgram(program, compileModule(module!))
      expect([...predict(array.from(given.flat()), given.length, { margin: true }).margin!]).toEqual(margins)
    }
  })
})
