import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import type { CategoryRule, TabularModel } from '@whyslow/graph/forest/types.ts'
import { exampleForest, exampleTabular, listed, type Sketch } from '@whyslow/graph/support/forest/example-forest.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fullOr, onlyFull } from '../../../test/only-full.ts'
import { chooseForm } from './choose.ts'
import { compileTrees, compileWalk } from './compile.ts'
import { fitsIfElse } from './if-else.ts'
import { packProgram } from './program.ts'
import { compileModule, openProgram, readProgram, type Trees } from './shipped/compiled.mjs'
import type { WalkForm } from './walk-spec.ts'

const FEATURES = 4
const SETS = {
  starts: Int32Array.of(0, 1, 3, 4),
  words: Uint32Array.of(0b1011, 0x80000001, 0b10, 0xff),
  known: Int32Array.of(-1, 2, -1, 2),
}

const numberOf = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    2.5,
    1e-36,
    -1e-36,
    1e-35,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0.5,
    -0.5,
  ),
  fc.integer({ min: -3, max: 70 }),
  fc.double({ min: -3, max: 3 }),
)
const threshold = numberOf.map((value) => (Number.isNaN(value) ? 0.25 : value))
const sketch = fc.letrec<{ tree: Sketch }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.double({ min: -9, max: 9, noNaN: true }),
    fc.record({
      feature: fc.nat(FEATURES - 1),
      threshold,
      test: fc.constantFrom('less', 'lessOrEqual', 'less', 'equal', 'member'),
      missingIsYes: fc.boolean(),
      zeroIsMissing: fc.boolean(),
      yes: tie('tree'),
      no: tie('tree'),
    }),
  ),
})).tree

/** A member test names a set; thresholds and leaves are numbers of the type that is compared in. */
function settled(one: Sketch, round: (value: number) => number): Sketch {
  if (typeof one === 'number') return round(one)
  if (!('feature' in one)) return one
  const isMember = one.test === 'member'
  const threshold = isMember ? Math.abs(Math.trunc(one.threshold || 0)) % 3 : round(one.threshold)
  return {
    ...one,
    threshold: Number.isNaN(threshold) ? 0 : threshold,
    zeroIsMissing: one.test === 'less' || one.test === 'lessOrEqual' ? (one.zeroIsMissing ?? false) : false,
    yes: settled(one.yes, round),
    no: settled(one.no, round),
  }
}

const model = fc
  .record({
    trees: fc.array(sketch, { maxLength: 11 }),
    compare: fc.constantFrom('float32' as const, 'float64' as const),
    precision: fc.constantFrom('float32' as const, 'float64' as const),
    categories: fc.constantFrom<CategoryRule>('xgboost', 'lightgbm', 'scikit-learn', 'exact'),
    start: fc.double({ min: -3, max: 3, noNaN: true }),
  })
  .map(({ trees, compare, precision, categories, start }): TabularModel => {
    const round = compare === 'float32' ? Math.fround : (value: number) => value
    const sum = {
      precision,
      start: Float64Array.of(precision === 'float32' ? Math.fround(start) : start),
      divideBy: 1,
      scale: 1,
      end: Float64Array.of(0),
    }
    const forest = exampleForest(
      trees.map((one) => settled(one, round)),
      { compare, categories, sets: SETS, sum },
    )
    return exampleTabular(forest)
  })
const rows = fc.array(fc.array(numberOf, { minLength: FEATURES, maxLength: FEATURES }), { minLength: 1, maxLength: 75 })

const FORMS: readonly WalkForm[] = [
  { until: { rows: 'steps', block: 'steps' }, blockFrom: null, ranksFrom: null, nestedUpTo: null },
  { until: { rows: 'settled', block: 'steps' }, blockFrom: 8, ranksFrom: null, nestedUpTo: null },
  { until: { rows: 'steps', block: 'settled' }, blockFrom: 1, ranksFrom: null, nestedUpTo: null },
  { until: { rows: 'steps', block: 'steps' }, blockFrom: null, ranksFrom: 1, nestedUpTo: null },
  { until: { rows: 'steps', block: 'steps' }, blockFrom: 4, ranksFrom: 16, nestedUpTo: null },
  { until: { rows: 'steps', block: 'steps' }, blockFrom: 17, ranksFrom: 8, nestedUpTo: null },
  { until: { rows: 'full', block: 'steps' }, blockFrom: null, ranksFrom: null, nestedUpTo: null },
]

