// Small forests for tests, as a reader would list them.
import { assembleForest, type ForestParts, type ListedTree, plainSum } from '../../../src/forest/assemble.ts'
import { FLAG, type Forest, type TabularModel, TEST } from '../../../src/forest/types.ts'

/** A tree in brackets: a number is a leaf, a split is what it asks and its two children. */
export type Sketch = number | readonly number[] | SplitSketch

export interface SplitSketch {
  readonly feature: number
  readonly threshold: number
  readonly test?: keyof typeof TEST
  readonly missingIsYes?: boolean
  readonly zeroIsMissing?: boolean
  readonly yes: Sketch
  readonly no: Sketch
}

/** A list of leaves is a leaf with several values. */
export function listed(sketch: Sketch, target = 0): ListedTree {
  const rows: { feature: number; threshold: number; yes: number; no: number; flags: number; leafAt: number }[] = []
  const values: number[] = []
  let width = 1
  const add = (one: Sketch): number => {
    const at = rows.length
    if (typeof one === 'number' || Array.isArray(one)) {
      const list = typeof one === 'number' ? [one] : (one as readonly number[])
      width = list.length
      rows.push({ feature: -1, threshold: 0, yes: -1, no: -1, flags: 0, leafAt: values.length })
      values.push(...list)
      return at
    }
    const { feature, threshold, test = 'less', missingIsYes, zeroIsMissing, yes, no } = one as SplitSketch
    const flags = TEST[test] | (missingIsYes ? FLAG.missingIsYes : 0) | (zeroIsMissing ? FLAG.zeroIsMissing : 0)
    const row = { feature, threshold, yes: 0, no: 0, flags, leafAt: -1 }
    rows.push(row)
    row.yes = add(yes)
    row.no = add(no)
    return at
  }
  add(sketch)
  const column = (name: keyof (typeof rows)[number]) => rows.map((row) => row[name])
  return {
    target,
    width,
    feature: column('feature'),
    threshold: column('threshold'),
    yes: column('yes'),
    no: column('no'),
    flags: column('flags'),
    leafAt: column('leafAt'),
    values,
  }
}

export function exampleForest(sketches: readonly Sketch[], change: Partial<ForestParts> = {}): Forest {
  const { compare = 'float32', outputCount = 1, ...rest } = change
  const trees = sketches.map((sketch) => listed(sketch))
  return assembleForest(
    { trees, compare, featureCount: 4, outputCount, sum: plainSum(compare, outputCount), ...rest },
    'example.json',
  )
}

export function exampleTabular(scores: TabularModel['scores'], change: Partial<TabularModel> = {}): TabularModel {
  return {
    maker: 'xgboost',
    objective: 'reg:squarederror',
    input: { dtype: scores.kind === 'forest' ? scores.compare : scores.precision, featureCount: 4 },
    prepare: [],
    scores,
    transform: [],
    notes: [],
    ...change,
  }
}
