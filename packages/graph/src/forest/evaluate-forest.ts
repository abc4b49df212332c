// The margins of a forest, node by node: the meaning of `Forest`, kept plain.
import { type CategoryRule, FLAG, type Forest, type LinearLeaves, TEST, ZERO_THRESHOLD } from './types.ts'

/** The margins of one row, each feature in the precision in which the forest compares. */
export function evaluateForest(forest: Forest, row: Float64Array): Float64Array {
  const { treeCount, roots, targets, widths, sum, compare } = forest
  const round = sum.precision === 'float32' ? Math.fround : (value: number) => value
  const features = compare === 'float32' ? row.map(Math.fround) : row
  const margin = Float64Array.from(sum.start)
  for (let tree = 0; tree < treeCount; tree++) {
    const leaf = leafOf(forest, roots[tree]!, features)
    for (let k = 0; k < widths[tree]!; k++) {
      const output = targets[tree]! + k
      margin[output] = round(margin[output]! + leafValue(forest, { leaf, k, row: features }))
    }
  }
  return margin.map((value, k) => {
    const mean = sum.divideBy === 1 ? value : round(value / sum.divideBy)
    const scaled = sum.scale === 1 ? mean : round(mean * sum.scale)
    return sum.end[k] === 0 ? scaled : round(scaled + sum.end[k]!)
  })
}

/** The leaf that the row comes to from `root`: an index into the nodes. */
export function leafOf({ nodes, categories, sets }: Forest, root: number, row: Float64Array): number {
  let at = root
  while (nodes.feature[at]! >= 0) {
    const feature = nodes.feature[at]!
    const flags = nodes.flags[at]!
    const test = flags & FLAG.test
    const x = row[feature]!
    const missing =
      test === TEST.member
        ? isMissingCategory({ categories, sets, feature, x })
        : Number.isNaN(x) || ((flags & FLAG.zeroIsMissing) !== 0 && Math.abs(x) <= ZERO_THRESHOLD)
    const yes = missing
      ? (flags & FLAG.missingIsYes) !== 0
      : holds(test, { x, threshold: nodes.threshold[at]!, categories, sets })
    at = yes ? nodes.yes[at]! : nodes.no[at]!
  }
  return at
}

type Sets = Pick<Forest, 'categories' | 'sets'>

function isMissingCategory({ categories, sets, feature, x }: Sets & { readonly feature: number; readonly x: number }): boolean {
  if (Number.isNaN(x)) return true
  if (categories !== 'scikit-learn') return false
  const known = sets.known?.[feature] ?? -1
  return x < 0 || (known >= 0 && !isMember(sets, known, Math.trunc(x)))
}

function holds(
  test: number,
  { x, threshold, categories, sets }: Sets & { readonly x: number; readonly threshold: number },
): boolean {
  switch (test) {
    case TEST.less:
      return x < threshold
    case TEST.lessOrEqual:
      return x <= threshold
    case TEST.equal:
      return x === threshold
    default: {
      const category = categoryOf(categories, x)
      return category >= 0 && isMember(sets, threshold, category)
    }
  }
}

/** The category of a number, −1 if it can be in no set. */
export function categoryOf(rule: CategoryRule, x: number): number {
  switch (rule) {
    case 'xgboost':
      return x < 0 || !(x < 2 ** 24) ? -1 : Math.trunc(x)
    case 'lightgbm':
    case 'scikit-learn':
      return x > -1 && x < 2 ** 31 ? Math.trunc(x) : -1
    case 'exact':
      return Number.isInteger(x) && x >= 0 ? x : -1
  }
}

/** `category`: a whole number from 0 on, of any size. */
export function isMember({ starts, words }: Forest['sets'], set: number, category: number): boolean {
  const word = starts[set]! + Math.floor(category / 32)
  return word < starts[set + 1]! && ((words[word]! >>> (category % 32)) & 1) === 1
}

/** What a leaf adds to the k-th of its outputs. */
export function leafValue(
  { nodes, leafValues, linearLeaves }: Forest,
  { leaf, k, row }: { readonly leaf: number; readonly k: number; readonly row: Float64Array },
): number {
  const plain = leafValues[nodes.yes[leaf]! + k]!
  const linear = nodes.no[leaf]!
  return linear < 0 || linearLeaves === undefined ? plain : linearValue(linearLeaves, { at: linear, row, plain })
}

function linearValue(
  { constant, starts, feature, coefficient }: LinearLeaves,
  { at, row, plain }: { readonly at: number; readonly row: Float64Array; readonly plain: number },
): number {
  let value = constant[at]!
  for (let k = starts[at]!; k < starts[at + 1]!; k++) {
    const x = row[feature[k]!]!
    if (Number.isNaN(x)) return plain
    value += coefficient[k]! * x
  }
  return value
}
