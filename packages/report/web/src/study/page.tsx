// The page of a study: models by machines, what stands out between them, and the report of each cell.

import { csv } from '@whyslow/report/text/csv.ts'
import { listOf } from '@whyslow/report/text/foretold.ts'
import { engineOf } from '@whyslow/report/text/study-engine.ts'
import { useState } from 'preact/hooks'
import { ExportMenu } from '../export-menu.tsx'
import { documentExport } from '../exports.ts'
import { count, factor, factorRange, metricValue, plural, significant, timeWithInterval } from '../format.ts'
import { Frame } from '../frame.tsx'
import { Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence, shownName } from '../kit/name.tsx'
import { RankingTable } from '../kit/ranking-table.tsx'
import type { Study } from '../page-data.ts'
import { LaterParts, type PartOf, partsOf } from '../parts.tsx'
import { RatioRows } from '../pictures/ratio-rows.tsx'
import { ReportParts } from '../report-page.tsx'

type Row = Study['table']['rows'][number]
type Cell = Row['cells'][number]

const PARTS: readonly PartOf<Study>[] = [
  {
    id: 'ratios',
    title: 'Machine by machine',
    draw: (study) => <Ratios study={study} />,
    when: ({ table }) => table.rows.some(({ cells }) => cells.some(({ ratio }) => ratio !== null)),
  },
  { id: 'machines', title: 'The machines', draw: (study) => <Machines study={study} /> },
  {
    id: 'failures',
    title: 'Not measured',
    draw: ({ failures }) => <Failures failures={failures} />,
    when: ({ failures }) => failures.length > 0,
  },
  { id: 'each', title: 'Each report', draw: (study) => <Each study={study} />, when: ({ reports }) => reports.length > 0 },
]

export function StudyPage({ study, original }: { study: Study; original: object }) {
  const { table, machines } = study
  const parts = partsOf(PARTS, study)
  return (
    <Frame
      of={`${plural(table.rows.length, 'row')} by ${plural(machines.length, 'machine')}`}
      facts={['a study']}
      sections={[{ id: 'answer', title: 'The answer' }, ...parts]}
      actions={<ExportMenu items={exportsOf(study, original)} />}
    >
      <section id="answer" class="first" aria-label="The answer">
        <h1 class="sentence">
          <Sentence text={study.answer} />
        </h1>
        <Matrix study={study} />
        {study.sentences.length > 0 && (
          <ul class="sentences">
            {study.sentences.map((sentence) => (
              <li key={sentence}>
                <Sentence text={sentence} />
              </li>
            ))}
          </ul>
        )}
        <Front study={study} />
        <Warnings warnings={study.warnings} />
      </section>
      <LaterParts parts={parts} />
    </Frame>
  )
}

const rowTitle = (row: Row, rows: readonly Row[]): string =>
  `${row.model.split(/[\\/]/).at(-1)!} on ${engineOf(row, rows)}${row.batch === null ? '' : `, batch ${row.batch}`}`

function Matrix({ study: { table, machines } }: { study: Study }) {
  if (table.rows.length === 0) return <p class="soft">Nothing was measured.</p>
  const heads = machines.map(({ id }) => (
    <>
      <Name text={id} most={40} />
      {id === table.reference && <span class="tag">reference</span>}
    </>
  ))
  return (
    <RankingTable label="Models by machines" heads={['model', ...heads]}>
      {table.rows.map((row, index) => (
        <tr key={index}>
          <th scope="row">
            <Name text={rowTitle(row, table.rows)} most={60} />
            <span class="area-means">
              <Sentence text={row.inputs} />
            </span>
          </th>
          {row.cells.map((cell, at) => (
            <td key={at}>
              <CellSaid cell={cell} isReference={cell.machine === table.reference} />
            </td>
          ))}
        </tr>
      ))}
    </RankingTable>
  )
}

function CellSaid({ cell, isReference }: { cell: Cell; isReference: boolean }) {
  const {
    p50Ms,
    ciLowMs,
    ciHighMs,
    trust,
    ratio,
    ratioLow,
    ratioHigh,
    costPerMillion,
    onFront,
    reason,
    metric,
    samplesPerSecond,
  } = cell
  if (p50Ms === null) return <Sentence text={reason ?? 'not measured'} />
  return (
    <>
      <b class="nowrap">{timeWithInterval(p50Ms, ciLowMs ?? p50Ms, ciHighMs ?? p50Ms)}</b>{' '}
      {trust !== null && <span class="tag">trust {trust}</span>}
      {!isReference && ratio !== null && (
        <span class="area-means">
          {factor(ratio)} as fast{ratioLow !== null && ratioHigh !== null && ` (${factorRange(ratioLow, ratioHigh)})`}
        </span>
      )}
      {samplesPerSecond != null && <span class="area-means">{significant(samplesPerSecond)} samples/s</span>}
      {metric != null && (
        <span class="area-means">
          {metric.name} {metricValue(metric)} on {plural(metric.rows, 'row')}
        </span>
      )}
      {costPerMillion !== null && (
        <span class="area-means">
          {significant(costPerMillion)} a million{onFront && ', on the front'}
        </span>
      )}
    </>
  )
}

