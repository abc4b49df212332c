// Answers that TCP held back until an acknowledgement came: held-back.ts tells them from others.
import { ms, rate, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { defineRule } from '../rule.ts'

export const delayedAck = defineRule({
  id: 'delayed-ack',
  area: 'software',
  title: 'Delayed acknowledgement: the body of an answer waits 40 ms after its headers',
  needs: ['parted'],
  check({ parted: { parts, streams, heldBack, offeredPerSecond } }) {
    if (streams !== undefined) return 'does-not-apply'
    if (heldBack === undefined) return 'clear'
    const savingMs = heldBack.share * heldBack.meanMs
    if (!isWorthSaying(savingMs, parts.all.latencyMs)) return 'clear'
    const at = offeredPerSecond === null ? '' : tell` at ${rate('offered', offeredPerSecond)}`
    return {
      ...tell`${share('held-back', heldBack.share)} of the answers come in two pieces, ${ms('apart', heldBack.meanMs)} apart${at}; the others come whole.
        For about that long, Linux delays the acknowledgement of a small packet. The server writes headers and body separately, and its TCP sends the second
        only after the first is acknowledged (Nagle's algorithm). On average it is ${ms('saving', savingMs)} of ${ms('latency', parts.all.latencyMs)}.`,
      timeMs: savingMs,
      wouldSaveMs: savingMs,
      basis: 'modelled',
    }
  },
})
