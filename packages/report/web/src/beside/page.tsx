// Two reports side by side: what changed, how sure that is, and operator by operator.
import { useMemo, useState } from 'preact/hooks'
import { AREAS } from '../areas.ts'
import { AreaBar } from '../first/area-bar.tsx'
import { factorRange, plural, time, timeWithInterval } from '../format.ts'
import { Frame } from '../frame.tsx'
import { Boundary } from '../kit/boundary.tsx'
import { NextCommand } from '../kit/copy.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence, shownName } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import { StageBar } from '../pipeline/stage-bar.tsx'
import { ReportParts } from '../report-page.tsx'
import { conditions, latencyChange, pairsOf } from './compare.ts'
import { Conditions } from './conditions.tsx'
import { PairedLines, PairedStages } from './pipeline.tsx'
import { Slopes } from './slopes.tsx'

interface Props {
  readonly before: Report
  readonly after: Report
  readonly names: readonly string[]
}

const isCode = ({ pipeline }: Report): boolean => pipeline != null

const sectionsOf = (code: boolean) => [
  { id: 'answer', title: 'What changed' },
  ...(code
    ? [
        { id: 'stages-beside', title: 'Stages, before and after' },
        { id: 'lines-beside', title: 'Lines, before and after' },
      ]
    : []),
  { id: 'operators-beside', title: code ? 'Operators, before and after' : 'Operator by operator' },
  { id: 'findings-beside', title: 'Findings' },
  { id: 'conditions', title: 'Measured how' },
  { id: 'each', title: 'Each report' },
]

export function BesidePage({ before, after, names }: Props) {
  const titles = [names[0] ?? 'before', names[1] ?? 'after'] as const
  const code = isCode(before) && isCode(after)
  return (
    <Frame of={`${titles[0]} → ${titles[1]}`} facts={[]} sections={sectionsOf(code)}>
      <section id="answer" class="first" aria-label="What changed">
        <h1 class="sentence">{sentence(before, after)}</h1>
        <div class="figures two side-by-side">
          {([before, after] as const).map((report, index) => (
            <div class="card" key={titles[index]}>
              <p class="label">
                {index === 0 ? 'before: ' : 'after: '}
                <Name text={titles[index]!} most={60} />
              </p>
              <p class="hero-line">
                {report.latency === null
                  ? 'not known'
                  : timeWithInterval(report.latency.p50Ms, report.latency.ciLowMs, report.latency.ciHighMs)}
              </p>
              {isCode(report) ? <StageBar stages={report.stages ?? []} /> : <AreaBar areas={report.areas} />}
            </div>
          ))}
        </div>
        {!code && <AreaChanges before={before} after={after} />}
        <InTurns before={before} after={after} />
      </section>
      {code && <PairedStages before={before} after={after} titles={titles} />}
      {code && <PairedLines before={before} after={after} titles={titles} />}
      <section id="operators-beside" class="part" aria-labelledby="operators-beside-title">
        <h2 id="operators-beside-title">{code ? 'Operators, before and after' : 'Operator by operator'}</h2>
        <Boundary>
          <Operators before={before} after={after} titles={titles} />
        </Boundary>
      </section>
      <section id="findings-beside" class="part" aria-labelledby="findings-beside-title">
        <h2 id="findings-beside-title">Findings</h2>
        <FindingsBeside before={before} after={after} />
      </section>
      <section id="conditions" class="part" aria-labelledby="conditions-title">
        <h2 id="conditions-title">Measured how</h2>
        <Conditions rows={conditions(before, after)} />
      </section>
      <Each reports={[before, after]} titles={titles} />
    </Frame>
  )
}

function sentence(before: Report, after: Report): string {
  const change = latencyChange(before, after)
  if (change === null) return 'At least one of the two has no latency: only operators can be compared.'
  const times = `${time(before.latency!.p50Ms)} → ${time(after.latency!.p50Ms)}`
  if (change.order === 'no-difference') return `No difference is shown: ${times}, and the intervals overlap.`
  const range = change.order === 'faster' ? factorRange(1 / change.high, 1 / change.low) : factorRange(change.low, change.high)
  return `${times}: ${range} ${change.order === 'faster' ? 'as fast' : 'the time'}, as far as two runs, one after the other, can show.`
}

function AreaChanges({ before, after }: { before: Report; after: Report }) {
  const rows = AREAS.map(({ key, title }) => ({ title, before: before.areas[key].timeMs, after: after.areas[key].timeMs }))
  const most = [...rows].sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))[0]!
  return (
    <p class="says-line">
      The largest change is in {most.title}: {time(most.before)} → {time(most.after)}.
    </p>
  )
}

