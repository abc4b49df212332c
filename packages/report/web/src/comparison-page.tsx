// The page of a comparison: who is fastest and by how much, what each costs in the other ways, and the report of each.

import { csv } from '@whyslow/report/text/csv.ts'
import { useState } from 'preact/hooks'
import { ExportMenu } from './export-menu.tsx'
import { documentExport } from './exports.ts'
import { bytes, count, factorRange, known, plural, time, timeWithInterval } from './format.ts'
import { Frame } from './frame.tsx'
import { Boundary } from './kit/boundary.tsx'
import { Figure } from './kit/figure.tsx'
import { Name, Sentence, shownName } from './kit/name.tsx'
import { RankingTable } from './kit/ranking-table.tsx'
import type { Comparison } from './page-data.ts'
import { BatchCurves } from './pictures/batch-curves.tsx'
import { Pareto } from './pictures/pareto.tsx'
import { RatioRows } from './pictures/ratio-rows.tsx'
import { agreementSaid } from './pictures/trials.tsx'
import { ReportParts } from './report-page.tsx'

type Contestant = Comparison['contestants'][number]

export function ComparisonPage({ comparison, original }: { comparison: Comparison; original: object }) {
  const { contestants, reports } = comparison
  const [file] = contestants
  const sections = [
    { id: 'answer', title: 'The answer' },
    { id: 'ratios', title: 'How much faster' },
    { id: 'choice', title: 'Speed and what else' },
    ...(contestants.some(({ batches }) => batches.length > 1) ? [{ id: 'batches', title: 'Batches' }] : []),
    ...(reports.length > 0 ? [{ id: 'each', title: 'Each report' }] : []),
  ]
  return (
    <Frame
      of={comparison.of === 'engines' ? (file?.file ?? 'a model') : plural(contestants.length, 'model')}
      facts={[`compared: ${comparison.of}`, ...(reports[0] ? [reports[0].machine.cpu] : [])]}
      sections={sections}
      actions={<ExportMenu items={exportsOf(comparison, original)} />}
    >
      <section id="answer" class="first" aria-label="The answer">
        <h1 class="sentence">
          <Sentence text={comparison.answer} />
        </h1>
        <Ranking comparison={comparison} />
        {comparison.sentences.length > 0 && (
          <ul class="sentences">
            {comparison.sentences.map((sentence) => (
              <li key={sentence}>
                <Sentence text={sentence} />
              </li>
            ))}
          </ul>
        )}
        <NotHere comparison={comparison} />
      </section>
      <section id="ratios" class="part" aria-labelledby="ratios-title">
        <h2 id="ratios-title">How much faster</h2>
        <Boundary>
          <Ratios comparison={comparison} />
        </Boundary>
      </section>
      <section id="choice" class="part" aria-labelledby="choice-title">
        <h2 id="choice-title">Speed and what else</h2>
        <Boundary>
          <Pareto comparison={comparison} />
        </Boundary>
      </section>
      {contestants.some(({ batches }) => batches.length > 1) && (
        <section id="batches" class="part" aria-labelledby="batches-title">
          <h2 id="batches-title">Batches</h2>
          <Boundary>
            <BatchCurves comparison={comparison} />
          </Boundary>
        </section>
      )}
      {reports.length > 0 && <Each comparison={comparison} />}
    </Frame>
  )
}

const OUTCOMES: Readonly<Record<string, string>> = {
  failed: 'failed',
  'timed-out': 'took too long',
  crashed: 'crashed',
  'not-here': 'is not here',
}

/** Those with a place, fastest first, then the others with their reasons. */
function ranked({ contestants, ranking }: Comparison): { contestant: Contestant; place: number | null }[] {
  const placeOf = new Map(ranking.map(({ id, place }) => [id, place]))
  return contestants
    .map((contestant) => ({ contestant, place: placeOf.get(contestant.id) ?? null }))
    .sort(
      (a, b) =>
        (a.place ?? Infinity) - (b.place ?? Infinity) || (a.contestant.p50Ms ?? Infinity) - (b.contestant.p50Ms ?? Infinity),
    )
}

function Ranking({ comparison }: { comparison: Comparison }) {
  const rows = ranked(comparison)
  const slowest = Math.max(...rows.map(({ contestant: { p50Ms } }) => p50Ms ?? 0))
  const compared = comparison.of === 'engines' ? 'engine' : 'model'
  const heads = ['place', compared, 'latency', 'vs. the slowest', 'to the first result', 'size', 'outputs', 'runs on']
  return (
    <RankingTable label="Ranking" heads={heads}>
      {rows.map(({ contestant, place }) => (
        <RankingRow
          key={contestant.id}
          contestant={contestant}
          place={place}
          slowest={slowest}
          reference={comparison.reference}
        />
      ))}
    </RankingTable>
  )
}

