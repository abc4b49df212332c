// Ratios as points with their intervals on a logarithmic axis, a line at 1×: what changed something, and by how much.
import { scaleLog } from 'd3-scale'
import { factor, factorRange } from '../format.ts'
import { AxisBelow } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { shownName } from '../kit/name.tsx'
import { ratioSpan } from '../kit/ticks.ts'

export interface RatioRow {
  readonly name: string
  /** Next to the name, in a softer tone. */
  readonly note?: string
  readonly ratio: number
  /** null: it was only looked at. */
  readonly low: number | null
  readonly high: number | null
  /** What it means for the reader: better, worse, or not distinguished. */
  readonly outcome: 'better' | 'worse' | 'same'
}

const ROW = 44
const LETTER = 6.8
/** The name has a line of its own above the interval. */
const NARROW_ROW = 58
const NARROW = 560
const MARGIN = { top: 22, right: 20, bottom: 30 }
const LEAST_SPAN = 1.25
/** Above 1×; below it their inverses. */
const TICKS = [1.1, 1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000]
const MOST_TICKS = 3

const tickSaid = (value: number): string => `${Number(value.toPrecision(2))}×`

const rowOf = (width: number): number => (width < NARROW ? NARROW_ROW : ROW)

function ticksWithin(span: number, most: number): number[] {
  const own = TICKS.filter((tick) => tick <= span)
  const kept = own.slice(-most)
  return [...kept.map((tick) => 1 / tick), 1, ...kept]
}

interface RatioRowsProps {
  readonly rows: readonly RatioRow[]
  readonly label: string
  /** Texts at the two ends of the axis. */
  readonly left: string
  readonly right: string
}

export function RatioRows({ rows, label, left, right }: RatioRowsProps) {
  const span = ratioSpan(rows, LEAST_SPAN)
  return (
    <Chart height={(width) => rows.length * rowOf(width) + MARGIN.top + MARGIN.bottom} label={label}>
      {(width, height) => {
        const from = width < NARROW ? 12 : Math.min(width * 0.42, 380)
        const x = scaleLog([1 / (span * 1.05), span * 1.05], [from, width - MARGIN.right]).clamp(true)
        const bottom = height - MARGIN.bottom
        return (
          <>
            <text class="soft-text" x={x.range()[0]} y={12}>
              {left}
            </text>
            <text class="soft-text" x={x.range()[1]} y={12} text-anchor="end">
              {right}
            </text>
            <AxisBelow
              scale={x}
              say={tickSaid}
              at={ticksWithin(span, width < NARROW ? 1 : MOST_TICKS)}
              from={from}
              to={width - MARGIN.right}
              y={bottom}
            />
            <line class="one" x1={x(1)} x2={x(1)} y1={MARGIN.top - 4} y2={bottom} />
            {rows.map((row, index) => (
              <RowMark
                key={`${row.name} ${row.note}`}
                row={row}
                x={x}
                from={from}
                y={MARGIN.top + index * rowOf(width)}
                isNarrow={width < NARROW}
                width={width}
              />
            ))}
          </>
        )
      }}
    </Chart>
  )
}

interface RowMarkProps {
  readonly row: RatioRow
  readonly x: (value: number) => number
  readonly from: number
  readonly y: number
  readonly isNarrow: boolean
  readonly width: number
}

function RowMark({ row: { name, note, ratio, low, high, outcome }, x, from, y, isNarrow, width }: RowMarkProps) {
  const room = Math.max(12, Math.floor((isNarrow ? width - 20 : from - 16) / LETTER))
  const said = low === null || high === null ? factor(ratio) : factorRange(low, high)
  const at = isNarrow ? 46 : 22
  const half = (said.length * LETTER) / 2
  return (
    <g transform={`translate(0,${y})`} class={`ratio ${outcome}`}>
      <text x={isNarrow ? 4 : 0} y={isNarrow ? 10 : 14}>
        {shownName(name, room)}
      </text>
      {note !== undefined && (
        <text class="soft-text" x={isNarrow ? 4 : 0} y={isNarrow ? 23 : 30}>
          {shownName(note, room)}
        </text>
      )}
      {low !== null && high !== null && <line class="ratio-range" x1={x(low)} x2={x(high)} y1={at} y2={at} />}
      <circle cx={x(ratio)} cy={at} r={5} />
      <text class="ratio-text" x={Math.max(half, Math.min(width - half, x(ratio)))} y={at - 9} text-anchor="middle">
        {said}
      </text>
    </g>
  )
}
