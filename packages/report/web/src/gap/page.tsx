// The page of the ladder from an application to a benchmark: which difference between them matters, rung by rung.
import { gapLeftOut, gapOutcome } from '@whyslow/report/text/gap/gap-answer.ts'
import { AnswerPage } from '../answer-page.tsx'
import { factor, factorRange, percent, plural, time } from '../format.ts'
import { NextCommand } from '../kit/copy.tsx'
import { Facts, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Sentence } from '../kit/name.tsx'
import type { Gap } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { RatioRows } from '../pictures/ratio-rows.tsx'

type Rung = Gap['rungs'][number]

const PARTS: readonly PartOf<Gap>[] = [
  { id: 'rungs', title: 'Rung by rung', draw: (gap) => <Rungs gap={gap} />, when: ({ rungs }) => rungs.length > 1 },
  { id: 'setup', title: 'Measured with', draw: (gap) => <MeasuredWith gap={gap} /> },
]

export function GapPage({ gap, original }: { gap: Gap; original: object }) {
  return (
    <AnswerPage
      of={gap.file}
      facts={['from the application to a benchmark', gap.runtime]}
      answer={gap.answer}
      parts={partsOf(PARTS, gap)}
      exported={['Gap document (JSON)', 'gap.json', original]}
      beside={<NumberCard gap={gap} />}
    >
      <Ladder rungs={gap.rungs} />
      <NextCommand lead="Which lines of it take the time:" command={['pipeline', gap.file, '--html', 'pipeline.html']} />
    </AnswerPage>
  )
}

function NumberCard({ gap: { rungs, processes } }: { gap: Gap }) {
  const [first, last] = [rungs[0], rungs.at(-1)]
  const as = last?.id === 'model-alone' ? 'by the model alone' : 'as a benchmark makes it'
  return (
    <section class="card number-card" aria-label="The gap">
      <p class="label">A call, as the application makes it</p>
      <p class={first === undefined ? 'hero soft' : 'hero'}>{first === undefined ? 'not known' : time(first.timeMs)}</p>
      {last !== undefined && last !== first && (
        <p>
          {time(last.timeMs)} {as}
        </p>
      )}
      <p class="soft">over {plural(processes, 'fresh process', 'fresh processes')}, there and back again in each</p>
    </section>
  )
}

/** What a call takes on each rung. */
function Ladder({ rungs }: { rungs: readonly Rung[] }) {
  const most = Math.max(0, ...rungs.map(({ timeMs }) => timeMs))
  return (
    <ol class="ranked ladder">
      {rungs.map(({ id, title, timeMs, matters }) => (
        <li key={id}>
          <span>
            <Sentence text={title} /> {matters && <span class="tag measured">matters</span>}
          </span>
          <span class="meter" aria-hidden="true">
            <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (timeMs / most) * 100 : 0}%` }} />
          </span>
          <b>{time(timeMs)}</b>
        </li>
      ))}
    </ol>
  )
}

/** An amount that is no larger than the noise is none. */
function noteOf(step: Rung): string {
  if (!step.matters || step.savedMs === null) return gapOutcome(step)
  return step.savedMs < 0 ? `takes ${time(-step.savedMs)} more without it` : `costs ${time(step.savedMs)}`
}

function Rungs({ gap: { rungs } }: { gap: Gap }) {
  const steps = rungs.filter(({ ratio }) => ratio !== null)
  const first = rungs[0]!.timeMs
  const differences = steps.filter(({ id }) => id !== 'app-again' && id !== 'model-alone')
  const matter = differences.filter(({ matters }) => matters).length
  return (
    <Figure
      title="Which difference between the application and a benchmark matters?"
      says={
        matter === 0
          ? 'None by itself: no interval lies beyond 1× and beyond what the rung that changes nothing shows.'
          : `${plural(matter, 'difference')} of ${differences.length}: the interval lies beyond 1×, and beyond what the rung that changes nothing shows.`
      }
      rows={rungs}
      columns={[
        { head: 'what is timed', show: ({ title }) => <Sentence text={title} />, value: ({ title }) => title },
        { head: 'a call', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
        { head: 'of all', show: ({ timeMs }) => (first > 0 ? percent(timeMs / first) : 'not known'), isNumber: true },
        {
          head: 'saved',
          show: ({ savedMs }) => (savedMs === null ? '' : time(savedMs)),
          value: ({ savedMs }) => savedMs,
          isNumber: true,
        },
        {
          head: 'interval of the ratio',
          show: ({ ratioLow, ratioHigh }) => (ratioLow === null || ratioHigh === null ? '' : factorRange(ratioLow, ratioHigh)),
          isNumber: true,
        },
        { head: '', show: gapOutcome },
      ]}
      note={`The time of the rung above over that of this one, with its 95 % interval over processes. Savings are medians of differences, so they need not add up. A removed difference stays removed on the rungs below.${
        steps[0]?.ratio == null
          ? ''
          : ` The first row, ${factor(steps[0].ratio)}, changes nothing: it shows how far apart two equal runs are.`
      }`}
    >
      <RatioRows
        rows={steps.map((step) => ({
          name: step.title,
          note: noteOf(step),
          ratio: step.ratio!,
          low: step.ratioLow,
          high: step.ratioHigh,
          outcome: !step.matters ? 'same' : step.ratio! > 1 ? 'better' : 'worse',
        }))}
        label="What each difference gives, as a ratio with its interval"
        left="takes longer without it"
        right="faster without it"
      />
    </Figure>
  )
}

function MeasuredWith({ gap }: { gap: Gap }) {
  const { warnings, file, language, runtime, processes, tool } = gap
  const left = gapLeftOut(gap)
  return (
    <div class="measured-with">
      <Warnings warnings={warnings} />
      <Facts
        title="The application"
        facts={[
          ['file', file],
          ['language', language],
          ['runtime', runtime],
          ['fresh processes', String(processes)],
          ['whyslow', tool.version],
        ]}
      />
      {left.length > 0 && <Facts title="Rungs that were not climbed" facts={left.map(({ name, reason }) => [name, reason])} />}
    </div>
  )
}