function RankingRow({
  contestant,
  place,
  slowest,
  reference,
}: {
  contestant: Contestant
  place: number | null
  slowest: number
  reference: string
}) {
  const { id, outcome, p50Ms, ciLowMs, ciHighMs, startMs, sizeBytes, device, agreement, reason, fix, software } = contestant
  if (p50Ms === null) {
    return (
      <tr>
        <td />
        <th scope="row">
          <Name text={id} most={80} />
        </th>
        <td colSpan={6}>
          <b>{OUTCOMES[outcome] ?? outcome}</b>
          {reason !== null && (
            <>
              : <Sentence text={reason} />
            </>
          )}
          {fix !== null && (
            <>
              ; <Sentence text={fix} />
            </>
          )}
        </td>
      </tr>
    )
  }
  const interval = ciLowMs === null || ciHighMs === null ? time(p50Ms) : timeWithInterval(p50Ms, ciLowMs, ciHighMs)
  return (
    <tr>
      <td class="place">{place ?? ''}</td>
      <th scope="row">
        <Name text={id} most={80} />
        {id === reference && <span class="tag">reference</span>}
      </th>
      <td class="nowrap">{interval}</td>
      <td class="bar-cell">
        <span class="rank-bar" style={{ width: `${(p50Ms / slowest) * 100}%` }} aria-hidden="true" />
      </td>
      <td class="nowrap">{known(startMs, time)}</td>
      <td class="nowrap">{bytes(sizeBytes)}</td>
      <td>
        {id === reference ? (
          'the reference'
        ) : agreement === null ? (
          <Sentence text={contestant.agreementReason ?? 'not compared'} />
        ) : (
          agreementSaid(agreement)
        )}
      </td>
      <td>
        <Name text={device ?? 'not known'} most={60} />
        {software && ' (drawn by the CPU)'}
      </td>
    </tr>
  )
}

function NotHere({ comparison: { notHere } }: { comparison: Comparison }) {
  if (notHere.length === 0) return null
  return (
    <details>
      <summary>{plural(notHere.length, 'engine')} not here, and how to get them</summary>
      <ul class="sentences">
        {notHere.map(({ id, reason, fix }) => (
          <li key={id}>
            <Name text={id} />: <Sentence text={`${reason}; ${fix}`} />
          </li>
        ))}
      </ul>
    </details>
  )
}

function Ratios({ comparison }: { comparison: Comparison }) {
  const { pairs, batch } = comparison
  const own = pairs.filter((pair) => pair.batch === batch)
  if (own.length === 0) return <p class="soft">No two of them were measured in turns.</p>
  return (
    <Figure
      title="By how much is one faster than another?"
      says={own
        .map(
          ({ a, b, order, ratioLow, ratioHigh }) =>
            `${shownName(b, 40)} ${order === 'no-difference' ? 'is not detectably different from' : `takes ${factorRange(ratioLow, ratioHigh)} the time of`} ${shownName(a, 40)}`,
        )
        .slice(0, 3)
        .join('; ')}
      rows={pairs}
      columns={[
        { head: 'a', show: ({ a }) => <Name text={a} />, value: ({ a }) => a },
        { head: 'b', show: ({ b }) => <Name text={b} />, value: ({ b }) => b },
        { head: 'batch', show: (pair) => count(pair.batch), value: (pair) => pair.batch, isNumber: true },
        {
          head: 'time of b over that of a',
          show: ({ ratioLow, ratioHigh }) => factorRange(ratioLow, ratioHigh),
          value: ({ ratio }) => ratio,
          isNumber: true,
        },
        { head: 'rounds', show: ({ rounds }) => rounds, isNumber: true },
        { head: 'a is', show: ({ order }) => (order === 'no-difference' ? 'no difference' : order) },
      ]}
      note="Ratios are taken round by round, in fresh processes in turns; if the interval includes 1×, no difference is detectable."
    >
      <RatioRows
        rows={own.map(({ a, b, ratio, ratioLow, ratioHigh, order }) => ({
          name: `${shownName(b, 60)} over ${shownName(a, 60)}`,
          ratio,
          low: ratioLow,
          high: ratioHigh,
          outcome: order === 'no-difference' ? 'same' : order === 'faster' ? 'worse' : 'better',
        }))}
        label="Ratios of times, round by round"
        left="the first is faster"
        right="the first is slower"
      />
    </Figure>
  )
}

function Each({ comparison: { contestants, reports } }: { comparison: Comparison }) {
  const [at, choose] = useState(0)
  const report = reports[at]
  const named = contestants.flatMap(({ id, report: place }) => (place === null ? [] : [{ id, place }]))
  return (
    <section id="each" class="part" aria-labelledby="each-title">
      <h2 id="each-title">Each report</h2>
      <label class="chooser">
        The report of{' '}
        <select value={at} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {named.map(({ id, place }) => (
            <option key={id} value={place}>
              {shownName(id, 80)}
            </option>
          ))}
        </select>
      </label>
      {report !== undefined && <ReportParts key={at} report={report} />}
    </section>
  )
}

function exportsOf(comparison: Comparison, original: object) {
  return [
    documentExport('Comparison document (JSON)', 'comparison.json', original),
    {
      title: 'Ranking (CSV)',
      tip: 'one line each',
      file: 'comparison.csv',
      type: 'text/csv',
      text: () =>
        csv(
          [
            'contestant',
            'outcome',
            'p50 ms',
            'low ms',
            'high ms',
            'to the first result ms',
            'size bytes',
            'device',
            'top-1',
            'reason',
          ],
          comparison.contestants.map((one) => [
            one.id,
            one.outcome,
            one.p50Ms,
            one.ciLowMs,
            one.ciHighMs,
            one.startMs,
            one.sizeBytes,
            one.device,
            one.agreement?.top1 ?? null,
            one.reason,
          ]),
        ),
    },
  ]
}
