// Latency against one dimension: medians with their intervals, and the fitted line if there is one.
import { scaleLinear, scaleLog } from 'd3-scale'
import { area, line } from 'd3-shape'
import { count, percent, significant, singular, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Report } from '../page-data.ts'

type Sweep = Report['sweeps'][number]
type Point = Sweep['points'][number]

const MARGIN = { top: 24, right: 16, bottom: 40, left: 64 }
/** Larger spans are drawn on logarithmic axes. */
const LOG_SPAN = 8

export function Sweeps({ report }: { report: Report }) {
  const drawn = report.sweeps.filter(({ points }) => points.length > 1)
  return (
    <div class="figures two">
      {drawn.map((sweep) => (
        <SweepFigure key={`${sweep.dimension} ${sweep.unit}`} sweep={sweep} />
      ))}
    </div>
  )
}

const nameOf = ({ dimension, unit }: Sweep): string => (dimension === unit ? dimension : `${dimension} (${unit})`)

function SweepFigure({ sweep }: { sweep: Sweep }) {
  const { points, fit, unit, dimension } = sweep
  const isThreads = dimension === 'threads'
  const rows = points.map((point) => ({ ...point, per: point.p50Ms / point.at }))
  return (
    <Figure
      title={isThreads ? 'What do more threads give?' : `How does it grow with ${nameOf(sweep)}?`}
      says={isThreads ? threadsSay(points) : growthSays(sweep)}
      rows={rows}
      columns={[
        { head: unit, show: ({ at }) => count(at), value: ({ at }) => at, isNumber: true },
        { head: 'median', show: ({ p50Ms }) => time(p50Ms), value: ({ p50Ms }) => p50Ms, isNumber: true },
        { head: 'interval', show: ({ ciLowMs, ciHighMs }) => `${time(ciLowMs)} – ${time(ciHighMs)}`, isNumber: true },
        ...(isThreads ? [] : [{ head: `per ${singular(unit)}`, show: ({ per }: { per: number }) => time(per), isNumber: true }]),
      ]}
      note={
        fit === null ? undefined : `The fit, dashed: ${time(fit.fixedMs)} a call + ${time(fit.perUnitMs)} per ${singular(unit)}.`
      }
    >
      <Chart height={240} label={`${nameOf(sweep)}: ${points.map(({ at, p50Ms }) => `${at} ${time(p50Ms)}`).join(', ')}`}>
        {(width, height) => <Lines sweep={sweep} width={width} height={height} />}
      </Chart>
    </Figure>
  )
}

function threadsSay(points: readonly Point[]): string {
  const best = points.reduce((least, point) => (point.p50Ms < least.p50Ms ? point : least))
  const [first] = points
  if (best === first) return `More than ${count(best.at)} ${best.at === 1 ? 'thread gives' : 'threads give'} nothing.`
  return `${count(best.at)} threads are fastest: ${time(best.p50Ms)}, ${significant(first!.p50Ms / best.p50Ms, 2)}× as fast as with ${count(first!.at)}.`
}

function growthSays({ points, unit }: Sweep): string {
  const [first, last] = [points[0]!, points.at(-1)!]
  const [a, b] = [first.p50Ms / first.at, last.p50Ms / last.at]
  const one_ = singular(unit)
  const change = Math.abs(1 - b / a) < 0.02 ? 'as much' : `${percent(Math.abs(1 - b / a))} ${b < a ? 'less' : 'more'}`
  return `A ${one_} costs ${time(a)} at ${count(first.at)} and ${time(b)} at ${count(last.at)}: ${change}.`
}

function Lines({ sweep: { points, fit, unit }, width, height }: { sweep: Sweep; width: number; height: number }) {
  const [first, last] = [points[0]!.at, points.at(-1)!.at]
  const isLog = last / first >= LOG_SPAN
  const [low, high] = [Math.min(...points.map(({ ciLowMs }) => ciLowMs)), Math.max(...points.map(({ ciHighMs }) => ciHighMs))]
  const [xs, ys]: [[number, number], [number, number]] = [
    [MARGIN.left + 6, width - MARGIN.right],
    [height - MARGIN.bottom, MARGIN.top],
  ]
  const x = isLog ? scaleLog([first, last], xs) : scaleLinear([first, last], xs)
  const y = isLog ? scaleLog([low * 0.9, high * 1.1], ys) : scaleLinear([0, high], ys).nice(5)
  const band = area<Point>()
    .x(({ at }) => x(at))
    .y0(({ ciLowMs }) => y(ciLowMs))
    .y1(({ ciHighMs }) => y(ciHighMs))
  const medians = line<Point>()
    .x(({ at }) => x(at))
    .y(({ p50Ms }) => y(p50Ms))
  const fitted = fit === null ? [] : fitPoints(first, last, fit).filter(([, ms]) => ms > 0)
  const fitLine = line<[number, number]>()
    .x(([at]) => x(at))
    .y(([, ms]) => y(ms))
  return (
    <>
      <AxisBelow
        scale={x}
        at={points.length <= MOST_TICKS ? points.map(({ at }) => at) : undefined}
        say={count}
        from={MARGIN.left}
        to={width - MARGIN.right}
        y={height - MARGIN.bottom}
        title={unit}
      />
      <AxisLeft
        scale={y}
        say={time}
        from={height - MARGIN.bottom}
        to={MARGIN.top}
        x={MARGIN.left}
        right={width - MARGIN.right}
        title={isLog ? 'median (both axes log)' : 'median'}
      />
      <path class="band" d={band([...points]) ?? ''} />
      <path class="curve" d={medians([...points]) ?? ''} />
      {fitted.length > 1 && <path class="fit" d={fitLine(fitted) ?? ''} />}
      {points.map(({ at, p50Ms, ciLowMs, ciHighMs }) => (
        <g key={at}>
          <line class="whisker" x1={x(at)} x2={x(at)} y1={y(ciLowMs)} y2={y(ciHighMs)} />
          <circle class="point" cx={x(at)} cy={y(p50Ms)} r={4} />
        </g>
      ))}
    </>
  )
}

/** Points that are few are the ticks themselves. */
const MOST_TICKS = 8
const FIT_POINTS = 24

const fitPoints = (
  first: number,
  last: number,
  { fixedMs, perUnitMs }: { fixedMs: number; perUnitMs: number },
): [number, number][] =>
  Array.from({ length: FIT_POINTS }, (_, i) => {
    const at = first + (last - first) * (i / (FIT_POINTS - 1)) ** 2
    return [at, fixedMs + perUnitMs * at]
  })