/** Nothing if nothing is beaten. */
function Front({ study: { table } }: { study: Study }) {
  const { pareto, rows } = table
  if (pareto === undefined || pareto.dominated.length === 0) return null
  return (
    <>
      <p>
        Beaten by no other in {listOf(pareto.axes)}: {pareto.front.length} of {pareto.front.length + pareto.dominated.length}
      </p>
      <ul class="sentences">
        {pareto.front.map(({ row, machine }, index) => (
          <li key={index}>
            <Sentence text={rowTitle(rows[row]!, rows)} />, <Name text={machine} most={60} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Ratios({ study: { table } }: { study: Study }) {
  return (
    <div class="figures">
      {table.rows.map((row, index) => {
        const cells = row.cells.filter(({ machine, ratio }) => machine !== table.reference && ratio !== null)
        if (cells.length === 0) return null
        return (
          <Figure
            key={index}
            title={rowTitle(row, table.rows)}
            says={`${shownName(table.reference ?? 'the reference', 60)} is 1×; the others are relative to it, with their intervals.`}
            rows={cells}
            columns={[
              { head: 'machine', show: ({ machine }) => <Name text={machine} />, value: ({ machine }) => machine },
              { head: 'as fast', show: ({ ratio }) => factor(ratio!), value: ({ ratio }) => ratio, isNumber: true },
              {
                head: 'interval',
                show: ({ ratioLow, ratioHigh }) =>
                  ratioLow === null || ratioHigh === null ? 'not known' : factorRange(ratioLow, ratioHigh),
                isNumber: true,
              },
            ]}
          >
            <RatioRows
              rows={cells.map(({ machine, ratio, ratioLow, ratioHigh }) => ({
                name: machine,
                ratio: ratio!,
                low: ratioLow,
                high: ratioHigh,
                outcome: outcomeOf(ratioLow, ratioHigh),
              }))}
              label={`How fast ${shownName(rowTitle(row, table.rows), 60)} is compared with the reference`}
              left="slower than the reference"
              right="faster"
            />
          </Figure>
        )
      })}
    </div>
  )
}

const outcomeOf = (low: number | null, high: number | null): 'better' | 'worse' | 'same' =>
  low !== null && low > 1 ? 'better' : high !== null && high < 1 ? 'worse' : 'same'

function Machines({ study: { machines } }: { study: Study }) {
  const heads = ['machine', 'processor', 'usable CPUs', 'threads', 'an hour costs']
  return (
    <RankingTable label="Machines" heads={heads}>
      {machines.map(({ id, cpu, usableCpus, quotaCpus, threads, pricePerHour }) => (
        <tr key={id}>
          <th scope="row">
            <Name text={id} most={80} />
          </th>
          <td>
            <Name text={cpu} />
          </td>
          <td>
            {count(usableCpus)}
            {quotaCpus !== null && `, under a quota of ${significant(quotaCpus)}`}
          </td>
          <td>{threads === null ? 'the engine’s default' : count(threads)}</td>
          <td>{pricePerHour === null ? 'unknown' : significant(pricePerHour)}</td>
        </tr>
      ))}
    </RankingTable>
  )
}

function Failures({ failures }: Pick<Study, 'failures'>) {
  return (
    <ul class="sentences">
      {failures.map(({ model, engine, batch, machine, reason }, index) => (
        <li key={index}>
          <Name text={model} /> on <Name text={engine} />
          {batch !== null && `, batch ${batch}`}
          {machine !== null && (
            <>
              {', '}
              <Name text={machine} />
            </>
          )}
          : <Sentence text={reason} />
        </li>
      ))}
    </ul>
  )
}

function Each({ study: { table, reports } }: { study: Study }) {
  const named = table.rows.flatMap((row) =>
    row.cells.flatMap(({ machine, report }) =>
      report === null ? [] : [{ name: `${rowTitle(row, table.rows)}, ${machine}`, report }],
    ),
  )
  const [at, choose] = useState(named[0]?.report ?? 0)
  const report = reports[at]
  return (
    <>
      <label class="chooser">
        The report of{' '}
        <select value={at} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {named.map(({ name, report: place }, index) => (
            <option key={index} value={place}>
              {shownName(name, 100)}
            </option>
          ))}
        </select>
      </label>
      {report !== undefined && <ReportParts key={at} report={report} />}
    </>
  )
}

function exportsOf({ table }: Study, original: object) {
  return [
    documentExport('Study document (JSON)', 'study.json', original),
    {
      title: 'Table (CSV)',
      tip: 'one line a cell',
      file: 'study.csv',
      type: 'text/csv',
      text: () =>
        csv(
          [
            'model',
            'engine',
            'batch',
            'inputs',
            'machine',
            'p50 ms',
            'low ms',
            'high ms',
            'trust',
            'ratio',
            'samples/s',
            'metric',
            'value',
            'a million',
            'reason',
          ],
          table.rows.flatMap((row) =>
            row.cells.map((cell) => [
              ...[
                row.model,
                engineOf(row, table.rows),
                row.batch,
                row.inputs,
                cell.machine,
                cell.p50Ms,
                cell.ciLowMs,
                cell.ciHighMs,
              ],
              ...[cell.trust, cell.ratio, cell.samplesPerSecond ?? null, cell.metric?.name ?? null, cell.metric?.value ?? null],
              ...[cell.costPerMillion, cell.reason],
            ]),
          ),
        ),
    },
  ]
}
