// Findings as cards, largest saving first: why, the evidence, what it would save and whether that was measured, the command to copy.

import { byReason, isToFix } from '@whyslow/report/text/findings/findings-text.ts'
import { areaTitle } from '../areas.ts'
import { bytes, count, percent, perSecond, plural, significant, time } from '../format.ts'
import { Command, NextCommand, nextWords, quoteWords } from '../kit/copy.tsx'
import { nodeTitle, Sentence } from '../kit/name.tsx'
import type { Finding, Report } from '../page-data.ts'
import { Places, Replacement } from '../pipeline/places.tsx'
import { placeWith } from '../place.ts'
import { isSlowed, wholeMs, wholeOf } from '../whole.ts'
import { Advice } from './advice.tsx'

/** More stand folded: they compete with each other. */
const MOST_OPEN = 5
const MOST_NODES = 6

export function Findings({ report }: { report: Report }) {
  const saving = report.findings.filter(isToFix)
  const others = report.findings.filter((one) => !isToFix(one))
  return (
    <section class="findings" aria-labelledby="findings">
      <h2 id="findings">{saving.length > 0 ? 'Why it is slow, and what to do' : 'What was found'}</h2>
      {saving.length === 0 && <Nothing report={report} />}
      <ol class="cards">
        {saving.slice(0, MOST_OPEN).map((finding, index) => (
          <Card key={index} finding={finding} report={report} rank={index + 1} />
        ))}
      </ol>
      {saving.length > MOST_OPEN && (
        <details class="more">
          <summary>{plural(saving.length - MOST_OPEN, 'more finding')} with smaller savings</summary>
          <ol class="cards" start={MOST_OPEN + 1}>
            {saving.slice(MOST_OPEN).map((finding, index) => (
              <Card key={index} finding={finding} report={report} rank={MOST_OPEN + index + 1} />
            ))}
          </ol>
        </details>
      )}
      {others.length > 0 && (
        <>
          <h3>Worth knowing</h3>
          <ul class="cards">
            {others.map((finding, index) => (
              <Card key={index} finding={finding} report={report} rank={null} />
            ))}
          </ul>
        </>
      )}
      {report.pipeline && (
        <NextCommand
          lead="Once it is changed, in a copy: both in turns, whether they give the same and which is faster."
          command={['ab', ...bothOf(report.pipeline)]}
        />
      )}
      <ClearRules report={report} />
    </section>
  )
}

/** 'app.mjs' -> 'app-changed.mjs' */
const changedName = (file: string): string => file.replace(/(\.\w+)?$/, (ending) => `-changed${ending}`)

function bothOf({ file, call }: NonNullable<Report['pipeline']>): readonly string[] {
  return [file, changedName(file)].map((one) => (call === null ? one : `${one}:${call}`))
}

function Nothing({ report }: { report: Report }) {
  if (report.clear.length > 0) return <p>Nothing to fix was found: every check below is fine.</p>
  return <p>No check could be made; the reasons stand below.</p>
}

function Card({ finding, report, rank }: { finding: Finding; report: Report; rank: number | null }) {
  const { rule, title, detail, area, next } = finding
  return (
    <li class={`finding edge-${area}`}>
      <div class="finding-text">
        <h3>
          {rank !== null && <span class="rank">{rank}</span>}
          <Sentence text={title} />
        </h3>
        <p class="detail">
          <Sentence text={detail} />
        </p>
        <Places finding={finding} sources={report.pipeline?.sources} />
        {finding.replacement && <Replacement replacement={finding.replacement} />}
        {next !== null && <Command text={`npx whyslow ${quoteWords(nextWords(finding))}`} />}
        <Advice rule={rule} isOpen={next === null && rank !== null} />
        <Evidence finding={finding} report={report} />
      </div>
      <div class="finding-side">
        {isToFix(finding) && <Saving finding={finding} report={report} />}
        <p class="soft">
          <span class={`swatch fill-${area}`} aria-hidden="true" /> {areaTitle(area)}
          <br />
          <code>{rule}</code>
        </p>
      </div>
    </li>
  )
}

