// Models of rows of features: forests, linear models, small networks. Everything that decides a bit of the result is said here, once for
// all makers: which number type compares, where missing values and categories go, in which order and precision leaves are added, and what
// becomes of the sum. Readers write it; the ONNX writer, the compilers and the diagnosis read it; `evaluate.ts` is its meaning.
//
// In arrays of float64, numbers of a float32 model stand widened: Math.fround changes none of them.

import type { ElementFunction } from './element-functions.ts'

/** The number type in which something is compared or added: each operation is rounded to it. */
export type Precision = 'float32' | 'float64'

/** A model as its maker's own predictor computes it: features are prepared, scored, and the scores (margins) turned into predictions. */
export interface TabularModel {
  /** Whose rules are followed. */
  readonly maker: 'xgboost' | 'lightgbm' | 'catboost' | 'scikit-learn' | 'onnx'
  /** The model in its maker's words: 'binary:logistic', 'RandomForestClassifier'. From the file: show it, never build code of it. */
  readonly objective: string
  readonly input: TabularInput
  /** What happens to a row before the scores, in order. */
  readonly prepare: readonly Preparation[]
  readonly scores: OneModel | StackedScores
  /** Steps from margins to the output `prediction`, in order. */
  readonly transform: readonly Transform[]
  /** Undefined if the model classifies nothing. */
  readonly label?: LabelRule
  /** What the reader of the report should know: trees that the maker's other predictor would leave out, … One sentence each. */
  readonly notes: readonly string[]
}

/** Rows × features; NaN is missing. A caller's number is rounded to this type first, which is the maker's rule too. */
export interface TabularInput {
  readonly dtype: Precision
  readonly featureCount: number
  /** Column names from the file, in its order; undefined if it has none. Show them, never build code of them. */
  readonly names?: readonly string[]
}

/** What gives margins of a row by itself. */
export type OneModel = Forest | LinearScores | NetworkScores

/** Margins of a model whose features are the outputs of other models for the row: means of models of several kinds, stacking, calibration. */
export interface StackedScores {
  readonly kind: 'stacked'
  readonly precision: 'float64'
  readonly outputCount: number
  readonly members: readonly StackedMember[]
  /** Whether the row itself stands behind the members' outputs. */
  readonly passthrough: boolean
  /** What happens to that row before it is scored, in order. */
  readonly prepare: readonly Preparation[]
  readonly last: OneModel
}

export interface StackedMember {
  readonly model: TabularModel
  /** A label is its place among the classes. */
  readonly output: 'margin' | 'prediction' | 'label'
  /** Which numbers of that, in this order. */
  readonly columns: Int32Array
}

/** One step from a row of numbers to a row of numbers, as pipelines have them. All arrays have one entry for each entry of the row. */
export type Preparation =
  /** Rounds to float32 and back. */
  | { readonly kind: 'round' }
  /** (x − offset) · factor or (x − offset) / divisor, both operations rounded to `precision`; `x · factor + offset` where `first` says so. */
  | {
      readonly kind: 'scale'
      readonly form: 'subtract-divide' | 'subtract-multiply' | 'multiply-add'
      readonly precision: Precision
      readonly offset: Float64Array
      readonly factor: Float64Array
    }
  /** What equals `missing` (NaN: what is NaN) becomes `values`, NaN in `values` leaves it. `indicators`: columns whose 0/1 are put behind the row. */
  | { readonly kind: 'impute'; readonly missing: number; readonly values: Float64Array; readonly indicators?: Int32Array }
  /** The row becomes these of its columns, in this order; a column may come twice. */
  | { readonly kind: 'take'; readonly columns: Int32Array }
  /** Column k becomes one column for each of `categories[k]`, 1 if it (truncated, where `whole`) is equal; undefined stays. None equal: all are 0. */
  | { readonly kind: 'one-hot'; readonly categories: readonly (Float64Array | undefined)[]; readonly whole?: true }
  /** Column k becomes its place in `categories[k]`, `unknown` if it is not there; NaN stays NaN; undefined stays. */
  | { readonly kind: 'ordinal'; readonly categories: readonly (Float64Array | undefined)[]; readonly unknown: number }
  /** Column k becomes the number of `edges[k]` (ascending) that are not above it; NaN stays NaN; undefined stays. */
  | { readonly kind: 'bins'; readonly edges: readonly (Float64Array | undefined)[] }
  /** Column k becomes the value of the key that it is equal to, `otherwise` where it is equal to none (NaN is); undefined stays. */
  | { readonly kind: 'map'; readonly columns: readonly (MappedColumn | undefined)[] }
  /** Each row divided by its norm; a row whose norm is zero or below `least` stays. */
  | { readonly kind: 'normalize'; readonly norm: 'l1' | 'l2' | 'max'; readonly precision: Precision; readonly least: number }
  /** 1 if x is above the threshold, else 0. */
  | { readonly kind: 'binarize'; readonly thresholds: Float64Array }
  /** Column k becomes `functions[k]` of it, rounded to `precision`; undefined stays. */
  | { readonly kind: 'apply'; readonly precision: Precision; readonly functions: readonly (ElementFunction | undefined)[] }
  /** The columns at … at + inputs become sums: bias[k] + Σ weights[k · inputs + i] · x[at + i], i ascending, each operation rounded. Others stay. */
  | {
      readonly kind: 'project'
      readonly precision: Precision
      readonly at: number
      readonly inputs: number
      readonly weights: Float64Array
      readonly bias: Float64Array
    }
  /** The columns at … at + inputs become products: of x[at + i] for each i of `factors[k]`, in that order, each rounded; 1 if there is none. Others stay. */
  | {
      readonly kind: 'products'
      readonly precision: Precision
      readonly at: number
      readonly inputs: number
      readonly factors: readonly Int32Array[]
    }

