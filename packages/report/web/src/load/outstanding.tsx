// How many requests waited for their answers while each run went on: what grows to the end is a queue that nobody works off.
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { significant } from '../format.ts'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Load } from '../page-data.ts'
import { inOrder, requestedLoadText } from './points.ts'

const ROW = 56
const MOST_ROWS = 12

export function OutstandingRequests({ load }: { load: Load }) {
  const points = inOrder(load.points).filter(({ outstanding }) => outstanding.series.length > 1)
  const shown = points.slice(-MOST_ROWS)
  const worst = points.reduce((top, point) => (point.outstanding.most > top.outstanding.most ? point : top), points[0]!)
  return (
    <Figure
      title="How many wait for their answers?"
      says={`At ${requestedLoadText(worst)} up to ${worst.outstanding.most} at once, ${worst.outstanding.atEnd} of them at the end.`}
      rows={points}
      columns={[
        { head: 'asked', show: requestedLoadText },
        { head: 'on average', show: ({ outstanding }) => significant(outstanding.mean), isNumber: true },
        { head: 'at most', show: ({ outstanding }) => outstanding.most, isNumber: true },
        { head: 'at the end', show: ({ outstanding }) => outstanding.atEnd, isNumber: true },
      ]}
      note="From the beginning of each run at the left to its end; every line has a scale of its own, up to the number at its right."
    >
      <Chart
        height={shown.length * ROW}
        label={`Outstanding requests: ${shown.map((point) => `${requestedLoadText(point)} at most ${point.outstanding.most}`).join(', ')}`}
      >
        {(width) => {
          const [left, right] = [width < 560 ? 8 : 130, width - 64]
          return shown.map((point, index) => {
            const { series, most } = point.outstanding
            const top = Math.max(1e-9, ...series)
            const x = scaleLinear([0, series.length - 1], [left, right])
            const y = scaleLinear([0, top], [ROW - 8, 18])
            const path = line<number>()
              .x((_, i) => x(i))
              .y((value) => y(value))
            return (
              <g key={index} transform={`translate(0,${index * ROW})`}>
                <text
                  x={width < 560 ? left : left - 8}
                  y={width < 560 ? 12 : ROW - 14}
                  text-anchor={width < 560 ? 'start' : 'end'}
                >
                  {requestedLoadText(point)}
                </text>
                <line class="base" x1={left} x2={right} y1={ROW - 8} y2={ROW - 8} />
                <path class={point.saturated ? 'curve worse' : 'curve'} d={path([...series]) ?? ''} />
                <text class="value" x={right + 8} y={22}>
                  {most}
                </text>
              </g>
            )
          })
        }}
      </Chart>
    </Figure>
  )
}
