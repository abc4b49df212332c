// A server that reads a prompt in one piece lets all its streams wait for it: their readers see text stop.
import { countFact, ms, rate, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Fewer stalls may coincide with anything. */
const LEAST_STALLS = 10
/** Share of the streams' time; less is nothing that readers see. */
const LEAST_SHARE = 0.05
/** Most of the stalls end with the first token of another request, and more of them than by chance. */
const PREFILLS = { least: 0.6, overChance: 1.3 } as const

export const prefillStalls = defineRule({
  id: 'prefill-stalls',
  area: 'software',
  title: "Streams stop while another request's prompt is read",
  needs: ['asked'],
  check({ asked }) {
    const streaming = asked.filter(({ streams }) => streams !== undefined)
    if (streaming.length === 0) return 'does-not-apply'
    const point = streaming.findLast(({ saturated }) => !saturated) ?? streaming[0]!
    const stalls = point.streams!.stalls
    if (stalls === null) return { notChecked: 'the streams are too short to see a stall' }
    const { prefillShare, chanceShare, meanMs, longestMs, prefillMsPerStream } = stalls
    if (stalls.stalls < LEAST_STALLS || stalls.share < LEAST_SHARE || prefillShare === null) return 'clear'
    if (prefillShare < Math.max(PREFILLS.least, Math.min(0.95, PREFILLS.overChance * chanceShare!))) return 'clear'
    const at = point.offeredPerSecond === null ? '' : tell` at ${rate('offered', point.offeredPerSecond)}`
    return {
      ...tell`Streams stop and go on again (${countFact('stall', stalls.stalls)}${at}): for ${ms('mean-stall', meanMs!)} more than between other
        chunks, ${ms('longest-stall', longestMs!)} at most, which is ${share('stalled', stalls.share)} of the time after their first token.
        ${share('ends-with-first-token', prefillShare)} of the stalls end as another request gets its first token;
        ${share('by-chance', chanceShare!)} would by chance. The server reads a prompt in one piece, and its streams wait.`,
      timeMs: prefillMsPerStream,
      wouldSaveMs: prefillMsPerStream,
      basis: 'measured',
    }
  },
})
