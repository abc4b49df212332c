// CatBoost's trees: a split holds where a float32 feature is above its border. Of an oblivious tree the first split is the lowest bit of the
// leaf's number; in trees of other shapes what holds goes right.
import type { ListedTree } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, type Forest, TEST } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { emptyColumns } from '../tabular/node-columns.ts'
import type { DocumentRecord } from '../tabular/record.ts'
import type { Features, MissingValues } from './features.ts'

/** CatBoost's own bound. */
const DEEPEST = 16

interface Split {
  readonly column: number
  readonly border: number
  readonly missing: MissingValues
}

/** x <= border is 'yes': the split does not hold. Missing values do not hold either, unless they are taken for the highest. */
const flagsOf = (missing: MissingValues): number => TEST.lessOrEqual | (missing === 'highest' ? 0 : FLAG.missingIsYes)

function splitOf(split: DocumentRecord, { columns }: Features): Split {
  const type = split.has('split_type') ? split.text('split_type') : 'FloatFeature'
  if (type !== 'FloatFeature')
    throw new InputError(
      `${split.where} is a split of the kind ${type}, which is not read: only CatBoost models over numeric features are`,
    )
  const feature = columns[split.count('float_feature_index', 2 ** 31)]
  if (feature === undefined)
    throw new InputError(`${split.where} asks for a feature that is not there; the file is damaged, save the model again`)
  const border = split.number('border')
  return { column: feature.column, border: Math.fround(border), missing: feature.missing }
}

function splitsOf(tree: DocumentRecord, features: Features): Split[] {
  const splits = tree.has('splits') ? tree.records('splits').map((split) => splitOf(split, features)) : []
  if (splits.length > DEEPEST)
    throw new InputError(`${tree.where} has ${splits.length} splits, more than ${DEEPEST}; the file is damaged`)
  return splits
}

/** Its levels as a tree: the highest bit at the root. */
export function obliviousTree(tree: DocumentRecord, features: Features): ListedTree {
  const splits = splitsOf(tree, features)
  const values = tree.numbers('leaf_values')
  const leaves = 2 ** splits.length
  const width = values.length / leaves
  if (!Number.isInteger(width) || width < 1)
    throw new InputError(
      `${tree.where} has ${values.length} values for ${leaves} leaves; the file is damaged, save the model again`,
    )
  const inner = leaves - 1
  const count = inner + leaves
  const listed = { ...emptyColumns(count), leafAt: new Int32Array(count) }
  for (let node = 0; node < inner; node++) {
    // Node n of depth d, as in a heap, asks for bit (splits − 1 − d).
    const split = splits[splits.length - 1 - Math.floor(Math.log2(node + 1))]!
    listed.feature[node] = split.column
    listed.threshold[node] = split.border
    listed.flags[node] = flagsOf(split.missing)
    listed.yes[node] = 2 * node + 1
    listed.no[node] = 2 * node + 2
  }
  for (let leaf = 0; leaf < leaves; leaf++) listed.leafAt[inner + leaf] = leaf * width
  return { target: 0, width, ...listed, values }
}

/** The forest with its oblivious trees as such. Leaves of a tree stand in it in the order in which its nodes were walked: yes first, so by number. */
export function obliviousParts(trees: readonly DocumentRecord[], features: Features, forest: Forest): Forest {
  const splits = trees.map((tree) => splitsOf(tree, features))
  const all = splits.flat()
  let end = 0
  const leaves = splits.map((own, t) => {
    const start = end
    end += 2 ** own.length * forest.widths[t]!
    return start
  })
  const starts = new Int32Array(trees.length + 1)
  for (const [t, own] of splits.entries()) starts[t + 1] = starts[t]! + own.length
  return {
    ...forest,
    oblivious: {
      starts,
      feature: Int32Array.from(all, ({ column }) => column),
      border: Float64Array.from(all, ({ border }) => border),
      missingIsSet: Uint8Array.from(all, ({ missing }) => (missing === 'highest' ? 1 : 0)),
      leaves: Int32Array.from(leaves),
    },
  }
}

/** Splits and values in each other: { split, left, right } or { value }. */
export function anyShapeTree(root: DocumentRecord, features: Features): ListedTree {
  const rows: { split?: Split; yes: number; no: number; leafAt: number }[] = []
  const values: number[] = []
  let width = 0
  const add = (node: DocumentRecord): number => {
    const at = rows.length
    if (!node.has('split')) {
      const value = node.raw('value')
      const own = typeof value === 'number' ? [value] : Array.from(node.numbers('value'))
      if (width !== 0 && own.length !== width)
        throw new InputError(
          `${node.where} has ${own.length} values, and others ${width}; the file is damaged, save the model again`,
        )
      width = own.length
      rows.push({ yes: 0, no: 0, leafAt: values.length })
      for (const value of own) values.push(value)
      return at
    }
    const row = { split: splitOf(node.record('split'), features), yes: 0, no: 0, leafAt: -1 }
    rows.push(row)
    row.yes = add(node.record('left'))
    row.no = add(node.record('right'))
    return at
  }
  add(root)
  const listed = { ...emptyColumns(rows.length), leafAt: new Int32Array(rows.length) }
  for (const [node, { split, yes, no, leafAt }] of rows.entries()) {
    listed.leafAt[node] = leafAt
    if (split === undefined) continue
    listed.feature[node] = split.column
    listed.threshold[node] = split.border
    listed.flags[node] = flagsOf(split.missing)
    listed.yes[node] = yes
    listed.no[node] = no
  }
  return { target: 0, width, ...listed, values }
}
