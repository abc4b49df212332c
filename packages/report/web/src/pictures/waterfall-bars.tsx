// Parts one after the other from nothing to their sum, and the whole below them.
import { scaleLinear } from 'd3-scale'
import { isNoTime, time } from '../format.ts'
import { AxisBelow } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { shownName } from '../kit/name.tsx'

export interface WaterfallPart {
  readonly name: string
  /** Class of the mark: an area, 'stage', 'longest'. */
  readonly kind: string
  readonly timeMs: number
}

interface WaterfallBarsProps {
  readonly parts: readonly WaterfallPart[]
  /** null: it is not known, and not drawn. */
  readonly wholeMs: number | null
  readonly wholeName: string
}

const ROW = 30
const NARROW = 560
const MARGIN = { top: 8, right: 72, bottom: 40 }
const LETTER = 6.7
const MOST_LETTERS = 40

export function WaterfallBars(props: WaterfallBarsProps) {
  const { parts } = props
  return (
    <Chart
      height={(parts.length + (props.wholeMs === null ? 0 : 1)) * ROW + MARGIN.top + MARGIN.bottom}
      label={`Waterfall: ${parts.map(({ name, timeMs }) => `${shownName(name, MOST_LETTERS)} ${time(timeMs)}`).join(', ')}`}
    >
      {(width, height) => <Bars {...props} width={width} height={height} />}
    </Chart>
  )
}

function Bars({ parts, wholeMs, wholeName, width, height }: WaterfallBarsProps & { width: number; height: number }) {
  const isNarrow = width < NARROW
  const names = [...parts.map(({ name }) => shownName(name, MOST_LETTERS)), wholeName]
  const left = isNarrow ? 8 : Math.min(width / 3, Math.max(...names.map((name) => name.length * LETTER)) + 12)
  const room = Math.floor((isNarrow ? width - 24 : left - 12) / LETTER)
  let sum = 0
  const steps = parts.map((part) => {
    const from = sum
    sum += part.timeMs
    return { part, from, to: sum }
  })
  const most = Math.max(wholeMs ?? 0, ...steps.map(({ from, to }) => Math.max(from, to)))
  const least = Math.min(0, ...steps.map(({ to }) => to))
  const x = scaleLinear([least, most], [left, width - MARGIN.right])
  const lay: Lay = { x, left, isNarrow, room }
  const isBelow = (timeMs: number) => timeMs < 0 && !isNoTime(timeMs)
  const below = parts.some(({ timeMs }) => isBelow(timeMs))
  return (
    <>
      <AxisBelow scale={x} say={time} from={left} to={width - MARGIN.right} y={height - MARGIN.bottom} top={MARGIN.top} />
      {steps.map(({ part: { name, kind, timeMs }, from, to }, index) => (
        <g key={index} transform={`translate(0,${MARGIN.top + index * ROW})`}>
          <Bar lay={lay} name={name} kind={kind} from={from} to={to}>
            {isBelow(timeMs) && !isNarrow ? `${time(timeMs)}: measurement error, the parts exceed the whole` : time(timeMs)}
          </Bar>
          {index < steps.length - 1 && <line class="carry" x1={x(to)} x2={x(to)} y1={ROW - 5} y2={ROW + 5} />}
        </g>
      ))}
      {wholeMs !== null && (
        <g transform={`translate(0,${MARGIN.top + steps.length * ROW})`}>
          <Bar
            lay={lay}
            name={below && isNarrow ? `${wholeName}; the parts exceed it` : wholeName}
            kind="total"
            from={0}
            to={wholeMs}
          >
            {time(wholeMs)}
          </Bar>
        </g>
      )}
    </>
  )
}

interface Lay {
  readonly x: (ms: number) => number
  readonly left: number
  readonly isNarrow: boolean
  /** Letters of a name. */
  readonly room: number
}

interface BarProps {
  readonly lay: Lay
  readonly name: string
  readonly kind: string
  readonly from: number
  readonly to: number
  readonly children: string
}

/** Its name before it, or above it if there is no room; its number behind it. */
function Bar({ lay: { x, left, isNarrow, room }, name, kind, from, to, children }: BarProps) {
  const [a, b] = [x(Math.min(from, to)), x(Math.max(from, to))]
  const isBack = to < from
  const css = kind === 'total' ? 'strong' : 'value'
  return (
    <>
      <rect
        class={`mark-${kind}`}
        x={a}
        y={isNarrow ? 14 : 5}
        width={Math.max(1.5, b - a)}
        height={isNarrow ? 12 : ROW - 10}
        rx={2}
      />
      <text
        class={kind === 'total' ? 'strong' : undefined}
        x={isNarrow ? left : left - 8}
        y={isNarrow ? 10 : ROW / 2}
        dy={isNarrow ? 0 : '0.32em'}
        text-anchor={isNarrow ? 'start' : 'end'}
      >
        {shownName(name, Math.max(8, Math.min(room, MOST_LETTERS)))}
      </text>
      <text
        class={css}
        x={isBack ? a - 6 : b + 6}
        y={isNarrow ? 24 : ROW / 2}
        dy={isNarrow ? 0 : '0.32em'}
        text-anchor={isBack ? 'end' : 'start'}
      >
        {children}
      </text>
    </>
  )
}