/** Keys, each once and none NaN, and as many values. */
export interface MappedColumn {
  readonly keys: Float64Array
  readonly values: Float64Array
  readonly otherwise: number
}

/** Tests of a node: 'yes' is taken where the test holds. What makers write as > or >= stands here as <= or < with its children changed. */
export const TEST = { less: 0, lessOrEqual: 1, equal: 2, member: 3 } as const

/** Bits of `Nodes.flags`: the test in the lowest two, then where a missing value goes, and whether what is nearly zero is missing too. */
export const FLAG = { test: 3, missingIsYes: 4, zeroIsMissing: 8 } as const

/** LightGBM's kZeroThreshold, a float literal: |x| up to it is zero, and missing where `FLAG.zeroIsMissing` is set. */
export const ZERO_THRESHOLD = Math.fround(1e-35)

/** All nodes of all trees, one entry each: a tree's nodes follow each other, its root first, and a parent stands before its children. */
export interface Nodes {
  /** The feature that is tested; −1 marks a leaf. */
  readonly feature: Int32Array
  /** What it is compared with; of a member test the index of its set. 0 at a leaf. */
  readonly threshold: Float64Array
  /** The child where the test holds. At a leaf: where its values start in `leafValues`. */
  readonly yes: Int32Array
  /** The other child. At a leaf: the index of its linear model in `linearLeaves`, −1 if it has none. */
  readonly no: Int32Array
  readonly flags: Uint8Array
}

/** How a number becomes the category that a member test looks for, and what else stays outside of every set. */
export type CategoryRule =
  /** Truncated; negative (by its sign, −0.5 too) or 2²⁴ and above: no member. */
  | 'xgboost'
  /** Truncated toward zero, −0.5 is 0; negative or 2³¹ and above: no member. */
  | 'lightgbm'
  /** As scikit-learn's HistGradientBoosting: negative, or not in `known` of its feature: missing. Truncated. */
  | 'scikit-learn'
  /** The number itself: only a whole number can be a member. */
  | 'exact'

/** Sets of categories as bits: category c of set s is bit c mod 32 of word starts[s] + floor(c / 32), if that is before starts[s + 1]. */
export interface CategorySets {
  readonly starts: Int32Array
  readonly words: Uint32Array
  /** 'scikit-learn': by feature, the set of all categories that the model knows; −1 if it has none. */
  readonly known?: Int32Array
}

/** Leaf m: constant[m] + Σ coefficient · x[feature] over starts[m] … starts[m + 1], added in that order; where an x is NaN, the leaf's plain value. */
export interface LinearLeaves {
  readonly constant: Float64Array
  readonly starts: Int32Array
  readonly feature: Int32Array
  readonly coefficient: Float64Array
}

/** Trees whose nodes of one depth all ask the same: leaf = Σ bit_d · 2^d over the splits d of a tree, the first split the lowest bit. */
export interface ObliviousTrees {
  /** Splits of tree t: starts[t] … starts[t + 1]. */
  readonly starts: Int32Array
  readonly feature: Int32Array
  /** The bit is set where x > border. */
  readonly border: Float64Array
  /** 1 if a missing value sets the bit. */
  readonly missingIsSet: Uint8Array
  /** Where leaf 0 of each tree stands in `leafValues`; leaf l stands at + l · width. */
  readonly leaves: Int32Array
}

