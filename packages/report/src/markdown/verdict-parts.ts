// Parts of what is decided between two latencies, for a pull request: a check, a history, a machine that is estimated, two recordings.

import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { CheckDocument } from '../documents/check.ts'
import type { EstimateDocument } from '../documents/foretold.ts'
import type { HistoryDocument } from '../documents/history.ts'
import type { TraceComparisonDocument } from '../documents/trace-comparison.ts'
import { code, type Part, table, text } from './blocks.ts'
import { timeCell } from './timed.ts'

const MOST_ROWS = 12

/** After the sentence. */
export function checkParts({ model, baseline, judged, failAbove, rounds, verdict, ...median }: CheckDocument): Part[] {
  const { ratio, ratioLow, ratioHigh } = judged ?? median
  const interval = ratioLow === null || ratioHigh === null ? '' : ` (${significant(ratioLow)}–${significant(ratioHigh)})`
  const both = [model, baseline]
  return [
    table([
      { head: '', cells: ['this', 'baseline'] },
      { head: 'model', cells: both.map(({ file }) => code(file)) },
      {
        head: 'a prediction',
        isNumber: true,
        cells: both.map(({ p50Ms, ciLowMs, ciHighMs }) => timeCell(p50Ms, ciLowMs, ciHighMs)),
      },
    ]),
    `Ratio${judged === undefined ? '' : ` (${judged.statistic})`} ${ratio === null ? 'unknown' : significant(ratio)}${interval}, may be ${failAbove} at most: **${verdict}**. ${
      baseline.paired && rounds !== null
        ? `${plural(rounds, 'round')} of fresh processes in turns, 99 % interval.`
        : 'The intervals of two runs: the machine may have changed between them.'
    }`,
  ]
}

/** Parts of a history, which has no sentence: the latest first. */
export function historyParts({ entries }: HistoryDocument): Part[] {
  const rows = entries.toReversed().slice(0, MOST_ROWS)
  return [
    entries.length === 0
      ? 'Nothing is saved: `whyslow model.onnx --save` keeps a measurement.'
      : table([
          { head: 'saved', cells: rows.map(({ savedAt }) => text(savedAt.slice(0, 16).replace('T', ' '))) },
          { head: 'model', cells: rows.map(({ model }) => code(model.path)) },
          { head: 'engine', cells: rows.map(({ engine }) => `${text(engine.id)} ${text(engine.version)}`) },
          {
            head: 'a prediction',
            isNumber: true,
            cells: rows.map(({ latency: { p50Ms, ciLowMs, ciHighMs } }) => timeCell(p50Ms, ciLowMs, ciHighMs)),
          },
          { head: 'trust', cells: rows.map(({ latency }) => latency.trust) },
        ]),
    ...(entries.length > rows.length ? [`${plural(entries.length - rows.length, 'earlier one')} in \`--json\`.`] : []),
  ]
}

/** After the sentence. */
export function estimateParts({ here, there, parts, known, notes }: EstimateDocument): Part[] {
  return [
    table([
      { head: '', cells: ['here', 'there'] },
      {
        head: 'a prediction',
        isNumber: true,
        cells: [timeCell(here.p50Ms, here.ciLowMs, here.ciHighMs), timeCell(there.p50Ms, there.lowMs, there.highMs)],
      },
      { head: 'basis', cells: ['measured', `${there.basis}, grade ${there.grade}`] },
    ]),
    table([
      { head: 'part', cells: parts.map(({ part }) => part) },
      { head: 'here', isNumber: true, cells: parts.map(({ hereMs }) => time(hereMs)) },
      { head: 'there', isNumber: true, cells: parts.map(({ thereMs }) => time(thereMs)) },
    ]),
    ...(known === null
      ? []
      : [
          `Judged by ${plural(known.pairs, 'pair')} of known machines, estimated from each other: median error ${percent(known.medianError)}.`,
        ]),
    notes.map((note) => `- ${text(note)}`).join('\n'),
  ]
}

/** After the sentence. */
export function traceComparisonParts({ changes, operators, findings }: TraceComparisonDocument): Part[] {
  const beside = (head: string, rows: readonly { name: string; beforeMs: number; afterMs: number }[]) =>
    table([
      { head, cells: rows.map(({ name }) => code(name, 80)) },
      { head: 'before', isNumber: true, cells: rows.map(({ beforeMs }) => time(beforeMs)) },
      { head: 'after', isNumber: true, cells: rows.map(({ afterMs }) => time(afterMs)) },
    ])
  const said = Object.entries(findings).flatMap(([state, rules]) =>
    rules.length === 0 ? [] : [`- ${state}: ${rules.map((rule) => code(rule)).join(', ')}`],
  )
  return [
    'Both as recorded: recording slowed both.',
    beside(
      'part of a step',
      changes.slice(0, MOST_ROWS).map(({ part, ...times }) => ({ name: part, ...times })),
    ),
    {
      summary: 'By operator',
      blocks: [
        beside(
          'operator',
          operators.slice(0, MOST_ROWS).map(({ opType, ...times }) => ({ name: opType, ...times })),
        ),
      ],
    },
    said.join('\n'),
  ]
}
