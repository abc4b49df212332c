// The ten that changed most, before at the left, after at the right, on one scale.
import { scaleLinear } from 'd3-scale'
import { isNoTime, time } from '../format.ts'
import { Chart } from '../kit/chart.tsx'
import { shownName } from '../kit/name.tsx'
import type { Pair } from './compare.ts'

const MOST = 10
const MARGIN = { top: 30, bottom: 12 }
const LETTER = 6.8
/** Names nearer than this would be on each other. */
const APART = 15

interface SlopesProps {
  readonly pairs: readonly Pair[]
  readonly titles: readonly [string, string]
  /** 'operator', 'stage': of what each line is. */
  readonly what?: string
}

export function Slopes({ pairs, titles, what = 'operator' }: SlopesProps) {
  const drawn = pairs.filter(({ changeMs }) => !isNoTime(changeMs)).slice(0, MOST)
  if (drawn.length === 0) return <p class="soft">No {what} takes another time.</p>
  const most = Math.max(...drawn.flatMap(({ beforeMs, afterMs }) => [beforeMs ?? 0, afterMs ?? 0]))
  return (
    <Chart
      height={Math.max(220, drawn.length * 34 + MARGIN.top)}
      label={`Before and after: ${drawn.map(({ name, beforeMs, afterMs }) => `${shownName(name, 40)} ${beforeMs === null ? 'not there' : time(beforeMs)} to ${afterMs === null ? 'not there' : time(afterMs)}`).join(', ')}`}
    >
      {(width, height) => {
        const y = scaleLinear([0, most], [height - MARGIN.bottom, MARGIN.top])
        const side = width < 560 ? 96 : Math.min(width * 0.36, 340)
        const [left, right] = [side, width - side]
        const room = Math.floor((side - 16) / LETTER)
        const [befores, afters] = (['beforeMs', 'afterMs'] as const).map((key) =>
          spread(
            drawn.map((pair) => y(pair[key] ?? 0)),
            MARGIN.top,
            height - MARGIN.bottom,
          ),
        )
        return (
          <>
            <text class="soft-text" x={left} y={14} text-anchor="end">
              {shownName(titles[0], 30)}
            </text>
            <text class="soft-text" x={right} y={14}>
              {shownName(titles[1], 30)}
            </text>
            {drawn.map((pair, index) => (
              <g key={`${pair.name} ${index}`} class={pair.changeMs < 0 ? 'ratio better' : 'ratio worse'}>
                <line class="ratio-range slope" x1={left} x2={right} y1={y(pair.beforeMs ?? 0)} y2={y(pair.afterMs ?? 0)} />
                <circle cx={left} cy={y(pair.beforeMs ?? 0)} r={pair.beforeMs === null ? 0 : 4} />
                <circle cx={right} cy={y(pair.afterMs ?? 0)} r={pair.afterMs === null ? 0 : 4} />
                <text x={left - 10} y={befores![index]} dy="0.32em" text-anchor="end">
                  {said(pair, pair.beforeMs, room)}
                </text>
                <text x={right + 10} y={afters![index]} dy="0.32em">
                  {said(pair, pair.afterMs, room)}
                </text>
              </g>
            ))}
          </>
        )
      }}
    </Chart>
  )
}

function said({ name }: Pair, ms: number | null, room: number): string {
  const value = ms === null ? 'not there' : time(ms)
  const left = room - value.length - 1
  return left < 4 ? value : `${shownName(name, left)} ${value}`
}

/** Places moved apart, in their order, within the two ends. */
function spread(places: readonly number[], top: number, bottom: number): number[] {
  const order = places.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y)
  let least = top
  for (const one of order) {
    one.y = Math.max(one.y, least)
    least = one.y + APART
  }
  let most = bottom
  for (const one of order.reverse()) {
    one.y = Math.min(one.y, most)
    most = one.y - APART
  }
  const moved = new Array<number>(places.length).fill(0)
  for (const { y, index } of order) moved[index] = y
  return moved
}
