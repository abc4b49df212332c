// What a recording can never say, and what this one could have: with how to record it.
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TraceFacts } from '../facts/facts.ts'

/** Rows of what is not checked. */
export function uncheckedRows(facts: TraceFacts, latencyMs: number | undefined, hasRoofs: boolean): ReportDocument['notChecked'] {
  const rows: [string, string][] = [
    ['outputs', 'a recording does not show whether a change keeps the answers right'],
    ['throttling', 'a recording has no clock rates, no other tenants and no queues of the CPU'],
    ['other-batches', 'a recording is of the batch that was recorded'],
  ]
  if (facts.slowed && latencyMs === undefined)
    rows.push(['profiler-cost', 'recording slows the run, most of all the host; give an unprofiled latency: --latency 17.8ms'])
  if (facts.format === 'pytorch' && !facts.recordedWith.includes('shapes'))
    rows.push(['operator-work', 'FLOPs need shapes; record with record_shapes=True'])
  const isCounted = facts.operators.some(({ flops, bytes }) => flops !== null || bytes !== null)
  if (!hasRoofs && isCounted)
    rows.push([
      'floors',
      facts.device === null
        ? 'no roof is known; give what whyslow doctor --json machine.json wrote where it was recorded: --machine machine.json'
        : 'the file states no peaks of the device; an .xplane.pb does',
    ])
  if (facts.device !== null && facts.device.occupancyBound !== null)
    rows.push(['occupancy', 'the file holds a bound from the launch geometry, no measurement; ncu measures it'])
  if (facts.memory === null && facts.format === 'pytorch')
    rows.push(['memory', 'recorded without memory; record with profile_memory=True'])
  return rows.map(([rule, reason]) => ({ rule, reason }))
}