function predict(of: TabularModel, form: WalkForm, given: readonly (readonly number[])[], plain: boolean) {
  const { program, module } = compileWalk(of).make(form)
  const { json, bytes } = packProgram(program)
  const opened = openProgram(readProgram(json, bytes), plain ? null : compileModule(module!))
  const array = of.input.dtype === 'float32' ? Float32Array : Float64Array
  return opened(array.from(given.flat()), given.length, { margin: true, prediction: true, label: of.label !== undefined })
}

describe('a forest compiled gives what it means, to the last bit', () => {
  test.each(FORMS)(
    'walked as $until says, rows from $blockFrom on, ranks from $ranksFrom on, in WebAssembly and in plain JavaScript',
    (form) => {
      fc.assert(
        fc.property(model, rows, (of, given) => {
          const expected = given.flatMap((row) => [...evaluateRow(of, row).margin])
          for (const plain of [false, true]) expect([...predict(of, form, given, plain).margin!]).toEqual(expected)
        }),
        { numRuns: fullOr(15, 5), seed: 1 },
      )
    },
  )
})

/** A tree of this depth whose leaves on the right stand one level higher. */
const shallow = (depth: number, feature = 0): Sketch =>
  depth === 0
    ? feature / 8
    : {
        feature: feature % FEATURES,
        threshold: feature - 1,
        yes: shallow(depth - 1, feature + 1),
        no: depth > 2 ? shallow(depth - 2, feature + 2) : feature,
      }

test('shallow trees are walked as full trees, deep and thin ones are not', () => {
  const of = exampleTabular(exampleForest(Array.from({ length: 11 }, (_, k) => shallow(4 + (k % 2), k % 3))))
  const { hasFull, make } = compileWalk(of)
  expect(hasFull).toBe(true)
  const { program } = make({ ...FORMS[0]!, until: { rows: 'full', block: 'steps' } })
  if (program.scores.kind !== 'walk') throw new Error(program.scores.kind)
  // 16 trees of 2^5 places, of 8 bytes with a slot each, and as many leaves.
  expect(program.scores.tables.full!.nodes).toHaveLength(16 * 32 * 8)
  expect(program.scores.tables.full!.leaves).toHaveLength(16 * 32)
  const thin = (depth: number): Sketch => (depth === 0 ? 1 : { feature: 0, threshold: depth, yes: thin(depth - 1), no: 2 })
  for (const depth of [7, 9]) expect(compileWalk(exampleTabular(exampleForest([thin(depth)]))).hasFull).toBe(false)
})

/** The second leaf of the first tree has a linear model: its value is 10 + 2 · x₁, or 4 where x₁ is missing. */
const wide: Sketch = { feature: 0, threshold: 1, yes: [1, 2], no: { feature: 1, threshold: 0, yes: [3, 4], no: [5, 6] } }
const linear = {
  ...listed({ feature: 0, threshold: 1, missingIsYes: true, yes: 3, no: 4 }),
  linear: [-1, -1, 0],
}
const LEAVES = {
  'with several values': exampleForest([wide, wide], { outputCount: 2 }),
  'with a linear model': {
    ...exampleForest([], { trees: [linear, linear], compare: 'float64' }),
    linearLeaves: {
      constant: Float64Array.of(10),
      starts: Int32Array.of(0, 1),
      feature: Int32Array.of(1),
      coefficient: Float64Array.of(2),
    },
  },
}

test.each(Object.entries(LEAVES))('leaves %s are found by their numbers, in rows and in blocks', (_, forest) => {
  const of = exampleTabular(forest)
  const given = Array.from({ length: 11 }, (_, r) => [r % 3, (r % 4) - 1.5, 0, 0]).with(4, [2, Number.NaN, 0, 0])
  const expected = given.flatMap((row) => [...evaluateRow(of, row).margin])
  expect(new Set(expected).size).toBeGreaterThan(3)
  for (const form of FORMS)
    for (const plain of [false, true]) expect([...predict(of, form, given, plain).margin!]).toEqual(expected)
})

/** A source as a module, without a file. */
const moduleOf = async (source: string): Promise<Trees> =>
  ((await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Trees }).default

test('nested choices in JavaScript give the same', async () => {
  const cases = fc.sample(model, { numRuns: 30, seed: 2 }).filter(({ scores }) => scores.kind === 'forest' && fitsIfElse(scores))
  expect(cases.length).toBeGreaterThan(5)
  for (const of of cases) {
    const { program, trees } = compileTrees(of)
    const given = fc.sample(rows, { numRuns: 1, seed: 3 })[0]!
    const array = of.input.dtype === 'float32' ? Float32Array : Float64Array
    const predict = openProgram(program, null, await moduleOf(trees!))
    const { margin } = predict(array.from(given.flat()), given.length, { margin: true })
    expect([...margin!]).toEqual(given.flatMap((row) => [...evaluateRow(of, row).margin]))
  }
})

