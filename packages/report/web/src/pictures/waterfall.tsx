// One prediction from nothing to the p50: the parts of the breakdown one after the other, as the document has them. What the profiler cost
// is no part of it, and stands apart below.
import { areaTitle } from '../areas.ts'
import { sharePercent, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Sentence } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import { wholeOf, wholeWithTime } from '../whole.ts'
import { WaterfallBars } from './waterfall-bars.tsx'

export function Waterfall({ report }: { report: Report }) {
  const { breakdown, latency, profile } = report
  const whole = wholeOf(report)
  const parts = breakdown.filter(({ timeMs }) => timeMs !== 0)
  const largest = breakdown.reduce((top, part) => (part.timeMs > top.timeMs ? part : top))
  const says = `The largest part is ${largest.part}: ${time(largest.timeMs)}, ${sharePercent(largest.share)} of ${whole}.`
  return (
    <Figure
      title={`What is ${latency === null ? whole : 'one prediction'} made of?`}
      says={says}
      rows={breakdown}
      columns={[
        { head: 'part', show: ({ part }) => <Sentence text={part} />, value: ({ part }) => part },
        { head: 'area', show: ({ area }) => areaTitle(area) },
        { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
        { head: 'share', show: ({ share }) => sharePercent(share), value: ({ share }) => share, isNumber: true },
      ]}
      note={
        <>
          The parts add up to {wholeWithTime(report)}.{' '}
          {profile !== null && (
            <>
              What the profiler cost is not in it: <Sentence text={profile.correction.replace(/\.$/, '')} />.
            </>
          )}
        </>
      }
    >
      <WaterfallBars
        parts={parts.map(({ part, area, timeMs }) => ({ name: part, kind: area, timeMs }))}
        wholeMs={latency?.p50Ms ?? null}
        wholeName="the median"
      />
    </Figure>
  )
}
