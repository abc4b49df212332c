// Latency against what was asked: percentiles with their intervals, the objective, and the rates that the server does not keep up with.
import { scaleLinear, scaleLog } from 'd3-scale'
import { line } from 'd3-shape'
import { percent, perSecond, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Column } from '../kit/plain-table.tsx'
import type { Load } from '../page-data.ts'
import {
  boundOf,
  inOrder,
  isClosed,
  PERCENTILES,
  type Percentile,
  type Point,
  requestedLoad,
  requestedLoadText,
} from './points.ts'

const MARGIN = { top: 40, right: 64, bottom: 40, left: 72 }
const NARROW = 560
/** Span from which axes are logarithmic. */
const LOG_SPAN = 8
const DASHES = ['', '6 3', '2 3']

export function Curve({ load }: { load: Load }) {
  const points = inOrder(load.points)
  const closed = isClosed(points)
  return (
    <Figure
      title={closed ? 'What do more clients do to the latency?' : 'What does more load do to the latency?'}
      says={saysOf(points)}
      rows={points}
      columns={columnsOf(closed)}
      note={
        <>
          Lines are percentiles, marks their 95 % intervals; one that is open upwards does not say how high it could be. Latencies
          begin when a request was {closed ? 'sent' : 'scheduled for'}, so that a server that stalls is not flattered. A
          percentile is told from as many requests on as it needs.
        </>
      }
    >
      {points.some((point) => PERCENTILES.some(({ key }) => point[key] !== null)) ? (
        <Chart
          height={320}
          label={`Latency against load: ${points.map((point) => `${requestedLoadText(point)} ${wordsOf(point)}`).join('; ')}`}
        >
          {(width, height) => <Lines load={load} points={points} width={width} height={height} />}
        </Chart>
      ) : (
        <p class="soft">No run has a percentile; the table has the reasons.</p>
      )}
    </Figure>
  )
}

function wordsOf(point: Point): string {
  if (point.saturated) return 'does not keep up'
  return PERCENTILES.map(({ key, title }) => `${title} ${point[key] === null ? 'not known' : time(point[key])}`).join(', ')
}

function saysOf(points: readonly Point[]): string {
  const kept = points.filter(({ saturated }) => !saturated)
  const lost = points.find(({ saturated }) => saturated)
  const [first, last] = [kept[0], kept.at(-1)]
  const grows =
    first === undefined || last === undefined || first === last || first.p50Ms === null || last.p50Ms === null
      ? ''
      : `From ${requestedLoadText(first)} to ${requestedLoadText(last)} the median goes from ${time(first.p50Ms)} to ${time(last.p50Ms)}.`
  const ends =
    lost === undefined ? 'The server keeps up with all that was asked.' : `It does not keep up with ${requestedLoadText(lost)}.`
  return `${grows} ${ends}`.trim()
}

/** Intervals that say how high are drawn to their end, others to the top. */
function extentOf(points: readonly Point[], bound: number | null): [number, number] {
  const values = points.flatMap((point) =>
    PERCENTILES.flatMap(({ key }) => {
      const interval = point.intervals[key]
      return [point[key], interval?.low ?? null, interval?.high ?? null]
    }),
  )
  const known = [...values, bound].filter((value): value is number => value !== null && value > 0)
  return [Math.min(...known), Math.max(...known)]
}

function Lines({ load, points, width, height }: { load: Load; points: readonly Point[]; width: number; height: number }) {
  const bound = load.search === null ? null : boundOf(load.search.objective)
  const [low, high] = extentOf(points, bound)
  const asked = points.map(requestedLoad)
  const [from, to] = [Math.min(...asked), Math.max(...asked)]
  const right = width - (width < NARROW ? 40 : MARGIN.right)
  const bottom = height - MARGIN.bottom
  const xs: [number, number] = [MARGIN.left + 10, right - 10]
  const ys: [number, number] = [bottom, MARGIN.top]
  const x =
    from > 0 && to / from >= 4 * LOG_SPAN
      ? scaleLog([from, to], xs)
      : scaleLinear(from === to ? [from - 1, to + 1] : [from, to], xs)
  const isLog = high / low >= LOG_SPAN
  const y = isLog ? scaleLog([low * 0.85, high * 1.2], ys) : scaleLinear([0, high * 1.1], ys).nice(5)
  const kept = points.filter(({ saturated }) => !saturated)
  return (
    <>
      <AxisBelow
        scale={x}
        say={perSecond}
        at={asked.length <= 7 ? [...new Set(asked)] : undefined}
        from={MARGIN.left}
        to={right}
        y={bottom}
        title={isClosed(points) ? 'clients' : 'requests a second, asked for'}
      />
      <AxisLeft
        scale={y}
        say={time}
        from={bottom}
        to={MARGIN.top}
        x={MARGIN.left}
        right={right}
        title={isLog ? 'latency (log)' : 'latency'}
      />
      <Lost points={points} x={x} top={MARGIN.top} bottom={bottom} right={right} />
      {load.found !== null && <Found found={load.found} x={x} top={MARGIN.top} bottom={bottom} within={xs} />}
      {bound !== null && (
        <g>
          <line class="bound" x1={MARGIN.left} x2={right} y1={y(bound)} y2={y(bound)} />
          <text class="strong" x={MARGIN.left + 6} y={y(bound) - 5}>
            {time(bound)}: the objective
          </text>
        </g>
      )}
      {PERCENTILES.map(({ key, title }, index) => (
        <PercentileLine key={key} points={kept} percentile={key} title={title} index={index} x={x} y={y} top={MARGIN.top} />
      ))}
    </>
  )
}