/** Two runs one after the other met the machine in two states: what takes turns is distinguished by less. */
function InTurns({ before, after }: { before: Report; after: Report }) {
  const lead = 'Told apart by less, since both take turns:'
  if (before.pipeline && after.pipeline)
    return before.pipeline.file === after.pipeline.file ? null : (
      <NextCommand lead={lead} command={['ab', before.pipeline.file, after.pipeline.file]} />
    )
  const [a, b] = [before.model?.file, after.model?.file]
  if (a === undefined || b === undefined || a === b) return null
  return <NextCommand lead={lead} command={['check', b, '--baseline', a]} />
}

function Operators({ before, after, titles }: { before: Report; after: Report; titles: readonly [string, string] }) {
  const pairs = useMemo(() => pairsOf(before.nodes, after.nodes), [before, after])
  if (pairs.length === 0) return <p class="soft">Neither of them has operators.</p>
  const both = pairs.filter(({ beforeMs, afterMs }) => beforeMs !== null && afterMs !== null)
  const [gone, come] = [pairs.filter(({ afterMs }) => afterMs === null), pairs.filter(({ beforeMs }) => beforeMs === null)]
  return (
    <Figure
      title="Which operators changed most?"
      says={`${plural(both.length, 'operator')} in both, ${gone.length} only in the first, ${come.length} only in the second. An operator's time comes from one profile: it has no interval, so a small change may be noise.`}
      rows={pairs}
      tableTitle="Every operator, largest change first"
      columns={[
        { head: 'operator', show: ({ name }) => <Name text={name} most={80} />, value: ({ name }) => name },
        { head: 'type', show: ({ opType }) => <Name text={opType} most={50} />, value: ({ opType }) => opType },
        {
          head: 'before',
          show: ({ beforeMs }) => (beforeMs === null ? 'not there' : time(beforeMs)),
          value: ({ beforeMs }) => beforeMs,
          isNumber: true,
        },
        {
          head: 'after',
          show: ({ afterMs }) => (afterMs === null ? 'not there' : time(afterMs)),
          value: ({ afterMs }) => afterMs,
          isNumber: true,
        },
        {
          head: 'change',
          show: ({ changeMs }) => `${changeMs > 0 ? '+' : ''}${time(changeMs)}`,
          value: ({ changeMs }) => changeMs,
          isNumber: true,
        },
      ]}
    >
      <Slopes pairs={pairs} titles={titles} />
    </Figure>
  )
}

function FindingsBeside({ before, after }: { before: Report; after: Report }) {
  const inBefore = new Map(before.findings.map((one) => [one.rule, one]))
  const inAfter = new Map(after.findings.map((one) => [one.rule, one]))
  const rules = [...new Set([...inBefore.keys(), ...inAfter.keys()])]
  if (rules.length === 0) return <p class="soft">Neither of them has findings.</p>
  return (
    <ul class="cards">
      {rules.map((rule) => {
        const [a, b] = [inBefore.get(rule), inAfter.get(rule)]
        const state = a === undefined ? 'new' : b === undefined ? 'gone' : 'in both'
        const say = (one: typeof a) =>
          one === undefined
            ? 'none'
            : one.wouldSaveMs === null
              ? 'saving unknown'
              : one.wouldSaveMs > 0
                ? `${time(one.wouldSaveMs)} (${one.basis})`
                : 'no saving'
        return (
          <li key={rule} class={`finding edge-${(b ?? a)!.area}`}>
            <div>
              <h3>
                <Sentence text={(b ?? a)!.title} /> <span class="tag">{state}</span>
              </h3>
              <p class="soft">
                would save: {say(a)} → {say(b)}
              </p>
            </div>
            <code>{rule}</code>
          </li>
        )
      })}
    </ul>
  )
}

function Each({ reports, titles }: { reports: readonly [Report, Report]; titles: readonly [string, string] }) {
  const [at, choose] = useState(1)
  return (
    <section id="each" class="part" aria-labelledby="each-title">
      <h2 id="each-title">Each report</h2>
      <label class="chooser">
        The report{' '}
        <select value={at} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {titles.map((title, index) => (
            <option key={`${index} ${title}`} value={index}>
              {`${index === 0 ? 'before' : 'after'}: ${shownName(title, 60)}`}
            </option>
          ))}
        </select>
      </label>
      <ReportParts key={at} report={reports[at]!} />
    </section>
  )
}
