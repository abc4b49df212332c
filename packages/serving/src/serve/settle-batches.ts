// How requests are joined, settled before the server is ready: shown to be right, and if nobody says how many rows, chosen by what
// predictions of several cost here and kept to where the whole server gains by it.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { chooseBatch, fittedLine, rowsWithoutLoss } from './batch-cost.ts'
import { CannotJoin, proveBatches, type Samples } from './batch-proof.ts'
import { NOT_JOINED, type SettledBatches } from './batches.ts'
import type { Server } from './dispatcher.ts'
import { measureBatchCosts } from './measure-batches.ts'
import type { ModelSpec } from './protocol.ts'

export interface ServerBatching {
  /** Most rows in one prediction; auto: by what they cost. */
  readonly mostRows: number | 'auto'
  /** How many rows of fewer requests than make a whole batch are joined, if the rows are given; null: as many. */
  readonly fewRows: number | null
  readonly delayMs: number
  /** What an answer may take, which an automatic choice keeps to; null: nobody says. */
  readonly withinMs: number | null
  readonly samples: Samples
  /** Why joining does not pay where the whole server is asked; null: it does. An automatic choice asks. */
  readonly whyNotPaying: (joining: JoiningCandidate) => Promise<string | null>
}

/** What predictions cost says that joining may pay. */
export interface JoiningCandidate {
  readonly model: ModelSpec
  readonly servers: readonly Server[]
  /** Requests that the model takes, each of the same number of rows. */
  readonly requests: readonly Feeds[]
  readonly batches: Pick<SettledBatches, 'mostRows' | 'fewRows' | 'delayMs'>
  /** What a prediction of the most rows takes, and the answers that workers give so over those of one by one. */
  readonly ms: number
  readonly gain: number
}

/** Throws InputError if a number of rows was told and requests to this model cannot be joined. */
export async function settleBatches(
  model: ModelSpec,
  servers: readonly Server[],
  { mostRows, fewRows, delayMs, withinMs, samples, whyNotPaying }: ServerBatching,
  clock: () => number = nowMs,
): Promise<SettledBatches> {
  try {
    const requests = await proveBatches(model, servers[0]!.predict, samples)
    if (mostRows !== 'auto') return { mostRows, fewRows: fewRows ?? mostRows, delayMs, costs: null, line: null, why: null }
    const costs = await measureBatchCosts(servers, requests, clock)
    const chosen = chooseBatch(costs, withinMs, delayMs)
    const line = fittedLine(costs)
    if (chosen.why !== null) return { ...NOT_JOINED, costs, line, why: chosen.why }
    const { ms } = costs.find(({ rows }) => rows === chosen.mostRows)!
    const batches = { mostRows: chosen.mostRows, fewRows: rowsWithoutLoss(costs, chosen.mostRows, servers.length), delayMs }
    const why = await whyNotPaying({ model, servers, requests, batches, ms, gain: chosen.gain })
    return { ...(why === null ? batches : NOT_JOINED), costs, line, why }
  } catch (error) {
    // Nobody asked for it: what cannot be shown to be right is no reason not to serve.
    if (mostRows === 'auto' && error instanceof InputError)
      return { ...NOT_JOINED, why: `no requests to compare were found (${error.message})` }
    if (!(error instanceof CannotJoin)) throw error
    if (mostRows === 'auto') return { ...NOT_JOINED, why: error.message }
    throw new InputError(`--max-batch ${mostRows}: ${model.name}: ${error.message}`, { advice: 'leave it out' })
  }
}