type Scale = (value: number) => number

interface PercentileLineProps {
  readonly points: readonly Point[]
  readonly percentile: Percentile
  readonly title: string
  readonly index: number
  readonly x: Scale
  readonly y: Scale
  readonly top: number
}

function PercentileLine({ points, percentile, title, index, x, y, top }: PercentileLineProps) {
  const drawn = points.flatMap((point) => {
    const ms = point[percentile]
    return ms === null || ms <= 0 ? [] : [{ at: requestedLoad(point), ms, interval: point.intervals[percentile] }]
  })
  const last = drawn.at(-1)
  if (last === undefined) return null
  const path = line<{ at: number; ms: number }>()
    .x(({ at }) => x(at))
    .y(({ ms }) => y(ms))
  return (
    <g class={`series series-${index}`}>
      <path d={path(drawn) ?? ''} stroke-dasharray={DASHES[index]} />
      {drawn.map(({ at, ms, interval }, i) => (
        <g key={i}>
          {interval !== null && (
            <line
              class={interval.high === null ? 'open-interval' : 'level'}
              x1={x(at)}
              x2={x(at)}
              y1={y(interval.low)}
              y2={interval.high === null ? top : y(interval.high)}
            />
          )}
          <circle cx={x(at)} cy={y(ms)} r={3.5} />
        </g>
      ))}
      <text x={x(last.at) + 8} y={y(last.ms)} dy="0.32em">
        {title}
      </text>
    </g>
  )
}

/** Marks the rates from the first one that the server does not keep up with. */
function Lost({
  points,
  x,
  top,
  bottom,
  right,
}: {
  points: readonly Point[]
  x: Scale
  top: number
  bottom: number
  right: number
}) {
  const lost = points.filter(({ saturated }) => saturated)
  if (lost.length === 0) return null
  const first = x(requestedLoad(lost[0]!))
  return (
    <g aria-hidden="true">
      <rect class="lost" x={first - 6} width={Math.max(12, right - first + 6)} y={top} height={bottom - top} />
      {/* Above the axis's title. */}
      <text class="soft-text" x={first - 10} y={top - 22} text-anchor="end">
        does not keep up →
      </text>
    </g>
  )
}

interface FoundProps {
  readonly found: NonNullable<Load['found']>
  readonly x: Scale
  readonly top: number
  readonly bottom: number
  readonly within: readonly [number, number]
}

function Found({ found: { ratePerSecond, low, high }, x, top, bottom, within }: FoundProps) {
  const inside = (at: number) => Math.max(within[0], Math.min(within[1], x(at)))
  return (
    <g aria-hidden="true">
      <rect class="interval" x={inside(low)} width={Math.max(1, inside(high) - inside(low))} y={top} height={bottom - top} />
      <line class="median" x1={inside(ratePerSecond)} x2={inside(ratePerSecond)} y1={top} y2={bottom} />
    </g>
  )
}

const isTold = (ms: number | null, reason: string | undefined) => (ms === null ? (reason ?? 'not known') : time(ms))

function columnsOf(closed: boolean): Column<Point>[] {
  const ms = (key: 'meanMs' | 'p50Ms' | 'p90Ms' | 'p95Ms' | 'p99Ms' | 'p999Ms', head: string): Column<Point> => ({
    head,
    show: (point) => (point[key] === null ? <span title={isTold(null, point.reasons[key])}>not told</span> : time(point[key])),
    value: (point) => point[key],
    isNumber: true,
  })
  const rangeOf = ({ intervals: { p99Ms: interval } }: Point) =>
    interval === null ? '' : `${time(interval.low)} – ${interval.high === null ? '?' : time(interval.high)}`
  return [
    {
      head: closed ? 'clients' : 'asked /s',
      show: (point) => perSecond(requestedLoad(point)),
      value: requestedLoad,
      isNumber: true,
    },
    {
      head: 'answered /s',
      show: ({ achievedPerSecond }) => perSecond(achievedPerSecond),
      value: ({ achievedPerSecond }) => achievedPerSecond,
      isNumber: true,
    },
    ms('meanMs', 'mean'),
    ms('p50Ms', 'p50'),
    ms('p90Ms', 'p90'),
    ms('p95Ms', 'p95'),
    ms('p99Ms', 'p99'),
    { head: 'p99, 95 %', show: rangeOf, isNumber: true },
    ms('p999Ms', 'p99.9'),
    { head: 'largest', show: ({ maxMs }) => (maxMs === null ? '' : time(maxMs)), value: ({ maxMs }) => maxMs, isNumber: true },
    { head: 'requests', show: ({ requests }) => requests, isNumber: true },
    {
      head: 'without a good answer',
      show: ({ errors, requests }) => (errors === 0 ? '0' : `${errors} (${percent(errors / Math.max(1, requests))})`),
      value: ({ errors }) => errors,
      isNumber: true,
    },
    { head: 'outstanding at the end', show: ({ outstanding }) => outstanding.atEnd, isNumber: true },
    {
      head: '',
      show: ({ saturated, keepsUp }) =>
        saturated ? 'does not keep up' : keepsUp === null ? 'not clear whether it keeps up' : '',
    },
  ]
}
