// What latencies are made of: the slowest hundredth next to those around the median. Parts add up to the latency.
import { useState } from 'preact/hooks'
import { percent, plural, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { shownName } from '../kit/name.tsx'
import type { Load } from '../page-data.ts'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'
import { inOrder, type Point, requestedLoadText } from './points.ts'

type Parts = NonNullable<Point['parts']>
type Means = Parts['slowest']

/** Parts below this share of the latency are in the table. */
const WORTH_SHARE = 0.005

const withParts = (points: readonly Point[]): readonly Point[] => inOrder(points).filter(({ parts }) => parts !== null)

export const hasTail = ({ points }: Load): boolean => withParts(points).length > 0

export function TailLatency({ load }: { load: Load }) {
  const points = withParts(load.points)
  const kept = points.findLastIndex(({ saturated }) => !saturated)
  const [at, choose] = useState(kept < 0 ? points.length - 1 : kept)
  const point = points[at] ?? points[0]!
  const parts = point.parts!
  return (
    <>
      {points.length > 1 && (
        <label class="chooser">
          At{' '}
          <select value={at} onChange={(event) => choose(Number(event.currentTarget.value))}>
            {points.map((one, index) => (
              <option key={index} value={index}>
                {requestedLoadText(one)}
                {one.saturated ? ', which it does not keep up with' : ''}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="figures two">
        <Made parts={parts} means={parts.slowest} title="What are the slowest 1 % made of?" name="the slowest 1 %" />
        <Made parts={parts} means={parts.typical} title="And those around the median?" name="around the median" />
      </div>
    </>
  )
}

function Made({ parts: { names, basis }, means, title, name }: { parts: Parts; means: Means; title: string; name: string }) {
  const rows = names.map((part, index) => ({
    part: basis[index] === 'told' ? `${part} (reported by the server)` : part,
    basis: basis[index] ?? 'measured',
    timeMs: means.partsMs[index] ?? 0,
  }))
  const drawn = rows.filter(({ timeMs }) => Math.abs(timeMs) > WORTH_SHARE * means.latencyMs)
  const longest = rows.reduce((top, row) => (row.timeMs > top.timeMs ? row : top), rows[0] ?? { part: '', timeMs: 0, basis: '' })
  const share = means.latencyMs > 0 ? ` (${percent(longest.timeMs / means.latencyMs)})` : ''
  return (
    <Figure
      title={title}
      says={`${shownName(longest.part, 60)} takes ${time(longest.timeMs)} of ${time(means.latencyMs)}${share}.`}
      rows={rows}
      columns={[
        { head: 'part', show: ({ part }) => shownName(part), value: ({ part }) => part },
        { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
        { head: 'known from', show: (row) => (row.basis === 'told' ? 'the server' : 'this side') },
      ]}
      note={`Means over ${plural(means.requests, 'request')}; the parts add up to them.`}
    >
      <WaterfallBars
        parts={drawn.map(({ part, basis: from, timeMs }) => ({
          name: part,
          kind: from === 'told' ? 'longest' : 'stage',
          timeMs,
        }))}
        wholeMs={means.latencyMs}
        wholeName={name}
      />
    </Figure>
  )
}
