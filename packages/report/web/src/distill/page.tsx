// The page of models that imitate one: what each gives up for its speed, which was chosen, and on which rows that was seen.
import { scaleLinear, scaleLog } from 'd3-scale'
import { AnswerPage } from '../answer-page.tsx'
import { bytes, factor, percent, plural, significant, time } from '../format.ts'
import { AxisBelow, AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { NextCommand } from '../kit/copy.tsx'
import { Facts, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence, shownName } from '../kit/name.tsx'
import { RankingTable } from '../kit/ranking-table.tsx'
import type { Distill } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'

type Student = Distill['students'][number]
/** A student, or the model itself. */
type Drawn = Pick<Student, 'says' | 'metric' | 'microseconds' | 'onFront' | 'chosen'> & { readonly isTeacher: boolean }

const PARTS: readonly PartOf<Distill>[] = [
  { id: 'trade', title: 'What is given up', draw: (one) => <Trade distill={one} />, when: ({ students }) => students.length > 0 },
  { id: 'setup', title: 'Learned from', draw: (one) => <LearnedFrom distill={one} /> },
]

const metricSaid = (value: number | null): string => (value === null || Number.isNaN(value) ? 'not known' : value.toFixed(4))
const rowTime = ({ microseconds }: { microseconds: number }): string => time(microseconds / 1000)

export function DistillPage({ distill, original }: { distill: Distill; original: object }) {
  const { model, out, students } = distill
  return (
    <AnswerPage
      of={model.file}
      facts={['simpler models that imitate it']}
      answer={distill.answer}
      parts={partsOf(PARTS, distill)}
      exported={['Distill document (JSON)', 'distill.json', original]}
      beside={<NumberCard distill={distill} />}
    >
      {out !== null && <NextCommand lead="How the folder answers under load:" command={['load', out, '--slo', 'p99<20ms']} />}
      {out === null && students.some(({ chosen }) => chosen) && (
        <p class="after-sentence">
          Nothing was written: the same command with <code class="word">-o small/</code> writes the one that is chosen.
        </p>
      )}
      <Students distill={distill} />
    </AnswerPage>
  )
}

function NumberCard({ distill: { students, teacher, metric } }: { distill: Distill }) {
  const chosen = students.find((one) => one.chosen)
  return (
    <section class="card number-card" aria-label="The one that is chosen">
      <p class="label">{chosen === undefined ? 'None is close enough to the model' : 'The one that is chosen is faster'}</p>
      <p class={chosen === undefined ? 'hero soft' : 'hero'}>{chosen === undefined ? 'none' : factor(chosen.speedup)}</p>
      <p>
        {chosen === undefined
          ? `The model takes ${rowTime(teacher)} a row.`
          : `${rowTime(chosen)} a row instead of ${rowTime(teacher)}`}
      </p>
      {chosen !== undefined && (
        <p class="soft">
          <Sentence text={metric.name} /> {metricSaid(chosen.metric)} instead of {metricSaid(teacher.metric)}
        </p>
      )}
    </section>
  )
}

const drawnOf = ({ teacher, students }: Distill): readonly Drawn[] => [
  { says: 'the model itself', ...teacher, onFront: false, chosen: false, isTeacher: true },
  ...students.map((one) => ({ ...one, isTeacher: false })),
]

function Students({ distill }: { distill: Distill }) {
  const all = drawnOf(distill)
  const most = Math.max(...all.map(({ microseconds }) => microseconds))
  const heads = ['', <Name text={distill.metric.name} most={30} />, 'a row', '', '']
  return (
    <RankingTable label="The model and those that imitate it" heads={heads}>
      {all.map((one, index) => (
        <tr key={index}>
          <th scope="row">
            <Sentence text={one.says} />
          </th>
          <td class="nowrap">{metricSaid(one.metric)}</td>
          <td class="nowrap">{rowTime(one)}</td>
          <td class="bar-cell">
            <span class="rank-bar" style={{ width: `${most > 0 ? (one.microseconds / most) * 100 : 0}%` }} aria-hidden="true" />
          </td>
          <td>{one.chosen ? <span class="tag measured">chosen</span> : one.onFront ? 'on the front' : ''}</td>
        </tr>
      ))}
    </RankingTable>
  )
}

function Trade({ distill }: { distill: Distill }) {
  const { students, metric, maxLoss } = distill
  const known = drawnOf(distill).filter((one) => one.metric !== null && Number.isFinite(one.metric) && one.microseconds > 0)
  const front = students.filter(({ onFront }) => onFront).length
  return (
    <Figure
      title={`Speed against ${shownName(metric.name, 40)}: which are worth choosing between?`}
      says={`${plural(front, 'student')} of ${students.length}: of these no other is both faster and better. A loss of ${significant(maxLoss)} was allowed.`}
      rows={students}
      columns={[
        { head: 'student', show: ({ says }) => <Sentence text={says} />, value: ({ says }) => says },
        { head: metric.name, show: (one) => metricSaid(one.metric), value: (one) => one.metric, isNumber: true },
        { head: 'loss', show: ({ loss }) => significant(loss), value: ({ loss }) => loss, isNumber: true },
        {
          head: 'loss where it was chosen',
          show: ({ lossToChoose, lossError }) => `${significant(lossToChoose)} ± ${significant(lossError)}`,
          value: ({ lossToChoose }) => lossToChoose,
          isNumber: true,
        },
        { head: 'a row', show: rowTime, value: ({ microseconds }) => microseconds / 1000, isNumber: true },
        { head: 'faster', show: ({ speedup }) => factor(speedup), value: ({ speedup }) => speedup, isNumber: true },
        { head: 'verdict', show: (one) => (one.chosen ? 'chosen' : one.onFront ? 'on the front' : '') },
      ]}
      note="Better is to the left and up. Figures are from rows that neither training nor the choice used; the choice counts one standard error of the loss."
    >
      {known.length < 2 ? (
        <p class="soft">Too few have a metric to be drawn.</p>
      ) : (
        <Chart
          height={300}
          label={`${shownName(metric.name, 40)} against time: ${known.map((one) => `${shownName(one.says, 40)} ${metricSaid(one.metric)} in ${rowTime(one)}`).join('; ')}`}
        >
          {(width, height) => <Plane drawn={known} title={metric.name} width={width} height={height} />}
        </Chart>
      )}
    </Figure>
  )
}

const MARGIN = { top: 30, right: 24, bottom: 40, left: 64 }

function Plane({ drawn, title, width, height }: { drawn: readonly Drawn[]; title: string; width: number; height: number }) {
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom]
  const times = drawn.map(({ microseconds }) => microseconds / 1000)
  const metrics = drawn.map(({ metric }) => metric)
  const [low, high] = [Math.min(...metrics), Math.max(...metrics)]
  const pad = (high - low) * 0.15 || Math.abs(high) * 0.05 || 1
  const x = scaleLog([Math.min(...times) * 0.8, Math.max(...times) * 1.25], [left, right])
  const y = scaleLinear([low - pad, high + pad], [bottom, MARGIN.top])
  const steps = drawn.filter(({ onFront }) => onFront).sort((a, b) => a.microseconds - b.microseconds)
  const path = steps
    .map(({ microseconds, metric }, index) => {
      const [px, py] = [x(microseconds / 1000), y(metric)]
      return index === 0 ? `M${px},${py}` : `H${px}V${py}`
    })
    .join('')
  return (
    <>
      <AxisBelow scale={x} say={time} from={left} to={right} y={bottom} top={MARGIN.top} title="a row (log)" />
      <AxisLeft
        scale={y}
        say={(value) => value.toFixed(3)}
        from={bottom}
        to={MARGIN.top}
        x={left}
        right={right}
        title={shownName(title, 30)}
      />
      {steps.length > 1 && <path class="front" d={path} />}
      {drawn.map((one, index) => {
        const [cx, cy] = [x(one.microseconds / 1000), y(one.metric)]
        const isLeft = cx > (left + right) / 2
        return (
          <g key={index} class={one.onFront || one.chosen ? 'ratio better' : 'ratio'}>
            <circle cx={cx} cy={cy} r={one.chosen ? 8 : 5} />
            {(one.chosen || one.isTeacher) && (
              <text x={isLeft ? cx - 12 : cx + 12} y={cy - 10} text-anchor={isLeft ? 'end' : 'start'}>
                {shownName(one.says, 30)}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}

function LearnedFrom({ distill: { rows, metric, model, maxLoss, out, warnings, tool } }: { distill: Distill }) {
  return (
    <div class="measured-with">
      <Warnings warnings={warnings} />
      <div class="figures two">
        <Facts
          title="Rows"
          facts={[
            ['to learn from', String(rows.learn)],
            ['made of those', String(rows.made)],
            ['to choose on', String(rows.choose)],
            ['to show on', String(rows.test)],
            [
              'metric',
              `${metric.name} ${metric.against === 'labels' ? 'against the labels' : 'against the model’s own predictions'}`,
            ],
            ['loss that is allowed', percent(maxLoss)],
          ]}
        />
        <Facts
          title="The model"
          facts={[
            ['file', model.file],
            ['format', model.format],
            ['size', bytes(model.sizeBytes)],
            ['sha256', model.sha256],
            ['written', out ?? 'nothing'],
            ['whyslow', tool.version],
          ]}
        />
      </div>
    </div>
  )
}
