// Several requests predicted together, joined along the first axis of every input, and the results split again. Only for models
// whose rows do not know of each other, which is looked at before it is done (`batch-proof.ts`).

import { joinTensors } from '@whyslow/graph/join-tensors.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { BatchCost, CostLine } from './batch-cost.ts'
import type { ModelSpec } from './protocol.ts'

/** Why requests to the model cannot be joined; null if its declared shapes allow it. */
export function batchingObstacle({ inputs, outputs }: ModelSpec): string | null {
  const isFree = ({ shape }: { readonly shape: readonly number[] | null }) => shape === null || shape[0] === -1
  const fixed = [...inputs, ...outputs].find((tensor) => !isFree(tensor))
  if (fixed === undefined) return null
  return `the first axis of '${fixed.name}' is not free (${fixed.shape!.join('x') || 'a scalar'})`
}

/** Rows of a request: the first size of all its inputs; null if they differ. */
export function rowsOf(feeds: Feeds): number | null {
  const [first, ...others] = Object.values(feeds).map(({ shape }) => shape[0])
  return first !== undefined && others.every((rows) => rows === first) ? first : null
}

/** Requests of one key can be joined. */
export const batchKeyOf = (feeds: Feeds): string =>
  Object.keys(feeds)
    .sort()
    .map((name) => `${name}:${feeds[name]!.dtype}:${feeds[name]!.shape.slice(1).join('x')}`)
    .join(' ')

/** Joins requests of one key, in their order. */
export function batchRequests(requests: readonly Feeds[]): Feeds {
  const [first] = requests
  if (requests.length === 1) return first!
  return Object.fromEntries(Object.keys(first!).map((name) => [name, joinTensors(requests.map((feeds) => feeds[name]!))]))
}

/** The results of each request, by its rows; null if a result does not have a row for each row that went in. */
export function splitResults(results: Results, rows: readonly number[]): readonly Results[] | null {
  if (rows.length === 1) return [results]
  const total = rows.reduce((sum, one) => sum + one, 0)
  const entries = Object.entries(results)
  if (entries.some(([, { shape }]) => shape[0] !== total)) return null
  let from = 0
  return rows.map((one) => {
    const part = entries.map(([name, tensor]): [string, TensorValue] => [
      name,
      partOf(tensor, from / total, (from + one) / total),
    ])
    from += one
    return Object.fromEntries(part.map(([name, tensor]) => [name, { ...tensor, shape: [one, ...tensor.shape.slice(1)] }]))
  })
}

function partOf(tensor: TensorValue, from: number, to: number): TensorValue {
  const data = tensor.data as Uint8Array
  return { ...tensor, data: data.slice(Math.round(from * data.length), Math.round(to * data.length)) }
}

/** How requests are joined, as it was settled. */
export interface SettledBatches {
  /** 1: requests are not joined. */
  readonly mostRows: number
  /** How many rows of fewer requests than make a batch are joined: those that delay no answer, if that is known. */
  readonly fewRows: number
  readonly delayMs: number
  /** null: not measured, since the rows were told or cannot be joined. */
  readonly costs: readonly BatchCost[] | null
  /** Line through the costs. */
  readonly line: CostLine | null
  /** Why an automatic choice joins none; null if it does, or the rows were told. */
  readonly why: string | null
}

export const NOT_JOINED: SettledBatches = { mostRows: 1, fewRows: 1, delayMs: 0, costs: null, line: null, why: null }
