// More arrives than is answered.
import { number, rate, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { isLimited } from '../generator-limit.ts'
import { defineRule } from '../rule.ts'

export const overloaded = defineRule({
  id: 'overloaded',
  area: 'software',
  title: 'Overloaded: more requests arrive than the server answers',
  needs: ['asked'],
  check({ asked }) {
    const [first] = asked.filter(({ saturated }) => saturated).sort((a, b) => a.offeredPerSecond! - b.offeredPerSecond!)
    if (first === undefined) return 'clear'
    const held = asked.flatMap((point) => {
      const { offeredPerSecond: offered } = point
      return offered !== null && offered < first.offeredPerSecond! && !isLimited(point) ? [offered] : []
    })
    const fine = held.length === 0 ? '' : tell` It keeps up with ${rate('kept-up-with', Math.max(...held))}.`
    return {
      ...tell`Of ${rate('offered', first.offeredPerSecond!)} it answers ${rate('answered', first.achievedPerSecond)}, ${how(first)}, so that
        latency grows for as long as the load lasts and has no percentiles.${fine}`,
      timeMs: 0,
      wouldSaveMs: 0,
      basis: 'measured',
    }
  },
})

function how({ saturation, outstanding, shed, timedOut, requests }: LoadPoint) {
  if (saturation?.reason === 'sheds') return tell`${share('refused', shed / requests)} are refused`
  if (saturation?.reason === 'times-out') return tell`${share('timed-out', timedOut / requests)} get no answer in time`
  return tell`${number('outstanding', outstanding.atEnd, 'requests')} are outstanding at the end`
}
