// The two curves of a generator: time per token over the tokens in the cache, with the line that reading alone would be; and the time of a call
// over the tokens that it is fed.
import { slopeWords } from '@whyslow/report/text/generation/generation-words.ts'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { factor, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Generation } from '../page-data.ts'

type Line = NonNullable<Generation['depthLine']>
type Several = NonNullable<Generation['severalTokens']>

const HEIGHT = 300
const MARGIN = { top: 36, right: 96, bottom: 40, left: 72 }

interface At {
  readonly x: number
  readonly ms: number
}

interface Plane {
  readonly points: readonly (At & { readonly low?: number; readonly high?: number })[]
  readonly xTitle: string
  readonly name: string
  /** A second line that is no measurement, and what it is. */
  readonly other: { readonly points: readonly At[]; readonly name: string } | null
}

export function DepthLineFigure({ line: { points, interceptMs, ...line }, floor }: { line: Line; floor: Generation['floor'] }) {
  const last = points.at(-1)
  const floorAt = (depth: number) => (floor === null ? 0 : floor.weightsMs + (floor.cacheMsPerThousand * depth) / 1000)
  const other =
    floor === null || last === undefined
      ? null
      : { name: 'reading alone', points: [0, last.depth].map((x) => ({ x, ms: floorAt(x) })) }
  return (
    <Figure
      title="What does more context cost a token?"
      says={slopeWords({ points, interceptMs, ...line })}
      rows={points}
      columns={[
        { head: 'tokens in the cache', show: ({ depth }) => depth, isNumber: true },
        { head: 'a token', show: ({ ms }) => time(ms), value: ({ ms }) => ms, isNumber: true },
        { head: '95 %', show: ({ low, high }) => `${time(low)} – ${time(high)}`, isNumber: true },
      ]}
      note="The line starts at what every token takes: weights and fixed costs. Its slope is the KV cache. If the cache is read once, the line is as steep as the dashed one; if it is copied, several times as steep."
    >
      <Drawing
        label={`Time of a token over the context: ${points.map(({ depth, ms }) => `after ${depth} ${time(ms)}`).join('; ')}`}
        plane={{
          points: points.map(({ depth, ms, low, high }) => ({ x: depth, ms, low, high })),
          xTitle: 'tokens in the cache',
          name: 'measured',
          other,
        }}
      />
    </Figure>
  )
}

export function SeveralFigure({ several: { points, depth }, says }: { several: Several; says: string }) {
  const one = points.find(({ tokens }) => tokens === 1)?.ms
  const last = points.at(-1)
  const other =
    one === undefined || last === undefined
      ? null
      : { name: 'one by one', points: [1, last.tokens].map((x) => ({ x, ms: one * x })) }
  return (
    <Figure
      title="What do several tokens in one call take?"
      says={says}
      rows={points}
      columns={[
        { head: 'tokens', show: ({ tokens }) => tokens, isNumber: true },
        { head: 'a call', show: ({ ms }) => time(ms), value: ({ ms }) => ms, isNumber: true },
        { head: 'over one', show: ({ ratio }) => factor(ratio), value: ({ ratio }) => ratio, isNumber: true },
      ]}
      note={`After ${depth} tokens. A flat curve means that the weights are read once for all: batches and speculation can pay.`}
    >
      <Drawing
        label={`Time of a call over its tokens: ${points.map(({ tokens, ms }) => `${tokens} ${time(ms)}`).join('; ')}`}
        plane={{
          points: points.map(({ tokens, ms }) => ({ x: tokens, ms })),
          xTitle: 'tokens in one call',
          name: 'measured',
          other,
        }}
      />
    </Figure>
  )
}

function Drawing({ label, plane }: { label: string; plane: Plane }) {
  return (
    <Chart height={HEIGHT} label={label}>
      {(width, height) => <Lines plane={plane} width={width} height={height} />}
    </Chart>
  )
}

function Lines({ plane: { points, xTitle, name, other }, width, height }: { plane: Plane; width: number; height: number }) {
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom]
  const all = [...points, ...(other?.points ?? [])]
  const most = Math.max(...points.map(({ ms, high }) => high ?? ms))
  const x = scaleLinear([0, Math.max(...all.map((one) => one.x))], [left + 8, right])
  // The other line may leave the drawing: the measured one sets its scale.
  const y = scaleLinear([0, most * 1.15], [bottom, MARGIN.top]).nice(5)
  const path = line<At>()
    .x((one) => x(one.x))
    .y((one) => Math.max(MARGIN.top, y(one.ms)))
  const [last, end] = [points.at(-1), other?.points.at(-1)]
  return (
    <>
      <AxisBelow scale={x} say={String} from={left} to={right} y={bottom} title={xTitle} at={atOf(points)} />
      <AxisLeft scale={y} say={time} from={bottom} to={MARGIN.top} x={left} right={right} title="time" />
      {other !== null && end !== undefined && (
        <g class="series series-2">
          <path d={path(cut(other.points, y.domain()[1]!)) ?? ''} stroke-dasharray="5 4" />
          <text x={right + 6} y={Math.max(MARGIN.top, y(end.ms))} dy="0.32em">
            {other.name}
          </text>
        </g>
      )}
      <g class="series series-0">
        <path d={path(points) ?? ''} />
        {points.map(({ x: at, ms, low, high }) => (
          <g key={at}>
            {low !== undefined && high !== undefined && <line class="level" x1={x(at)} x2={x(at)} y1={y(low)} y2={y(high)} />}
            <circle cx={x(at)} cy={y(ms)} r={3.5} />
          </g>
        ))}
        {last !== undefined && (
          <text x={right + 6} y={y(last.ms)} dy="0.32em">
            {name}
          </text>
        )}
      </g>
    </>
  )
}

/** A straight line as far as it is within the drawing. */
function cut([from, to]: readonly At[], most: number): At[] {
  if (from === undefined || to === undefined || to.ms <= most) return [from!, to!].filter(Boolean)
  const share = (most - from.ms) / (to.ms - from.ms)
  return [from, { x: from.x + share * (to.x - from.x), ms: most }]
}

const MOST_TICKS = 7
const atOf = (points: readonly At[]): readonly number[] | undefined =>
  points.length <= MOST_TICKS ? points.map(({ x }) => x) : undefined
