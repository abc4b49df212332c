// Time per sample against the batch, a line for each contestant: where one crosses another is the batch from which on it pays.
import { scaleLog } from 'd3-scale'
import { line } from 'd3-shape'
import { count, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, shownName } from '../kit/name.tsx'
import type { Comparison } from '../page-data.ts'

type Contestant = Comparison['contestants'][number]
type Point = Contestant['batches'][number]

const MARGIN = { top: 28, right: 120, bottom: 40, left: 72 }
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '1 4', '10 4']

export function BatchCurves({ comparison }: { comparison: Comparison }) {
  const drawn = comparison.contestants.filter(({ batches }) => batches.length > 1)
  const rows = drawn.flatMap(({ id, batches }) => batches.map((point) => ({ id, ...point })))
  const says = comparison.breakEven.flatMap(({ small, large, fromBatch, basis }) =>
    small === null || large === null || fromBatch === null
      ? []
      : [`${shownName(large, 40)} is faster than ${shownName(small, 40)} from batch ${fromBatch} on (${basis})`],
  )
  return (
    <Figure
      title="From which batch on does another pay?"
      says={says.length > 0 ? `${says.join('; ')}.` : 'The order of no two of them turns between the batches that were measured.'}
      rows={rows}
      columns={[
        { head: 'contestant', show: ({ id }) => <Name text={id} />, value: ({ id }) => id },
        { head: 'batch', show: ({ batch }) => count(batch), value: ({ batch }) => batch, isNumber: true },
        { head: 'a prediction', show: ({ p50Ms }) => time(p50Ms), value: ({ p50Ms }) => p50Ms, isNumber: true },
        {
          head: 'a sample',
          show: ({ p50Ms, batch }) => time(p50Ms / batch),
          value: ({ p50Ms, batch }) => p50Ms / batch,
          isNumber: true,
        },
      ]}
    >
      <Chart height={280} label={`Time per sample against batch: ${drawn.map(({ id }) => shownName(id, 40)).join(', ')}`}>
        {(width, height) => <Curves drawn={drawn} width={width} height={height} />}
      </Chart>
    </Figure>
  )
}

function Curves({ drawn, width, height }: { drawn: readonly Contestant[]; width: number; height: number }) {
  const points = drawn.flatMap(({ batches }) => batches)
  const batches = [...new Set(points.map(({ batch }) => batch))].sort((a, b) => a - b)
  const per = points.flatMap(({ batch, ciLowMs, ciHighMs }) => [ciLowMs / batch, ciHighMs / batch])
  const right = width - (width < 560 ? 12 : MARGIN.right)
  const x = scaleLog([batches[0]!, batches.at(-1)!], [MARGIN.left + 6, right])
  const y = scaleLog([Math.min(...per) * 0.9, Math.max(...per) * 1.1], [height - MARGIN.bottom, MARGIN.top])
  const path = line<Point>()
    .x(({ batch }) => x(batch))
    .y(({ p50Ms, batch }) => y(p50Ms / batch))
  return (
    <>
      <AxisBelow
        scale={x}
        say={count}
        at={batches.length <= 8 ? batches : undefined}
        from={MARGIN.left}
        to={right}
        y={height - MARGIN.bottom}
        title="batch"
      />
      <AxisLeft
        scale={y}
        say={time}
        from={height - MARGIN.bottom}
        to={MARGIN.top}
        x={MARGIN.left}
        right={right}
        title="time per sample (both axes log)"
      />
      {drawn.map(({ id, batches: own }, index) => {
        const last = own.at(-1)!
        return (
          <g key={id} class={`series series-${index % 4}`}>
            <path d={path([...own]) ?? ''} stroke-dasharray={DASHES[index % DASHES.length]} />
            {own.map(({ batch, p50Ms, ciLowMs, ciHighMs }) => (
              <g key={batch}>
                <line x1={x(batch)} x2={x(batch)} y1={y(ciLowMs / batch)} y2={y(ciHighMs / batch)} />
                <circle cx={x(batch)} cy={y(p50Ms / batch)} r={3.5} />
              </g>
            ))}
            <text
              x={width < 560 ? right - 4 : right + 8}
              y={y(last.p50Ms / last.batch) - (width < 560 ? 8 : 0)}
              dy="0.32em"
              text-anchor={width < 560 ? 'end' : 'start'}
            >
              {shownName(id.split(/[\\/]/).at(-1)!, 16)}
            </text>
          </g>
        )
      })}
    </>
  )
}
