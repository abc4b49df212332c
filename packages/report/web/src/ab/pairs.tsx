// Each pair of fresh processes: what a call took in the one and in the other.
import { scaleLinear, scaleLog } from 'd3-scale'
import { time } from '../format.ts'
import { AxisBelow } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Ab } from '../page-data.ts'

const ROW = 20
const MOST_PAIRS = 40
const MARGIN = { top: 24, right: 16, bottom: 34, left: 64 }
/** Span from which the axis is logarithmic. */
const LOG_SPAN = 4

export function Pairs({ ab: { pairs } }: { ab: Ab }) {
  const shown = pairs.slice(0, MOST_PAIRS)
  const all = shown.flatMap(({ aMs, bMs }) => [aMs, bMs])
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const isLog = low > 0 && high / low > LOG_SPAN
  return (
    <Figure
      title="Do the pairs agree?"
      says={`${pairs.filter(({ aMs, bMs }) => bMs < aMs).length} of ${pairs.length} times the second took less.`}
      rows={pairs.map((pair, index) => ({ ...pair, index }))}
      columns={[
        { head: 'pair', show: ({ index }) => index + 1, isNumber: true },
        { head: 'the first', show: ({ aMs }) => time(aMs), value: ({ aMs }) => aMs, isNumber: true },
        { head: 'the second', show: ({ bMs }) => time(bMs), value: ({ bMs }) => bMs, isNumber: true },
      ]}
      note="Hollow: the first; filled: the second. One line a pair, in the order in which they ran."
    >
      <Chart
        height={shown.length * ROW + MARGIN.top + MARGIN.bottom}
        label={`Pairs: ${shown.map(({ aMs, bMs }) => `${time(aMs)} and ${time(bMs)}`).join('; ')}`}
      >
        {(width, height) => {
          const range: [number, number] = [MARGIN.left, width - MARGIN.right]
          const x = isLog
            ? scaleLog([low * 0.9, high * 1.1], range)
            : scaleLinear([Math.max(0, low - (high - low) * 0.2), high], range)
          return (
            <>
              <AxisBelow
                scale={x}
                say={time}
                from={range[0]}
                to={range[1]}
                y={height - MARGIN.bottom}
                top={MARGIN.top}
                title={isLog ? 'a call (log)' : 'a call'}
              />
              {shown.map(({ aMs, bMs }, index) => {
                const y = MARGIN.top + (index + 0.5) * ROW
                return (
                  <g key={index} class={`ratio ${bMs < aMs ? 'better' : 'worse'}`}>
                    <text class="soft-text" x={MARGIN.left - 10} y={y} dy="0.32em" text-anchor="end">
                      {index + 1}
                    </text>
                    <line class="ratio-range slope" x1={x(aMs)} x2={x(bMs)} y1={y} y2={y} />
                    <circle class="hollow" cx={x(aMs)} cy={y} r={4.5} />
                    <circle cx={x(bMs)} cy={y} r={4.5} />
                  </g>
                )
              })}
            </>
          )
        }}
      </Chart>
    </Figure>
  )
}