/** Margins as a sum over trees. */
export interface Forest {
  readonly kind: 'forest'
  /** The type in which features are compared; thresholds are numbers of it. */
  readonly compare: Precision
  readonly outputCount: number
  readonly treeCount: number
  /** Root of each tree, indexed by tree. */
  readonly roots: Int32Array
  /** The first output that each tree's leaves add to, indexed by tree. */
  readonly targets: Int32Array
  /** How many outputs each tree's leaves add to, from `targets` on, indexed by tree. `leafValues` has as many values for each leaf. */
  readonly widths: Int32Array
  readonly nodes: Nodes
  readonly leafValues: Float64Array
  readonly categories: CategoryRule
  readonly sets: CategorySets
  readonly linearLeaves?: LinearLeaves
  /** The same trees once more, where all of them are oblivious. */
  readonly oblivious?: ObliviousTrees
  readonly sum: ForestSum
}

/**
 * Output k starts at start[k]; leaves are added tree by tree, each addition rounded to `precision`; then it is divided by `divideBy`
 * (1: not at all), multiplied by `scale` (1: not at all) and end[k] is added (0: not at all), each rounded too.
 */
export interface ForestSum {
  readonly precision: Precision
  readonly start: Float64Array
  readonly divideBy: number
  readonly scale: number
  readonly end: Float64Array
}

/** Margins as a weighted sum: output k starts at start[k], then weights[k · featureCount + f] · x[f] is added, f ascending, each operation rounded. */
export interface LinearScores {
  readonly kind: 'linear'
  readonly precision: Precision
  readonly outputCount: number
  readonly featureCount: number
  readonly weights: Float64Array
  readonly start: Float64Array
  /** Added at the end; zeros if nothing is. */
  readonly end: Float64Array
  /** A missing feature adds nothing, or makes the sum missing. */
  readonly missing: 'skipped' | 'missing'
}

/** Margins by dense layers; sums as in LinearScores, whose order an engine's own kernels need not keep. */
export interface NetworkScores {
  readonly kind: 'network'
  readonly precision: Precision
  readonly outputCount: number
  readonly layers: readonly DenseLayer[]
}

export type Activation = 'identity' | 'relu' | 'leaky-relu' | 'elu' | 'tanh' | 'logistic' | 'softplus' | 'softmax'

export interface DenseLayer {
  readonly inputs: number
  readonly outputs: number
  /** Output k: weights[k · inputs + i] · x[i]. */
  readonly weights: Float64Array
  readonly bias: Float64Array
  readonly activation: Activation
  /** Parameter of leaky-relu and elu. */
  readonly alpha?: number
}

/** What is done to all outputs of a row; in double unless it says float32: then each operation is rounded. */
export type Transform =
  /** 1 / (1 + exp(−slope · x)); float32: 1 / (exp(min(−x, 88.7)) + 1). */
  | { readonly kind: 'logistic'; readonly precision: Precision; readonly slope: number }
  /** One output p becomes two: 1 − p and p. */
  | { readonly kind: 'pair'; readonly precision: Precision }
  /** The largest is subtracted first. float32: exp in float32, their sum in double, divided by that sum as float32. */
  | { readonly kind: 'softmax'; readonly precision: Precision }
  | { readonly kind: 'exp'; readonly precision: Precision }
  /** ln(1 + exp x). */
  | { readonly kind: 'log1p-exp'; readonly precision: Precision }
  /** sign(x) · x². */
  | { readonly kind: 'signed-square' }
  /** 1 if x > 0, else 0. */
  | { readonly kind: 'step' }
  /** The index of the first of the largest outputs, alone. */
  | { readonly kind: 'arg-max' }
  /** Each divided by their sum; all zero: each 1 / count. */
  | { readonly kind: 'normalize' }
  /** Ascending. */
  | { readonly kind: 'sort' }
  /** The first stays; the next is the one before + 1e-6 + softplus(x), in float32. */
  | { readonly kind: 'expectiles' }
  /** Divided, in double: the mean over a random forest's trees, where its maker's scores are the sum. */
  | { readonly kind: 'divide'; readonly by: number }
  /** −(2^x) − offset: the score of scikit-learn's isolation forests, whose margin is −(mean depth) over the usual depth. */
  | { readonly kind: 'isolation'; readonly offset: number }
  /** max(x, 0), or between two bounds: by ONNX's and scikit-learn's regressors. */
  | { readonly kind: 'clip'; readonly low: number; readonly high: number }

export interface LabelRule {
  /** Labels, indexed by class. Texts are from the file: show them, never build code of them. */
  readonly classes: readonly number[] | readonly string[]
  /** The outputs that decide. */
  readonly from: 'margin' | 'prediction'
  /**
   * 'largest': the first of the largest outputs is the class. 'above': one output (the last), class 1 if it is > cut, else class 0;
   * 'from': where it is >= cut. NaN is not above.
   */
  readonly by: 'largest' | 'above' | 'from'
  readonly cut: number
}
