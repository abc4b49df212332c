// The generator keeps its connections (../http/connections.ts). If most requests wait for a new one all the same, the server closes them.
import { ms, rate, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { defineRule } from '../rule.ts'

/** What requests around the median wait. Where one is open, beginning to write takes hundredths of a millisecond. */
const LEAST_TYPICAL_MS = 0.1

export const connectionPerRequest = defineRule({
  id: 'connection-per-request',
  area: 'software',
  title: 'Connection per request: the server closes each one after its answer',
  needs: ['parted'],
  check({ parted: { parts, offeredPerSecond } }) {
    const part = parts.names.indexOf('connect')
    if (part < 0) return { notChecked: 'how long requests wait for a connection is not known' }
    const { latencyMs } = parts.all
    const [meanMs, typicalMs] = [parts.all.partsMs[part]!, parts.typical.partsMs[part]!]
    // Bursts for which no idle connection is left are among the slowest, and not around the median.
    if (typicalMs < LEAST_TYPICAL_MS || !isWorthSaying(meanMs, latencyMs)) return 'clear'
    const at = offeredPerSecond === null ? '' : tell` at ${rate('offered', offeredPerSecond)}`
    return {
      ...tell`Requests wait ${ms('connect', meanMs)} of ${ms('latency', latencyMs)} for a new connection on average${at},
        and ${ms('typical-connect', typicalMs)} around the median. The connections of earlier requests would have been reused, but the server closes
        them with its answer or soon after.`,
      timeMs: meanMs,
      wouldSaveMs: meanMs,
      basis: 'modelled',
    }
  },
})
