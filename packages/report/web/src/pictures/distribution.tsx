// The distribution as quantiles: each of so many dots represents the same share of predictions, so that dots are counted and not areas
// guessed (Kay et al., CHI 2016).
import { quantileSorted } from 'd3-array'
import { scaleLinear, scaleLog } from 'd3-scale'
import { known, time } from '../format.ts'
import { AxisBelow } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import type { Report } from '../page-data.ts'

const DOTS = 20
const MARGIN = { top: 8, right: 24, bottom: 34, left: 24 }
const LOG_FROM = 10
/** Width of 'p50' and what is before and after it. */
const NAME_PX = 32

export function Distribution({ report: { latency } }: { report: Report }) {
  if (latency === null || latency.samplesMs.length === 0) return null
  const sorted = [...latency.samplesMs].sort((a, b) => a - b)
  const dots = Array.from({ length: DOTS }, (_, i) => quantileSorted(sorted, (i + 0.5) / DOTS)!)
  const within = quantileSorted(sorted, 0.85)!
  const rows = [
    { name: 'median (p50)', ms: latency.p50Ms as number | null },
    { name: 'p90', ms: latency.p90Ms },
    { name: 'p95', ms: latency.p95Ms },
    { name: 'p99', ms: latency.p99Ms },
    { name: 'p99 at most, with 99 % confidence', ms: latency.p99UpperMs ?? null },
    { name: 'fastest sample', ms: sorted[0]! },
    { name: 'slowest sample', ms: sorted.at(-1)! },
    { name: 'first prediction', ms: latency.firstMs },
    { name: 'loading the model', ms: latency.loadMs },
    { name: 'warm-up', ms: latency.warmupMs },
  ]
  return (
    <Figure
      title="How long will the next prediction take?"
      says={`17 of 20 predictions finish within ${time(within)}. A percentile takes as many samples as 99 % confidence needs.`}
      rows={rows}
      columns={[
        { head: 'what', show: ({ name }) => name },
        { head: 'time', show: ({ ms }) => (ms === null ? 'too few samples' : time(ms)), value: ({ ms }) => ms, isNumber: true },
      ]}
      note={`Each dot is one of ${DOTS} equally likely predictions. The first prediction takes ${time(latency.firstMs)}, loading ${time(latency.loadMs)}: both come before these.`}
    >
      <Chart
        height={150}
        label={`Quantiles: median ${time(latency.p50Ms)}, p90 ${known(latency.p90Ms, time)}, slowest of 20 ${time(dots.at(-1)!)}`}
      >
        {(width, height) => <Dots dots={dots} p50Ms={latency.p50Ms} p90Ms={latency.p90Ms} width={width} height={height} />}
      </Chart>
    </Figure>
  )
}

function Dots({
  dots,
  p50Ms,
  p90Ms,
  width,
  height,
}: {
  dots: readonly number[]
  p50Ms: number
  p90Ms: number | null
  width: number
  height: number
}) {
  const [low, high] = [Math.min(p50Ms, dots[0]!), Math.max(p50Ms, p90Ms ?? 0, dots.at(-1)!)]
  const range: [number, number] = [MARGIN.left, width - MARGIN.right]
  const pad = (high - low) * 0.05 || low * 0.05
  const x =
    high > LOG_FROM * p50Ms ? scaleLog([low * 0.9, high * 1.1], range) : scaleLinear([Math.max(0, low - pad), high + pad], range)
  const r = Math.min(7, Math.max(3.5, (range[1] - range[0]) / 110))
  const base = height - MARGIN.bottom
  const stacked: { x: number; level: number }[] = []
  for (const ms of dots) {
    const at = x(ms)
    const level = stacked
      .filter((other) => Math.abs(other.x - at) < 2 * r)
      .reduce((most, other) => Math.max(most, other.level + 1), 0)
    stacked.push({ x: at, level })
  }
  const tallest = Math.max(...stacked.map(({ level }) => level)) + 1
  const rise = Math.min(2 * r, (base - MARGIN.top - 20) / tallest)
  const isNear = p90Ms !== null && x(p90Ms) - x(p50Ms) < NAME_PX
  return (
    <>
      <AxisBelow scale={x} say={time} from={range[0]} to={range[1]} y={base} />
      {[
        { at: p50Ms, name: 'p50' },
        { at: p90Ms, name: 'p90' },
      ].map(({ at, name }) =>
        at === null ? null : (
          <g key={name}>
            <line class="median" x1={x(at)} x2={x(at)} y1={MARGIN.top} y2={base} />
            <text x={x(at) + 4} y={MARGIN.top + (name === 'p90' && isNear ? 24 : 10)}>
              {name}
            </text>
          </g>
        ),
      )}
      {stacked.map(({ x: at, level }, index) => (
        <circle key={index} class="quantile" cx={at} cy={base - r - 1 - level * rise} r={r - 0.5} />
      ))}
    </>
  )
}
