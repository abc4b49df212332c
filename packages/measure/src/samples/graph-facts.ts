// What a graph's own nodes and constants say about its inputs. Axes are followed from the input through operators that keep them, up to
// the first that tells; what an operator tells is in its family's file (packages/graph/src/operators).

import { readInput } from '@whyslow/graph/operators/index.ts'
import type { AxisFact, AxisMeaning, InputUse, UseFacts } from '@whyslow/graph/operators/input-use.ts'
import type { Dimension, GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isPlainFloat } from './dtype-arrays.ts'
import { constantShape, type Index, indexGraph, positionRows, type Use } from './graph-index.ts'

export type { AxisMeaning }

export interface InputFacts {
  /** Facts of each axis; empty if nothing is known. */
  readonly axes: readonly AxisFact[]
  /** Rank of the first operator that has one, for inputs declared without a shape. */
  readonly rank?: number
  /** Set where the input indexes a table: ids are in 0..tableRows-1. */
  readonly tableRows?: number
  /** Rows of the table of positions that belongs to the token table: the longest sequence. */
  readonly maxLength?: number | undefined
  /** Constants the input is compared with for equality: the values that choose what runs. */
  readonly comparedWith: readonly number[]
  /** True where the input is the initial state of a recurrent operator. */
  readonly isState: boolean
  /** What the input is where it hides something from a softmax; absent: nothing tells. */
  readonly hiddenWhere?: boolean
}

/** Follows at most this many values from one input: what tells stands near the door. */
const FOLLOWED_VALUES = 64

/** The input's axis that each axis of a value is, null if it is none. undefined: not known. */
type AxisMap = readonly (number | null)[] | undefined

/** Facts by input name. Subgraphs are searched too: an input may be used in a branch only. */
export function readInputFacts(declared: readonly ValueDeclaration[], graph: GraphView): ReadonlyMap<string, InputFacts> {
  const index = indexGraph(graph)
  const facts = new Map(declared.map((input) => [input.name, follow(input, index)]))
  tellNodesAndEdges(declared, facts)
  return facts
}

/**
 * The graph of a graph neural network, as PyTorch Geometric has it: whole numbers [2, edges] that index no table, and a row of floats for each node. Neither
 * axis counts samples.
 */
function tellNodesAndEdges(declared: readonly ValueDeclaration[], facts: ReadonlyMap<string, Gathered>): void {
  const isFree = (size: Dimension | undefined) => typeof size !== 'number' || size < 0
  const edges = declared.find(
    ({ name, dtype, shape }) =>
      (dtype === 'int64' || dtype === 'int32') &&
      shape?.length === 2 &&
      shape[0] === 2 &&
      (isFree(shape[1]) || /edge/i.test(name)) &&
      facts.get(name)!.tableRows === undefined,
  )
  const nodes = declared.find(
    ({ dtype, shape }) =>
      dtype !== null &&
      isPlainFloat(dtype) &&
      shape?.length === 2 &&
      isFree(shape[0]) === isFree(edges?.shape?.[1]) &&
      (shape[0] === null || shape[0] !== edges?.shape?.[1]),
  )
  if (edges === undefined || nodes === undefined) return
  facts.get(edges.name)!.axes[1]!.meaning = 'edges'
  facts.get(nodes.name)!.axes[0]!.meaning = 'nodes'
}

interface Gathered {
  readonly axes: { size?: number; meaning?: AxisMeaning }[]
  rank?: number
  tableRows?: number
  maxLength?: number | undefined
  readonly comparedWith: number[]
  isState: boolean
  hiddenWhere?: boolean
}

function follow({ name, shape }: ValueDeclaration, index: Index): Gathered {
  const facts: Gathered = { axes: (shape ?? []).map(() => ({})), comparedWith: [], isState: false }
  const queue: { value: string; map: AxisMap; isInverted: boolean }[] = [
    { value: name, map: shape?.map((_, axis) => axis), isInverted: false },
  ]
  const seen = new Set([name])
  for (let at = 0; at < queue.length && at < FOLLOWED_VALUES; at++) {
    const { value, map, isInverted } = queue[at]!
    for (const use of index.uses.get(value) ?? []) {
      const told = readInput(useOf(use, map?.length, index))
      if (told === undefined) continue
      add(facts, told, map)
      if (told.hiddenWhere !== undefined) facts.hiddenWhere ??= told.hiddenWhere !== isInverted
      const output = use.node.outputs[0]
      if (told.passes === undefined || output === undefined || seen.has(output)) continue
      seen.add(output)
      queue.push({ value: output, map: passed(map, told.passes), isInverted: isInverted !== (told.inverts === true) })
    }
  }
  return facts
}

function useOf({ node, index: input }: Use, rank: number | undefined, index: Index): InputUse {
  return {
    node,
    index: input,
    rank,
    shapeOf: (other) => constantShape(node.inputs[other], index),
    valuesOf: (other) => index.constants.get(node.inputs[other] ?? '')?.values,
    longestBeside(table) {
      const width = constantShape(node.inputs[table], index)?.at(-1)
      return width === undefined ? undefined : positionRows(width, node.inputs[table]!, index)
    },
  }
}

function passed(map: AxisMap, passes: NonNullable<UseFacts['passes']>): AxisMap {
  return passes === 'same' ? map : passes.map((axis) => (axis === null ? null : (map?.[axis] ?? null)))
}

/** What is told first stands. */
function add(facts: Gathered, told: UseFacts, map: AxisMap): void {
  const { rank, tableRows, maxLength, comparedWith, isState } = told
  for (const [axis, { size, meaning }] of told.axes ?? []) {
    const target = facts.axes[map?.at(axis) ?? -1]
    if (target === undefined) continue
    if (size !== undefined && size > 0) target.size ??= size
    if (meaning !== undefined) target.meaning ??= meaning
  }
  if (rank !== undefined) facts.rank ??= rank
  if (tableRows !== undefined) facts.tableRows = Math.min(facts.tableRows ?? Number.POSITIVE_INFINITY, tableRows)
  facts.maxLength ??= maxLength
  if (comparedWith !== undefined) facts.comparedWith.push(comparedWith)
  if (isState) facts.isState = true
}
