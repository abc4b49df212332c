// The roofline: what an operator reaches against what this machine was measured to give, on logarithmic axes of one decade length. One mark
// an operator, its area its time. What has no known work is listed, not drawn.
import { scaleLog } from 'd3-scale'
import { useMemo } from 'preact/hooks'
import { bytes, percent, plural, rate, significant, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { type Reach, useReach } from '../kit/marks.tsx'
import { Name, nodeTitle } from '../kit/name.tsx'
import type { Node, Report } from '../page-data.ts'

const MARGIN = { top: 28, right: 110, bottom: 40, left: 88 }
/** More marks are drawn together as points without a name. */
const MOST_MARKS = 400
const MOST_LABELS = 8

export interface Dot {
  readonly node: Node
  /** FLOP per byte. */
  readonly intensity: number
  readonly flopsPerSecond: number
  /** Share of the time at which it would meet its floor; null: no floor is known. */
  readonly ofRoof: number | null
}

/** The operators whose work, bytes and time are known and not zero: the others have no place on a logarithmic axis. */
function dotsOf(nodes: readonly Node[]): Dot[] {
  return nodes
    .flatMap((node) => {
      const { flops, bytes: moved, timeMs, floorMs } = node
      if (flops === null || moved === null || flops <= 0 || moved <= 0 || timeMs <= 0) return []
      return [
        {
          node,
          intensity: flops / moved,
          flopsPerSecond: (flops / timeMs) * 1000,
          ofRoof: floorMs === null ? null : floorMs / timeMs,
        },
      ]
    })
    .sort((a, b) => b.node.timeMs - a.node.timeMs)
}

export function Roofline({ report }: { report: Report }) {
  const dots = useMemo(() => dotsOf(report.nodes), [report])
  const roofs = report.machine.roofs[0]
  const timed = report.nodes.filter(({ timeMs }) => timeMs > 0)
  const sumMs = timed.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const drawnMs = dots.reduce((sum, { node }) => sum + node.timeMs, 0)
  const floorMs = dots.reduce((sum, { node }) => sum + (node.floorMs ?? 0), 0)
  const reach = useReach(Math.min(dots.length, MOST_MARKS))
  if (roofs === undefined || dots.length === 0) {
    const why =
      roofs === undefined ? 'this machine’s roofs were not measured with this engine' : 'of no operator are work and bytes known'
    return <p class="soft">No roofline can be drawn: {why}.</p>
  }
  const spoken = dots[reach.at]
  return (
    <Figure
      title="How near are the operators to what this machine can do?"
      says={`Together they take ${time(drawnMs)}; at the measured roofs they would take ${time(floorMs)}, ${percent(floorMs / drawnMs)} of it. The farther a mark lies below its roof, and the larger it is, the more there is to gain.`}
      rows={dots}
      columns={[
        { head: 'operator', show: ({ node }) => <Name text={nodeTitle(node, 80)} />, value: ({ node }) => nodeTitle(node) },
        { head: 'type', show: ({ node }) => <Name text={node.opType} most={30} />, value: ({ node }) => node.opType },
        {
          head: 'FLOP/byte',
          show: ({ intensity }) => significant(intensity),
          value: ({ intensity }) => intensity,
          isNumber: true,
        },
        {
          head: 'reached',
          show: ({ flopsPerSecond }) => rate(flopsPerSecond, 'FLOP'),
          value: ({ flopsPerSecond }) => flopsPerSecond,
          isNumber: true,
        },
        {
          head: 'of its roof',
          show: ({ ofRoof }) => (ofRoof === null ? 'not known' : percent(ofRoof)),
          value: ({ ofRoof }) => ofRoof,
          isNumber: true,
        },
        { head: 'time', show: ({ node }) => time(node.timeMs), value: ({ node }) => node.timeMs, isNumber: true },
        { head: 'bytes', show: ({ node }) => bytes(node.bytes ?? 0), value: ({ node }) => node.bytes, isNumber: true },
      ]}
      note={
        <Left
          report={report}
          drawn={dots.length}
          drawnMs={drawnMs}
          sumMs={sumMs}
          threads={roofs.threads}
          reasons={roofs.reasons ?? {}}
        />
      }
    >
      <div class="roof-and-list">
        <Chart
          height={(width) => Math.min(560, Math.max(340, width * 0.75))}
          label="Roofline; arrow keys move between operators, largest first"
          role="group"
          {...reach.handlers}
        >
          {(width, height) => <Plane dots={dots} roofs={roofs} width={width} height={height} reach={reach} />}
        </Chart>
        <Largest dots={dots} reach={reach} />
      </div>
      <p class="spoken" aria-live="polite">
        {spoken === undefined ? (
          <span class="soft">Point at a mark, or reach it with the arrow keys.</span>
        ) : (
          <Spoken dot={spoken} />
        )}
      </p>
    </Figure>
  )
}

function Spoken({ dot: { node, intensity, flopsPerSecond, ofRoof } }: { dot: Dot }) {
  return (
    <>
      <Name text={`${node.opType} ${nodeTitle(node, 80)}`} most={110} /> · {time(node.timeMs)} · {rate(flopsPerSecond, 'FLOP')} at{' '}
      {significant(intensity)} FLOP/byte{ofRoof !== null && ` · ${percent(ofRoof)} of its roof`}
      {node.aboveRoof != null && <b> · above its roof: {node.aboveRoof}</b>}
    </>
  )
}

/** The largest, with how near each comes to its roof. */
function Largest({ dots, reach }: { dots: readonly Dot[]; reach: Reach }) {
  return (
    <div>
      <h4>Largest first: how near to their roof</h4>
      <ol class="largest">
        {dots.slice(0, MOST_LISTED).map(({ node, ofRoof }, index) => (
          <li key={node.name} class={index === reach.at ? 'at' : undefined} onMouseEnter={() => reach.point(index)}>
            <span class="largest-name">
              <Name text={nodeTitle(node, 60)} />
            </span>
            <span class="number soft">{time(node.timeMs)}</span>
            <span class="meter" aria-hidden="true">
              {ofRoof !== null && (
                <span class={`meter-fill near-${node.bound ?? 'unknown'}`} style={{ width: `${Math.min(1, ofRoof) * 100}%` }} />
              )}
            </span>
            <span class="number">{ofRoof === null ? 'not known' : percent(ofRoof)}</span>
          </li>
        ))}
      </ol>
      <p class="bound-legend">
        {BOUNDS.map(([bound, title]) => (
          <span key={bound}>
            <span class={`swatch near-${bound}`} aria-hidden="true" /> {title}
          </span>
        ))}
      </p>
    </div>
  )
}

const MOST_LISTED = 10
const BOUNDS = [
  ['compute', 'bound by arithmetic'],
  ['memory', 'bound by memory'],
  ['overhead', 'bound by overhead'],
] as const

interface LeftProps {
  readonly report: Report
  readonly drawn: number
  readonly drawnMs: number
  readonly sumMs: number
  readonly threads: number
  readonly reasons: Readonly<Record<string, string>>
}

function Left({ report, drawn, drawnMs, sumMs, threads, reasons }: LeftProps) {
  const left = report.nodes.length - drawn
  return (
    <>
      Roofs as measured on this machine with {plural(threads, 'thread')}; one decade is as long on both axes.{' '}
      {left > 0 &&
        `${plural(left, 'operator')} without known work, bytes or time, ${percent(sumMs > 0 ? (sumMs - drawnMs) / sumMs : 0)} of the operators' time, ${left === 1 ? 'is' : 'are'} not drawn. `}
      {Object.entries(reasons).map(([level, reason]) => (
        <span key={level}>{`${level} has no line: ${reason}. `}</span>
      ))}
    </>
  )
}

type Roofs = Report['machine']['roofs'][number]

interface PlaneProps {
  readonly dots: readonly Dot[]
  readonly roofs: Roofs
  readonly width: number
  readonly height: number
  readonly reach: Reach
}

/** Both axes with decades of one length: the one that needs more room decides. */
function scalesFor({ dots, roofs, width, height }: Omit<PlaneProps, 'reach'>) {
  const peaks = Object.values(roofs.flopsPerSecond)
  const levels = Object.values(roofs.bytesPerSecond).filter((value): value is number => value !== null)
  const ridges = peaks.flatMap((peak) => levels.map((level) => peak / level))
  const xs = [...dots.map(({ intensity }) => intensity), ...ridges]
  const ys = [...dots.map(({ flopsPerSecond }) => flopsPerSecond), ...peaks]
  const [x0, x1] = [Math.log10(Math.min(...xs)) - 0.2, Math.log10(Math.max(...xs)) + 0.3]
  const [y0, y1] = [Math.log10(Math.min(...ys)) - 0.2, Math.log10(Math.max(...ys)) + 0.15]
  const right = width < 560 ? 12 : MARGIN.right
  const [wide, high] = [width - MARGIN.left - right, height - MARGIN.top - MARGIN.bottom]
  const decade = Math.min(wide / (x1 - x0), high / (y1 - y0))
  const [restX, restY] = [wide / decade - (x1 - x0), high / decade - (y1 - y0)]
  const x = scaleLog([10 ** (x0 - restX / 2), 10 ** (x1 + restX / 2)], [MARGIN.left, MARGIN.left + wide])
  const y = scaleLog([10 ** (y0 - restY), 10 ** y1], [height - MARGIN.bottom, MARGIN.top])
  return { x, y, right: MARGIN.left + wide }
}

function Plane({ dots, roofs, width, height, reach }: PlaneProps) {
  const { x, y, right } = scalesFor({ dots, roofs, width, height })
  const largest = dots[0]!.node.timeMs
  const radius = (node: Node) => Math.max(2, 18 * Math.sqrt(node.timeMs / largest))
  const spoken = dots[reach.at]
  const bottom = height - MARGIN.bottom
  return (
    <>
      <AxisBelow
        scale={x}
        say={(value) => significant(value, 1)}
        from={MARGIN.left}
        to={right}
        y={bottom}
        top={MARGIN.top}
        title="FLOP per byte"
      />
      <AxisLeft
        scale={y}
        say={(value) => rate(value, 'FLOP')}
        from={bottom}
        to={MARGIN.top}
        x={MARGIN.left}
        right={right}
        title="reached per second"
      />
      <RoofLines roofs={roofs} x={x} y={y} right={right} width={width} />
      <g class="tail" aria-hidden="true">
        <path
          d={dots
            .slice(MOST_MARKS)
            .map(({ intensity, flopsPerSecond }) => `M${x(intensity).toFixed(1)},${y(flopsPerSecond).toFixed(1)}h0`)
            .join('')}
        />
      </g>
      {spoken?.ofRoof != null && (
        <line
          class="to-roof"
          x1={x(spoken.intensity)}
          x2={x(spoken.intensity)}
          y1={y(spoken.flopsPerSecond)}
          y2={y(spoken.flopsPerSecond / spoken.ofRoof)}
        />
      )}
      {/* The small ones last, so that they lie on top of the large ones. */}
      {dots.slice(0, MOST_MARKS).map(({ node, intensity, flopsPerSecond, ofRoof }, index) => (
        <circle
          key={node.name}
          class={`roof-dot ${node.bound ?? 'unknown'} ${index === reach.at ? 'at' : ''}`}
          cx={x(intensity)}
          cy={y(flopsPerSecond)}
          r={radius(node)}
          {...reach.markProps(
            index,
            `${nodeTitle(node, 80)}, ${node.opType}, ${time(node.timeMs)}, ${ofRoof === null ? 'roof not known' : `${percent(ofRoof)} of its roof`}`,
          )}
        />
      ))}
      <Labels dots={dots} x={x} y={y} radius={radius} right={right} />
    </>
  )
}

type Scale = (value: number) => number
type Inverse = Scale & { invert(px: number): number; range(): number[] }

function RoofLines({ roofs, x, y, right, width }: { roofs: Roofs; x: Inverse; y: Inverse; right: number; width: number }) {
  const peaks = Object.entries(roofs.flopsPerSecond)
  const highest = Math.max(...peaks.map(([, peak]) => peak))
  const levels = Object.entries(roofs.bytesPerSecond).flatMap(([level, value]) => (value === null ? [] : [{ level, value }]))
  const [left, bottom] = [x.invert(MARGIN.left), y.invert(y.range()[0]!)]
  const fastest = Math.max(...levels.map(({ value }) => value))
  return (
    <g class="roofs" aria-hidden="true">
      {peaks.map(([dtype, peak]) => (
        <g key={dtype}>
          <line x1={Number.isFinite(fastest) ? x(peak / fastest) : MARGIN.left} x2={right} y1={y(peak)} y2={y(peak)} />
          {width >= 560 ? (
            <text x={right + 6} y={y(peak)} dy="0.32em">
              <tspan x={right + 6} dy="-0.1em">
                {dtype}
              </tspan>
              <tspan class="soft-text" x={right + 6} dy="1.1em">
                {rate(peak, 'FLOP')}
              </tspan>
            </text>
          ) : (
            <text x={right} y={y(peak) - 5} text-anchor="end">
              {`${dtype} ${rate(peak, 'FLOP')}`}
            </text>
          )}
        </g>
      ))}
      {levels.map(({ level, value }, index) => {
        const from = Math.max(left, bottom / value)
        // The first name stands above its line, the others below theirs, so that neighbours do not meet.
        const at = from * 10 ** (index === 0 ? 0.5 : 0.12)
        return (
          <g key={level}>
            <line x1={x(from)} y1={y(from * value)} x2={x(highest / value)} y2={y(highest)} />
            <text transform={`translate(${x(at)},${y(at * value)}) rotate(-45)`} dy={index === 0 ? '-0.35em' : '1em'}>
              {`${level} ${rate(value, 'B')}`}
            </text>
          </g>
        )
      })}
    </g>
  )
}

/** Names of the largest, where they have room: one that would be on another, or on the axis, is left out, and found by pointing. */
function Labels({
  dots,
  x,
  y,
  radius,
  right,
}: {
  dots: readonly Dot[]
  x: Scale
  y: Scale
  radius(node: Node): number
  right: number
}) {
  const taken: { x: number; y: number; width: number }[] = []
  const labels = dots.slice(0, MOST_LABELS).flatMap(({ node, intensity, flopsPerSecond }) => {
    const text = nodeTitle(node, 26)
    const width = text.length * 6.6
    const r = radius(node) + 4
    const isLeft = x(intensity) + r + width > right
    const at = { x: isLeft ? x(intensity) - r - width : x(intensity) + r, y: y(flopsPerSecond), width }
    if (at.x < MARGIN.left) return []
    if (taken.some((other) => Math.abs(other.y - at.y) < 14 && at.x < other.x + other.width && other.x < at.x + at.width))
      return []
    taken.push(at)
    return [{ ...at, text, key: node.name }]
  })
  return (
    <g class="dot-labels" aria-hidden="true">
      {labels.map(({ x: left, y: top, text, key }) => (
        <text key={key} x={left} y={top} dy="0.32em">
          {text}
        </text>
      ))}
    </g>
  )
}