function Saving({ finding: { timeMs, wouldSaveMs, savingUnknown, basis }, report }: { finding: Finding; report: Report }) {
  const whole = wholeMs(report)
  const ms = wouldSaveMs ?? timeMs
  const share = whole === null || whole <= 0 ? null : ms / whole
  const unknown = wouldSaveMs === null && <p class="soft">saving unknown{savingUnknown !== undefined && `: ${savingUnknown}`}</p>
  // What it takes is unknown, too.
  if (ms === 0) return <div class="saving">{unknown}</div>
  return (
    <div class="saving">
      <p class="label">{wouldSaveMs === null ? 'takes' : basis === 'modelled' ? 'would save up to' : 'would save'}</p>
      <p class="saving-number">{share !== null && isSlowed(report) ? percent(share) : time(ms)}</p>
      {share !== null && (
        <>
          <span class="meter" role="img" aria-label={`${percent(share)} of ${wholeOf(report)}`}>
            <span class={`meter-fill ${basis}`} style={{ width: `${Math.min(1, share) * 100}%` }} />
          </span>
          <p>
            {isSlowed(report) ? `of ${wholeOf(report)}` : `${percent(share)} of it`} <span class={`tag ${basis}`}>{basis}</span>
          </p>
        </>
      )}
      {share === null && <span class={`tag ${basis}`}>{basis}</span>}
      {unknown}
    </div>
  )
}

function Evidence({ finding: { facts, nodes, rule }, report }: { finding: Finding; report: Report }) {
  if (facts.length + nodes.length === 0) return null
  const byName = new Map(report.nodes.map((node) => [node.name, node]))
  const shown = nodes.slice(0, MOST_NODES)
  return (
    <details class="evidence">
      <summary>The evidence</summary>
      <FactList facts={facts} />
      {nodes.length > 0 && (
        <p>
          {plural(nodes.length, 'operator')}:{' '}
          {shown.map((name, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <bdi class="name">{nodeTitle(byName.get(name) ?? { name, origin: [] }, 60)}</bdi>
            </span>
          ))}
          {nodes.length > shown.length && ` and ${nodes.length - shown.length} more`}.{' '}
          <a href={placeWith({ at: 'operators', q: `cause:${rule}` })}>Show them in the table</a>
        </p>
      )}
    </details>
  )
}

/** The numbers of a finding's sentence. */
export function FactList({ facts }: Pick<Finding, 'facts'>) {
  if (facts.length === 0) return null
  return (
    <dl class="facts">
      {facts.map(({ name, value, unit }, index) => (
        <div key={index}>
          <dt>
            <Sentence text={name} />
          </dt>
          <dd>{worded(value, unit)}</dd>
        </div>
      ))}
    </dl>
  )
}

function worded(value: number, unit: string): string {
  if (unit === 'ms') return time(value)
  if (unit === 'ns') return time(value / 1e6)
  if (unit === 'bytes') return bytes(value)
  if (unit === 'share') return percent(value)
  if (unit === 'requests/s') return `${perSecond(value)} requests/s`
  if (unit === 'ratio') return `${significant(value)}×`
  return `${count(value)} ${unit}`
}

type Checked = Pick<Report, 'clear' | 'notChecked' | 'doesNotApply'>

/** What is fine, what has nothing to be about, and what could not be checked: folded. */
export function ClearRules({ report: { clear, notChecked, doesNotApply = [] } }: { report: Checked }) {
  return (
    <div class="fine">
      {clear.length > 0 && (
        <details>
          <summary>
            <span class="tick" aria-hidden="true">
              ✓
            </span>{' '}
            {plural(clear.length, 'check')} found nothing wrong
          </summary>
          <Rules ids={clear} />
        </details>
      )}
      {notChecked.length > 0 && (
        <details>
          <summary>{plural(notChecked.length, 'check')} could not be made</summary>
          <dl class="reasons">
            {[...byReason({ notChecked })].map(([reason, rules]) => (
              <div key={reason}>
                <dt>
                  <Sentence text={reason} />
                </dt>
                <dd>
                  <Rules ids={rules} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {doesNotApply.length > 0 && (
        <details>
          <summary>{plural(doesNotApply.length, 'check')} that do not apply</summary>
          <Rules ids={doesNotApply} />
        </details>
      )}
    </div>
  )
}

function Rules({ ids }: { ids: readonly string[] }) {
  return (
    <ul class="rules">
      {ids.map((id) => (
        <li key={id}>
          <code>{id}</code>
        </li>
      ))}
    </ul>
  )
}
