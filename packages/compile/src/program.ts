// A compiled model: what is done to rows as plain data, and the WebAssembly module that was written for it. shipped/compiled.mjs runs it.
import type { LabelRule, Precision, Preparation, Transform } from '@whyslow/graph/forest/types.ts'
import type { FullTrees } from './full-trees.ts'
import type { RankTables } from './rank-tables.ts'
import type { CategorySlots, EqualSlot, NumberSlot } from './slots.ts'
import type { WalkMemory } from './walk-memory.ts'

export interface ProgramSum {
  readonly precision: Precision
  readonly start: Float64Array
  readonly divideBy: number
  readonly scale: number
  readonly end: Float64Array
}

/** Trees walked over tables. */
export interface WalkScores {
  readonly kind: 'walk'
  readonly memory: WalkMemory
  readonly compare: Precision
  readonly number: Precision
  readonly nodeBytes: 8 | 16
  readonly outputCount: number
  readonly leaves: 'values' | 'numbers'
  /** Number of rows from which rows are walked side by side in place of trees; null: never. */
  readonly blockFrom: number | null
  /** Number of rows from which rows become ranks; null: never. */
  readonly ranksFrom: number | null
  /** Up to this many rows, trees are functions of model-trees.mjs; null: never. */
  readonly nestedUpTo: number | null
  readonly sum: ProgramSum
  /** As they lie in the memory, at the places of the same name. */
  readonly tables: {
    readonly roots: Uint32Array
    /** Target of each tree, bytes; `outputs`: the same, counted. */
    readonly targets: Uint32Array
    readonly outputs: Uint32Array
    readonly steps: Uint32Array
    readonly treeSteps: Uint32Array
    readonly nodes: Uint8Array
    readonly starts: Float32Array | Float64Array
    /** Tables for rows as ranks, if some are. */
    readonly ranks: Pick<RankTables, 'thresholds' | 'searches' | 'nodes' | 'trees' | 'leaves'> | null
    /** Full trees, if one row goes through such. */
    readonly full: Pick<FullTrees, 'nodes' | 'leaves'> | null
  }
  readonly slots: {
    readonly numbers: readonly NumberSlot[]
    readonly equals: readonly EqualSlot[]
    readonly categories: readonly (Pick<CategorySlots, 'feature'> & {
      readonly count: number
      readonly sets: Int32Array
      readonly negated: Uint8Array
      /** The set of all categories that are known; −1: none, and no category is missing. */
      readonly known: number
    })[]
  }
  readonly categoryRule: string
  readonly categorySets: { readonly starts: Int32Array; readonly words: Uint32Array }
  /** Leaf values of trees whose leaves are numbers. */
  readonly leafValues?: Float64Array
  readonly leafAt?: Int32Array
  readonly leafLinear?: Int32Array
  readonly targets?: Int32Array
  readonly widths?: Int32Array
  readonly linear?: unknown
}

/** Trees as functions of model-trees.mjs. */
export interface TreesScores {
  readonly kind: 'trees'
  readonly compare: Precision
  readonly inputWidth: number
  readonly outputCount: number
  readonly sum: ProgramSum
  readonly blockRows: number
}

/** Dense layers. */
export interface LayersScores {
  readonly kind: 'layers'
  readonly precision: Precision
  readonly outputCount: number
  /** NaN adds nothing to the sums. */
  readonly skipsMissing: boolean
  readonly sum: ProgramSum
  /** `values`: where rows lie before the first layer, and behind each. */
  readonly memory: { readonly totalBytes: number; readonly values: readonly number[]; readonly blockRows: number }
  readonly layers: readonly LayerPart[]
}

export interface LayerPart {
  readonly inputs: number
  readonly outputs: number
  /** Outputs and inputs in memory, rounded up to whole vectors. */
  readonly stride: number
  /** Weights of each input, with all outputs of it; zeros up to `stride`. */
  readonly weights: Float32Array | Float64Array
  readonly bias: Float32Array | Float64Array
  readonly weightsAt: number
  readonly biasAt: number
  readonly activation: string
  readonly alpha: number
}

export type ProgramScores = WalkScores | TreesScores | LayersScores

export interface Program {
  readonly input: { readonly dtype: Precision; readonly featureCount: number }
  readonly prepare: readonly Preparation[]
  /** Numbers in a row once it is prepared. */
  readonly width: number
  readonly scores: ProgramScores
  readonly transform: readonly Transform[]
  readonly predictionCount: number
  readonly label: Pick<LabelRule, 'from' | 'by' | 'cut'> | null
  readonly precisions: { readonly margin: Precision; readonly prediction: Precision }
}

export interface Packed {
  readonly json: string
  readonly bytes: Uint8Array
}

/** The program as JSON, its arrays in separate bytes; numbers that JSON has no words for as text. */
export function packProgram(program: object): Packed {
  const parts: Uint8Array[] = []
  let next = 0
  const json = JSON.stringify(program, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) {
      const view = value as Float64Array
      const at = next
      const length = Math.ceil(view.byteLength / 8) * 8
      const part = new Uint8Array(length)
      part.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      parts.push(part)
      next += length
      return { $array: view.constructor.name, at, length: view.length }
    }
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: wordOf(value) }
    return value
  })
  const bytes = new Uint8Array(next)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { json, bytes }
}

const wordOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))
