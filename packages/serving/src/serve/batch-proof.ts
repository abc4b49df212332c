// Before requests are joined: that rows predicted together give what each gives alone, up to rounding. A first axis that is free may be a
// sequence, whose rows know of each other, or a number of boxes that depends on what is in the image.
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { compareOutputs, verdict } from '@whyslow/measure/outputs/index.ts'
import { batchingObstacle, batchKeyOf, rowsOf } from './batches.ts'
import { NotApart, type Server } from './dispatcher.ts'
import { type ModelSpec, RequestError } from './protocol.ts'
import { CANNOT_PREDICT } from './workers.ts'

/** One request by itself. */
export type TryPredict = (feeds: Feeds) => Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>

/** Requests by which it is shown that the model's rows do not know of each other. */
export type Samples = (model: ModelSpec, predict: TryPredict) => Promise<readonly Feeds[]>

/** Requests to this model cannot be joined; the message says why. */
export class CannotJoin extends Error {
  override readonly name = 'CannotJoin'
}

/** Different requests that are predicted alone and together. */
const COMPARED = 4

/** The requests that were compared. Throws CannotJoin. */
export async function proveBatches(model: ModelSpec, predict: Server['predict'], samples: Samples): Promise<readonly Feeds[]> {
  const refuse = (why: string) => new CannotJoin(why)
  const declared = batchingObstacle(model)
  if (declared !== null) throw refuse(declared)
  const tried: TryPredict = (feeds) =>
    predict([feeds]).then(
      () => ({ ok: true }),
      (error: Error) => ({ ok: false, message: error.message.replace(CANNOT_PREDICT, '') }),
    )
  const requests = (await samples(model, tried)).slice(0, COMPARED)
  if (requests.some((feeds) => rowsOf(feeds) === null || batchKeyOf(feeds) !== batchKeyOf(requests[0]!)))
    throw refuse('its inputs differ in their first axes')
  const alone: Results[] = []
  for (const feeds of requests) alone.push(...(await compared(predict, [feeds])))
  const { ok, reason } = verdict(compareOutputs(alone, await compared(predict, requests)), 'rounding', null)
  if (!ok) throw refuse(`rows that are predicted together do not give what each gives alone (${reason})`)
  return requests
}

/** Throws CannotJoin where the engine refuses: of samples only the first was seen to be taken. */
async function compared(predict: Server['predict'], requests: readonly Feeds[]): Promise<readonly Results[]> {
  try {
    return (await predict(requests)).results
  } catch (error) {
    if (error instanceof NotApart) throw new CannotJoin('its outputs have no row for each row that goes in')
    if (error instanceof RequestError) throw new CannotJoin(error.message)
    throw error
  }
}
