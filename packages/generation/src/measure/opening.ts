// How often a server loads its model for a call, as it reports it.
import type { OpeningFact } from '../facts.ts'
import type { MeasuredCall } from './types.ts'

/** A load that takes less finds the model in memory. */
const LOADED_MS = 200

/** `warm`: calls after the first, which loads the model. undefined: the engine does not report it. */
export function openingOf(warm: readonly Pick<MeasuredCall, 'parts'>[]): OpeningFact | undefined {
  const loads = warm.flatMap(({ parts }) => (parts.loadMs === undefined ? [] : [parts.loadMs]))
  if (loads.length === 0) return undefined
  const again = loads.filter((ms) => ms >= LOADED_MS)
  const openMs = again.length === 0 ? 0 : again.reduce((sum, ms) => sum + ms, 0) / again.length
  return { opensPerCall: again.length / loads.length, openMs, place: 'load_duration' }
}
