// Latency against what is given up for it: the metric where labels were given, else the agreement, else the size. The front is a step: between
// two contestants there is nothing to be had.

import { listOf } from '@whyslow/report/text/foretold.ts'
import { scaleLinear, scaleLog } from 'd3-scale'
import { bytes, percent, significant, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { useReach } from '../kit/marks.tsx'
import { Name, shownName } from '../kit/name.tsx'
import type { Comparison } from '../page-data.ts'

type Contestant = Comparison['contestants'][number]

const MARGIN = { top: 30, right: 24, bottom: 40, left: 72 }
const LOG_SPAN = 6

interface Measure {
  readonly title: string
  readonly of: (contestant: Contestant) => number | null
  readonly say: (value: number) => string
  readonly isMoreBetter: boolean
}

const MEASURES: readonly Measure[] = [
  { title: 'the metric', of: ({ metric }) => metric?.value ?? null, say: (value) => significant(value), isMoreBetter: true },
  { title: 'same decisions as the reference', of: ({ agreement }) => agreement?.top1 ?? null, say: percent, isMoreBetter: true },
  { title: 'size on disk', of: ({ sizeBytes }) => sizeBytes, say: bytes, isMoreBetter: false },
  { title: 'time to the first result', of: ({ startMs }) => startMs, say: time, isMoreBetter: false },
]

/** The first that all have and that differs among them. */
function measureOf(contestants: readonly Contestant[]): Measure | undefined {
  return MEASURES.find(({ of }) => {
    const values = contestants.map(of)
    return values.every((value) => value !== null) && new Set(values).size > 1
  })
}

export function Pareto({ comparison }: { comparison: Comparison }) {
  const measured = comparison.contestants.filter(({ p50Ms }) => p50Ms !== null)
  const measure = measureOf(measured)
  const reach = useReach(measured.length)
  if (measure === undefined || measured.length < 2) return <p class="soft">They differ only in their time.</p>
  const { axes, front, dominated } = comparison.pareto
  const spoken = measured[reach.at]
  return (
    <Figure
      title={`Speed against ${measure.title}: which are worth choosing between?`}
      says={`By ${listOf(axes, 5)}, none is better in everything than ${listOf(
        front.map((id) => shownName(id, 40)),
        5,
      )}.`}
      rows={measured}
      columns={[
        { head: 'contestant', show: ({ id }) => <Name text={id} />, value: ({ id }) => id },
        { head: 'a prediction', show: ({ p50Ms }) => time(p50Ms!), value: ({ p50Ms }) => p50Ms, isNumber: true },
        { head: measure.title, show: (one) => measure.say(measure.of(one)!), value: measure.of, isNumber: true },
        { head: 'size', show: ({ sizeBytes }) => bytes(sizeBytes), value: ({ sizeBytes }) => sizeBytes, isNumber: true },
        { head: 'verdict', show: ({ id }) => (front.includes(id) ? 'worth choosing' : dominatedSaid(id, dominated)) },
      ]}
      note={`Better is to the left and ${measure.isMoreBetter ? 'up' : 'down'}. Lines are intervals. The dashed step joins those that are worth choosing between.`}
    >
      <Chart
        height={300}
        label={`Latency against ${measure.title}; arrow keys move between contestants`}
        role="group"
        {...reach.handlers}
      >
        {(width, height) => (
          <Plane measured={measured} front={front} measure={measure} width={width} height={height} reach={reach} />
        )}
      </Chart>
      <p class="spoken" aria-live="polite">
        {spoken === undefined ? (
          <span class="soft">Point at a mark, or reach it with the arrow keys.</span>
        ) : (
          <>
            <Name text={spoken.id} most={80} /> · {time(spoken.p50Ms!)} · {measure.say(measure.of(spoken)!)} ·{' '}
            {bytes(spoken.sizeBytes)}
          </>
        )}
      </p>
    </Figure>
  )
}

const dominatedSaid = (id: string, dominated: Comparison['pareto']['dominated']): string => {
  const by = dominated.find((one) => one.id === id)?.by
  return by === undefined ? '' : `${shownName(by, 40)} is as good or better in all`
}

interface PlaneProps {
  readonly measured: readonly Contestant[]
  readonly front: readonly string[]
  readonly measure: Measure
  readonly width: number
  readonly height: number
  readonly reach: ReturnType<typeof useReach>
}

function scaleOf(values: readonly number[], range: [number, number]) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (low > 0 && high / low >= LOG_SPAN) return scaleLog([low * 0.8, high * 1.25], range)
  const pad = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1
  return scaleLinear([low - pad, high + pad], range)
}

function Plane({ measured, front, measure, width, height, reach }: PlaneProps) {
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom]
  const x = scaleOf(
    measured.flatMap(({ p50Ms, ciLowMs, ciHighMs }) => [p50Ms!, ciLowMs ?? p50Ms!, ciHighMs ?? p50Ms!]),
    [left, right],
  )
  const y = scaleOf(
    measured.map((one) => measure.of(one)!),
    [bottom, MARGIN.top],
  )
  const steps = measured.filter(({ id }) => front.includes(id)).sort((a, b) => a.p50Ms! - b.p50Ms!)
  const path = steps
    .map((one, index) => (index === 0 ? `M${x(one.p50Ms!)},${y(measure.of(one)!)}` : `H${x(one.p50Ms!)}V${y(measure.of(one)!)}`))
    .join('')
  return (
    <>
      <AxisBelow scale={x} say={time} from={left} to={right} y={bottom} top={MARGIN.top} title="a prediction" />
      <AxisLeft scale={y} say={measure.say} from={bottom} to={MARGIN.top} x={left} right={right} title={measure.title} />
      {steps.length > 1 && <path class="front" d={path} />}
      {measured.map((one, index) => {
        const [cx, cy] = [x(one.p50Ms!), y(measure.of(one)!)]
        const isLeft = cx > (left + right) / 2
        return (
          <g
            key={one.id}
            class={front.includes(one.id) ? 'ratio better' : 'ratio'}
            {...reach.markProps(index, `${shownName(one.id, 60)}, ${time(one.p50Ms!)}, ${measure.say(measure.of(one)!)}`)}
          >
            {one.ciLowMs !== null && one.ciHighMs !== null && (
              <line class="ratio-range" x1={x(one.ciLowMs)} x2={x(one.ciHighMs)} y1={cy} y2={cy} />
            )}
            <circle cx={cx} cy={cy} r={index === reach.at ? 8 : 6} />
            <text x={isLeft ? cx - 10 : cx + 10} y={cy - 8} text-anchor={isLeft ? 'end' : 'start'} aria-hidden="true">
              {shownName(one.id.split(/[\\/]/).at(-1)!, 30)}
            </text>
          </g>
        )
      })}
    </>
  )
}
