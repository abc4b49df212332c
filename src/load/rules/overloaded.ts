// More arrives than is answered.
import type { LoadPoint } from '../../report/documents/load.ts'
import { perSecond } from '../facts.ts'
import { isLimited } from '../generator-limit.ts'
import { defineLoadRule } from '../rule.ts'

export const overloaded = defineLoadRule({
  id: 'overloaded',
  check({ asked }) {
    const [first] = asked.filter(({ saturated }) => saturated).sort((a, b) => a.offeredPerSecond! - b.offeredPerSecond!)
    if (first === undefined) return null
    const held = asked.flatMap((point) => {
      const { offeredPerSecond: offered } = point
      return offered !== null && offered < first.offeredPerSecond! && !isLimited(point) ? [offered] : []
    })
    const fine = held.length === 0 ? '' : ` It keeps up with ${perSecond(Math.max(...held))} requests/s.`
    return {
      title: 'More requests arrive than the server answers',
      detail:
        `Of ${perSecond(first.offeredPerSecond!)} requests/s it answers ${perSecond(first.achievedPerSecond)}, ${how(first)}, so that latency` +
        ` grows for as long as the load lasts and has no percentiles.${fine}`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        { name: 'offered', value: first.offeredPerSecond!, unit: 'requests/s' },
        { name: 'answered', value: first.achievedPerSecond, unit: 'requests/s' },
        { name: 'outstanding at the end', value: first.outstanding.atEnd, unit: 'requests' },
      ],
    }
  },
})

function how({ saturation, outstanding, shed, timedOut, requests }: LoadPoint): string {
  if (saturation?.reason === 'sheds') return `${Math.round((100 * shed) / requests)} % are refused`
  if (saturation?.reason === 'times-out') return `${Math.round((100 * timedOut) / requests)} % get no answer in time`
  return `${outstanding.atEnd} are outstanding at the end`
}