test('ranks are right on both sides of each threshold, where they are more than a byte holds and where none is', () => {
  // 300 thresholds of one feature: columns of 255 and of 45.
  const chain = (k: number): Sketch =>
    k === 300 ? 300 : { feature: 0, threshold: k, test: 'lessOrEqual', missingIsYes: k % 2 === 0, yes: k, no: chain(k + 1) }
  const parts = Array.from({ length: 3 }, (_, part): Sketch => {
    const of = (k: number): Sketch =>
      k === 100 * part + 100
        ? k
        : { feature: 0, threshold: k, test: 'lessOrEqual', missingIsYes: part === 1, yes: k, no: of(k + 1) }
    return of(100 * part)
  })
  const many = exampleTabular(exampleForest(parts))
  const given = [-1, 0, 0.5, 254, 254.5, 255, 255.5, 256, 299, 299.5, 1e9, Number.NaN, -0].map((x) => [x, 0, 0, 0])
  const ranks: WalkForm = { until: { rows: 'steps', block: 'steps' }, blockFrom: null, ranksFrom: 1, nestedUpTo: null }
  expect(compileWalk(many).hasRanks).toBe(true)
  expect([...predict(many, ranks, given, false).margin!]).toEqual(given.flatMap((row) => [...evaluateRow(many, row).margin]))
  // 301 leaves are more than a byte can number.
  expect(compileWalk(exampleTabular(exampleForest([chain(0)]))).hasRanks).toBe(false)
  expect(compileWalk(exampleTabular(exampleForest([]))).hasRanks).toBe(false)
})

test('nested choices for few rows, the walk for more', async () => {
  const of = exampleTabular(exampleForest([{ feature: 0, threshold: 1, yes: 2, no: 3 }]))
  const { program, module, trees } = compileWalk(of).make({
    ...{ until: { rows: 'steps', block: 'steps' }, blockFrom: null, ranksFrom: null, nestedUpTo: 1 },
  })
  let calls = 0
  const functions = await moduleOf(trees!)
  const counting: Trees = (...given) => {
    calls++
    functions(...given)
  }
  const opened = openProgram(program, compileModule(module!), counting)
  expect([...opened(Float32Array.of(0, 0, 0, 0), 1, { margin: true }).margin!]).toEqual([2])
  expect([...opened(Float32Array.of(0, 0, 0, 0, 5, 0, 0, 0), 2, { margin: true }).margin!]).toEqual([2, 3])
  expect(calls).toBe(1)
})

test('no name of a file becomes code', () => {
  const hostile = '*/ evil() /* \n evil() //'
  const forest = exampleForest([{ feature: 0, threshold: 1, yes: 2, no: 3 }])
  const names = Array.from({ length: FEATURES }, (_, k) => `${hostile}${k}`)
  const named = exampleTabular(forest, {
    objective: hostile,
    notes: [hostile],
    input: { dtype: 'float32', featureCount: FEATURES, names },
  })
  expect(compileTrees(named).trees).not.toContain('evil')
})

test('millions of features of which two are used take memory for few rows alone', async (context) => {
  onlyFull(context, 'ten million features')
  let ms = 0
  const now = () => {
    ms += 10
    return ms
  }
  const narrow = exampleTabular(exampleForest([{ feature: 0, threshold: 1, yes: 2, no: 3 }]))
  const { scores } = narrow
  const wide = (featureCount: number) => ({ ...narrow, scores, input: { ...narrow.input, featureCount } })
  const { times } = await chooseForm(wide(400_000), { now, load: moduleOf })
  expect(Math.max(...times.map(({ rows }) => rows))).toBe(64)
  await expect(chooseForm(wide(10_000_000), { now, load: moduleOf })).rejects.toThrow(/bytes compiled, above/)
})

test('what is fastest is put together, and does not change the sums', async () => {
  let ms = 0
  const now = () => {
    ms += 10
    return ms
  }
  const of = exampleTabular(
    exampleForest([{ feature: 0, threshold: 1, yes: 2, no: { feature: 1, threshold: 0, yes: 3, no: 4 } }]),
  )
  const { program, module, trees, times } = await chooseForm(of, { now, load: moduleOf })
  expect(new Set(times.map(({ form }) => form))).toEqual(
    new Set(['trees steps', 'trees settled', 'trees full', 'rows steps', 'rows settled', 'ranks', 'if-else']),
  )
  const predict = openProgram(program, module && compileModule(module), trees === undefined ? null : await moduleOf(trees))
  expect([...predict(Float32Array.of(0, 0, 0, 0, 5, 5, 0, 0), 2, { margin: true }).margin!]).toEqual([2, 4])
})
