// Tokens that the model's files forbid or force, in the logits before the next one is chosen.
import type { DecoderBeginning } from '../../generator.ts'
import type { Beginning } from '../../recognize/beginning.ts'

/** null: nothing is forbidden or forced. */
export function processorOf({ suppressed, suppressedFirst, forcedFirst }: Omit<Beginning, 'ids'>): DecoderBeginning['process'] {
  if (suppressed.length === 0 && suppressedFirst.length === 0 && forcedFirst === null) return null
  return (logits, made) => {
    if (made === 0 && forcedFirst !== null) {
      logits.fill(Number.NEGATIVE_INFINITY)
      logits[forcedFirst] = 0
      return
    }
    // Beyond the end nothing is written.
    for (const id of suppressed) logits[id] = Number.NEGATIVE_INFINITY
    if (made === 0) for (const id of suppressedFirst) logits[id] = Number.NEGATIVE_INFINITY
  }
}
