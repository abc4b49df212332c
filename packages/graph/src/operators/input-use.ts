// What the use of a value reports about it: sizes that a weight fixes, what an axis represents, which numbers it may hold. Axes of a model's
// input are followed from node to node; each family says what its operators tell of one, and where its axes go on.
import type { NodeView } from '../types.ts'

/**
 * What an axis represents. 'past': positions already in a key/value cache; 'state': layers or directions of a recurrent state; 'nodes' and 'edges': of the
 * graph that a graph neural network takes.
 */
export type AxisMeaning =
  | 'batch'
  | 'channels'
  | 'depth'
  | 'height'
  | 'width'
  | 'sequence'
  | 'past'
  | 'samples'
  | 'features'
  | 'state'
  | 'nodes'
  | 'edges'
  | 'unknown'

export interface AxisFact {
  /** The size a weight asks for; none if it is 0. */
  readonly size?: number
  readonly meaning?: AxisMeaning
}

/** A node that reads the value. */
export interface InputUse {
  readonly node: NodeView
  /** Which of the node's inputs it is. */
  readonly index: number
  /** Axes of the value; undefined if nothing says how many. */
  readonly rank: number | undefined
  /** Shape of the constant behind another input, seen through casts, dequantization and a transposition. */
  shapeOf(input: number): readonly number[] | undefined
  /** Numbers of the constant that another input is, where they are few. */
  valuesOf(input: number): readonly number[] | undefined
  /** Rows of the table of positions that belongs to the table at `input`: the longest sequence. */
  longestBeside(input: number): number | undefined
}

export interface UseFacts {
  /** Facts by axis of the value. A negative axis counts from the back. */
  readonly axes?: readonly (readonly [axis: number, fact: AxisFact])[]
  /** The rank that the operator asks for. */
  readonly rank?: number
  /** It indexes a table of this many rows. */
  readonly tableRows?: number | undefined
  readonly maxLength?: number | undefined
  /** It is compared with this number for equality. */
  readonly comparedWith?: number | undefined
  /** It is the initial state of a recurrent operator. */
  readonly isState?: true
  /** It is a condition, and what is hidden from a softmax is where the condition is this. */
  readonly hiddenWhere?: boolean | undefined
  /** The output is true where the value is false. */
  readonly inverts?: true
  /** The axis of the value that each axis of the node's first output is; null: another. Absent: the axes end here. */
  readonly passes?: 'same' | readonly (number | null)[]
}

/** undefined: the use tells nothing. */
export type ReadInput = (use: InputUse) => UseFacts | undefined

/** The first input's axes are the output's. */
export const keepsAxes: ReadInput = ({ index }) => (index === 0 ? { passes: 'same' } : undefined)

/** Two operands: a constant one fixes the axes on which it is longer than 1. */
export const broadcasts: ReadInput = ({ node, index, rank, shapeOf }) => {
  if (node.inputs[1 - index] === node.inputs[index]) return { passes: 'same' }
  const shape = shapeOf(1 - index)
  if (shape === undefined || rank === undefined) return undefined
  const added = Array<null>(Math.max(0, shape.length - rank)).fill(null)
  return {
    axes: shape.flatMap((size, axis) => (size > 1 ? [[axis - shape.length, { size }] as const] : [])),
    passes: [...added, ...Array.from({ length: rank }, (_, axis) => axis)],
  }
}

const SPATIAL: Readonly<Record<number, readonly AxisMeaning[]>> = {
  3: ['batch', 'channels', 'samples'],
  4: ['batch', 'channels', 'height', 'width'],
  5: ['batch', 'channels', 'depth', 'height', 'width'],
}

/** [N, C, …]. `channels`: where a weight tells them: one along one axis is a signal, many are features over time. */
export function spatialAxes(rank: number | undefined, channels?: number): NonNullable<UseFacts['axes']> {
  return (SPATIAL[rank ?? 0] ?? []).map((meaning, axis) => {
    if (axis === 1 && channels !== undefined) return [axis, { meaning, size: channels }]
    return [axis, { meaning: meaning === 'samples' && (channels ?? 1) > 1 ? 'sequence' : meaning }]
  })
}

/** Input 0 of what slides windows over it, or changes its size. */
export const isSpatial: ReadInput = ({ index, rank }) => (index === 0 ? { axes: spatialAxes(rank) } : undefined)

/** Either side of a matrix product whose other side is constant. */
export const factor: ReadInput = ({ index, shapeOf }) => {
  const other = shapeOf(1 - index)
  if (index > 1 || other === undefined) return undefined
  const size = index === 0 ? (other.at(-2) ?? other[0]!) : other.at(-1)!
  return { axes: [[index === 0 ? -1 : -2, { meaning: 'features', size }]] }
}
