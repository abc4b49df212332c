// Answers that TCP held back. A server that writes headers and body separately waits, by Nagle's algorithm (RFC 896), until the headers are acknowledged, and the
// other side delays its acknowledgement (RFC 1122, 4.2.3.2): on Linux by TCP_DELACK_MIN, 40 ms, and what its timer and the scheduler add.
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import type { MeasuredRun } from './measured-run.ts'

const DELAY_MS = { least: 38, most: 50 } as const
/** Answers that are not held back come whole. */
const MOST_WHOLE_MS = 5
/** Share of the good answers: fewer may be chance. */
const LEAST_SHARE = 0.1
/** Share of answers that are either: a large answer or a slow network gives times between them, and above. */
const LEAST_EITHER = 0.95

/** Share and time of the good answers that were held back; nothing if they are few, or if times between come as well. */
export function heldBackIn({ records, measuredFrom, sent }: MeasuredRun): Pick<LoadPoint, 'heldBack'> {
  const { firstByteMs, doneMs, outcome } = records
  let [good, whole, held, heldMs] = [0, 0, 0, 0]
  for (let k = measuredFrom; k < sent; k++) {
    if (outcome[k]! < 200 || outcome[k]! > 299) continue
    good++
    const restMs = doneMs[k]! - firstByteMs[k]!
    if (restMs < MOST_WHOLE_MS) whole++
    else if (restMs >= DELAY_MS.least && restMs <= DELAY_MS.most) {
      held++
      heldMs += restMs
    }
  }
  if (held < LEAST_SHARE * good || held + whole < LEAST_EITHER * good || held === 0) return {}
  return { heldBack: { share: held / good, meanMs: heldMs / held } }
}
