// Two load runs side by side: the rate that holds what was requested, and latency against load in one drawing.
import { scaleLinear, scaleLog } from 'd3-scale'
import { line } from 'd3-shape'
import { perSecond, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { Sentence } from '../kit/name.tsx'
import {
  inOrder,
  isClosed,
  isConfirmed,
  PERCENTILES,
  type Percentile,
  type Point,
  requestedLoad,
  requestedLoadText,
} from '../load/points.ts'
import type { Load } from '../page-data.ts'
import type { Part } from '../parts.tsx'
import { type ComparedItem, orderOf, type TimeInterval, timeInterval } from './compare.ts'
import { type Condition, Conditions } from './conditions.tsx'
import { BesideFrame, type Titles, titlesOf } from './frame.tsx'
import { PairedTimes } from './times.tsx'

interface Props {
  readonly before: Load
  readonly after: Load
  readonly names: readonly string[]
}

export function PairedLoads({ before, after, names }: Props) {
  const titles = titlesOf(names)
  const percentile = percentileOf(before, after)
  const things = thingsAt(before, after, percentile.key)
  const parts: Part[] = [
    {
      id: 'curve-beside',
      title: 'Latency against load',
      draw: () => <Curves before={before} after={after} percentile={percentile} titles={titles} />,
    },
    {
      id: 'rates-beside',
      title: 'Rate by rate',
      draw: () =>
        things.length === 0 ? (
          <p class="soft">No rate was asked of both; to compare at one, give both the same --rate.</p>
        ) : (
          <PairedTimes
            title={`What became of ${percentile.title} at what was asked of both?`}
            what={isClosed(before.points) ? 'clients' : 'requests a second'}
            things={things}
            titles={titles}
            absent="without a latency"
            note="Intervals are those of blocks of a run. Of several runs at one rate, the middle one is shown, with an interval that includes all of theirs. If one run does not keep up, that rate has no latency."
          />
        ),
    },
    { id: 'conditions', title: 'Measured how', draw: () => <Conditions rows={conditions(before, after)} /> },
  ]
  return (
    <BesideFrame
      titles={titles}
      sentence={sentenceOf(before, after, things, percentile.title)}
      cards={[<Card key="a" load={before} />, <Card key="b" load={after} />]}
      below={
        <p class="says-line">
          Each by itself, with what holds it up: <code>whyslow view</code> with its file alone
        </p>
      }
      parts={parts}
    />
  )
}

function Card({ load }: { load: Load }) {
  const { answer, found, search } = load
  return (
    <>
      <p class="hero-line">{search === null ? '' : found === null ? 'no rate holds it' : rateWords(found, isConfirmed(load))}</p>
      <p>
        <Sentence text={answer} />
      </p>
    </>
  )
}

function rateWords({ ratePerSecond, low, high, atLeast = false }: NonNullable<Load['found']>, isSure: boolean): string {
  const rate = `${perSecond(ratePerSecond)} requests/s`
  if (!isSure) return `${rate}, not confirmed`
  return atLeast ? `at least ${rate}` : `${rate} (${perSecond(low)}–${perSecond(high)})`
}

function sentenceOf(before: Load, after: Load, things: readonly ComparedItem[], title: string): string {
  const [a, b] = [before.found, after.found]
  if (a !== null && b !== null && before.search?.objective === after.search?.objective) {
    const objective = before.search!.objective
    const [isSure, isSureAfter] = [isConfirmed(before), isConfirmed(after)]
    const open = (sure: boolean) => (sure ? '' : ' (not confirmed)')
    const rates = `${perSecond(a.ratePerSecond)}${open(isSure)} → ${perSecond(b.ratePerSecond)} requests/s${open(isSureAfter)}`
    if (!isSure || !isSureAfter) return `No difference is shown: ${objective} held at ${rates}.`
    const apart = b.low > a.high ? 'more than before' : b.high < a.low ? 'fewer than before' : null
    return apart === null
      ? `No difference is shown: ${objective} holds up to ${rates}, and the intervals overlap.`
      : `${objective} holds up to ${rates}: ${apart}, as far as two runs, one after the other, can show.`
  }
  const told = things.flatMap((thing) => {
    const order = orderOf(thing)
    return order === null ? [] : [{ name: thing.name, order }]
  })
  const at = (order: string) => told.filter((one) => one.order === order).map(({ name }) => name)
  if (told.length === 0) return 'At no rate do both have a latency with an interval, so they cannot be compared.'
  const parts = [
    ...(at('faster').length > 0 ? [`faster at ${at('faster').join(', ')}`] : []),
    ...(at('slower').length > 0 ? [`slower at ${at('slower').join(', ')}`] : []),
  ]
  return parts.length === 0
    ? `No difference is shown in ${title} at any rate that was asked of both: the intervals overlap.`
    : `In ${title} the second is ${parts.join(', ')}, as far as two runs, one after the other, can show.`
}

/** The highest that both tell at some rate; else the median. */
function percentileOf(before: Load, after: Load): { key: Percentile; title: string } {
  const tells = ({ points }: Load, key: Percentile) => points.some((point) => !point.saturated && point[key] !== null)
  return PERCENTILES.findLast(({ key }) => tells(before, key) && tells(after, key)) ?? PERCENTILES[0]!
}

/** One asks at rates, the other by clients that wait: they have no axis in common. */
const asksOtherwise = (before: Load, after: Load): boolean => isClosed(before.points) !== isClosed(after.points)

/** Things at the rates that were set for both. */
function thingsAt(before: Load, after: Load, key: Percentile): ComparedItem[] {
  if (asksOtherwise(before, after)) return []
  const later = runsAt(after)
  return [...runsAt(before)].flatMap(([asked, runs]) => {
    const same = later.get(asked)
    return same === undefined
      ? []
      : [{ name: requestedLoadText(runs[0]!), before: timedOf(runs, key), after: timedOf(same, key) }]
  })
}

/** Runs keyed by the rate that was set, in its order: a search runs a rate several times. */
function runsAt({ points }: Load): ReadonlyMap<number, readonly Point[]> {
  const runs = new Map<number, Point[]>()
  for (const point of inOrder(points)) {
    const same = runs.get(requestedLoad(point))
    if (same) same.push(point)
    else runs.set(requestedLoad(point), [point])
  }
  return runs
}

/** The run in the middle, with an interval that holds those of all: runs of one rate differ by chance. null: not kept up with, or not told. */
function timedOf(runs: readonly Point[], key: Percentile): TimeInterval | null {
  const told = runs.filter((run) => run[key] !== null).sort((a, b) => a[key]! - b[key]!)
  const middle = told[Math.floor((told.length - 1) / 2)]
  if (middle === undefined || runs.some(({ saturated }) => saturated)) return null
  const end = (of: typeof Math.min, ends: readonly (number | null)[]) => (ends.every((one) => one !== null) ? of(...ends) : null)
  return timeInterval(
    middle[key],
    end(
      Math.min,
      told.map((run) => run.intervals[key]?.low ?? null),
    ),
    end(
      Math.max,
      told.map((run) => run.intervals[key]?.high ?? null),
    ),
  )
}

const MARGIN = { top: 30, right: 40, bottom: 40, left: 72 }
const LOG_SPAN = 8

interface CurvesProps {
  readonly before: Load
  readonly after: Load
  readonly percentile: { readonly key: Percentile; readonly title: string }
  readonly titles: Titles
}

function Curves({ before, after, percentile: { key, title }, titles }: CurvesProps) {
  const of = (load: Load) => inOrder(load.points).filter((point) => !point.saturated && point[key] !== null)
  const sides = [of(before), of(after)] as const
  const lost = [before, after].map((load) => inOrder(load.points).find(({ saturated }) => saturated))
  const ends = lost.flatMap((point, index) =>
    point === undefined ? [] : [`${titles[index]} does not keep up with ${requestedLoadText(point)}`],
  )
  const rows = sides.flatMap((points, index) => points.map((point) => ({ side: titles[index]!, point })))
  return (
    <Figure
      title={`What does load do to ${title} of each?`}
      says={ends.length === 0 ? 'Both keep up with all that was asked.' : `${ends.join('; ')}.`}
      rows={rows}
      columns={[
        { head: 'run', show: ({ side }) => side },
        {
          head: 'asked',
          show: ({ point }) => requestedLoadText(point),
          value: ({ point }) => requestedLoad(point),
          isNumber: true,
        },
        ...PERCENTILES.map(({ key: one, title: head }) => ({
          head,
          show: ({ point }: (typeof rows)[number]) => (point[one] === null ? 'not known' : time(point[one])),
          value: ({ point }: (typeof rows)[number]) => point[one],
          isNumber: true,
        })),
      ]}
      note="Filled: before; open and dashed: after. Upright lines are 95 % intervals; one without an upper end does not say how high it could be."
    >
      {asksOtherwise(before, after) ? (
        <p class="soft">
          One was asked at rates, the other by clients that wait: they have no axis in common. The table has both.
        </p>
      ) : rows.length === 0 ? (
        <p class="soft">Neither has a percentile.</p>
      ) : (
        <Chart
          height={320}
          label={`${title} against load: ${rows.map(({ side, point }) => `${side} at ${requestedLoadText(point)} ${time(point[key]!)}`).join('; ')}`}
        >
          {(width, height) => (
            <Lines
              sides={sides}
              percentile={key}
              titles={titles}
              width={width}
              height={height}
              closed={isClosed(before.points)}
            />
          )}
        </Chart>
      )}
    </Figure>
  )
}

interface LinesProps {
  readonly sides: readonly [readonly Point[], readonly Point[]]
  readonly percentile: Percentile
  readonly titles: Titles
  readonly width: number
  readonly height: number
  readonly closed: boolean
}

function Lines({ sides, percentile, titles, width, height, closed }: LinesProps) {
  const all = sides.flat()
  const values = all.flatMap((point) => {
    const { low, high } = point.intervals[percentile] ?? { low: null, high: null }
    return [point[percentile], low, high].filter((value): value is number => value !== null && value > 0)
  })
  const asked = all.map(requestedLoad)
  const [from, to] = [Math.min(...asked), Math.max(...asked)]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom]
  const x = scaleLinear(from === to ? [from - 1, to + 1] : [from, to], [MARGIN.left + 12, right - 12])
  const isLog = high / low >= LOG_SPAN
  const y = isLog
    ? scaleLog([low * 0.85, high * 1.2], [bottom, MARGIN.top])
    : scaleLinear([0, high * 1.1], [bottom, MARGIN.top]).nice(5)
  const path = line<Point>(
    (point) => x(requestedLoad(point)),
    (point) => y(point[percentile]!),
  )
  return (
    <>
      <AxisBelow
        scale={x}
        say={perSecond}
        from={MARGIN.left}
        to={right}
        y={bottom}
        title={closed ? 'clients' : 'requests a second, asked for'}
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
      {sides.map((points, index) => (
        <g key={index} class={index === 0 ? 'run before' : 'run after'}>
          <path class="run-line" d={path([...points]) ?? ''} />
          {points.map((point, run) => {
            const interval = point.intervals[percentile]
            const [cx, cy] = [x(requestedLoad(point)), y(point[percentile]!)]
            return (
              <g key={run}>
                {interval !== null && (
                  <line
                    class="run-range"
                    x1={cx}
                    x2={cx}
                    y1={y(interval.low)}
                    y2={interval.high === null ? MARGIN.top : y(interval.high)}
                  />
                )}
                <circle cx={cx} cy={cy} r={5} />
              </g>
            )
          })}
          <text x={MARGIN.left + 8} y={MARGIN.top + 14 + index * 18}>
            {index === 0 ? '●' : '○'} {titles[index]!.slice(0, 40)}
          </text>
        </g>
      ))}
    </>
  )
}

function conditions(before: Load, after: Load): readonly Condition[] {
  const rows: readonly (readonly [string, (load: Load) => string])[] = [
    ['target', ({ target }) => target.name],
    ['asked by', ({ target }) => target.protocol],
    ['arrivals', ({ arrivals }) => arrivals.trace ?? arrivals.kind],
    ['objective', ({ search }) => search?.objective ?? 'none'],
    ['seed', ({ arrivals }) => String(arrivals.seed)],
    ['processor', ({ machine }) => machine.cpu],
    ['usable CPUs', ({ machine }) => String(machine.usableCpus)],
    ['workers', ({ setup }) => (setup === null ? 'not known' : String(setup.workers))],
    ['threads of each', ({ setup }) => (setup === null ? 'not known' : String(setup.threadsPerWorker ?? 'the folder’s own'))],
    ['rows in a prediction', ({ setup }) => (setup === null ? 'not known' : String(setup.maxBatch))],
    ['the generator', ({ audit }) => (audit.ok ? 'kept up' : 'did not always keep up')],
    ['whyslow', ({ tool }) => tool.version],
  ]
  return rows.map(([name, of]) => ({ name, before: of(before), after: of(after) }))
}
