// What a page must draw of each kind of document: rows of its tables, bars of its charts, sentences. Cells are apart by ' | ', as drawn-numbers.ts
// reads them.

import {
  count,
  intervalOf,
  percent,
  perSecond,
  sharePercent,
  significant,
  time,
  timeWithInterval,
} from '@whyslow/measure/statistics/numbers.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { DistillDocument } from '@whyslow/report/documents/distill.ts'
import type { EmbeddingDocument } from '@whyslow/report/documents/embedding.ts'
import type { GapDocument } from '@whyslow/report/documents/gap.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TorchSection } from '@whyslow/report/documents/report-torch.ts'
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { sentenceOf } from '@whyslow/report/text/answers/answer-command.ts'
import { measured } from '@whyslow/report/text/divided/divided-words.ts'
import { partRows as textRows, wayName } from '@whyslow/report/text/embedding/embedding-words.ts'
import { partRows } from '@whyslow/report/text/generation/generation-words.ts'
import { areaTitle } from '../../packages/report/web/src/areas.ts'
import { factor, factorRange } from '../../packages/report/web/src/format.ts'
import { nodeTitle, shownName } from '../../packages/report/web/src/kit/shown-name.ts'
import { normalReport } from '../../packages/report/web/src/normal.ts'
import type { DrawnText } from './drawn-numbers.ts'
import { factSaid } from './number-words.ts'

interface Must {
  /** The part of the page; undefined: anywhere. */
  readonly on?: string
  readonly text: string
  /** A text that is this and no more; else one that holds it. */
  readonly isWhole?: boolean
}

const row = (on: string, ...cells: readonly (string | null)[]): Must => ({
  on,
  text: cells.filter((cell) => cell !== null && cell !== '').join(' | '),
  isWhole: true,
})
const sentence = (text: string, on?: string): Must => ({ text: text.replace(/\s+/g, ' '), ...(on === undefined ? {} : { on }) })
const or = <T>(value: T | null | undefined, say: (value: T) => string, otherwise = 'not known'): string =>
  value === null || value === undefined ? otherwise : say(value)

/** The operators that a page shows when it is printed. */
const MOST_PRINTED = 200
/** Rows of a table that is folded. */
const MOST_ROWS = 100
const calls = (value: number): string => (Number.isInteger(value) ? String(value) : significant(value))
const LETTERS_OF_A_BAR = 40
/** A change that rounds to nothing is not drawn. */
function changeWords({ beforeMs, afterMs }: { readonly beforeMs: number; readonly afterMs: number }): readonly string[] {
  const change = afterMs / beforeMs - 1
  return Math.abs(change) < 0.005 ? [] : [`${percent(Math.abs(change))} ${change < 0 ? 'less' : 'more'}`]
}

function ofReport(given: object): Must[] {
  const report = normalReport(given) as ReportDocument
  const { latency, areas, findings, breakdown, nodes, sweeps, trials, stages, lines, pipeline } = report
  const code = pipeline !== undefined
  const inTime = code ? 'inside' : 'time'
  return [
    sentence(sentenceOf(report.answer)),
    ...(latency === null ? [] : [sentence(intervalOf(latency.p50Ms, latency.ciLowMs, latency.ciHighMs))]),
    ...(code || Object.values(areas).every(({ timeMs }) => timeMs <= 0)
      ? []
      : Object.entries(areas).map(([key, { timeMs }]) => sentence(`${areaTitle(key)}, ${time(Math.max(0, timeMs))}`))),
    ...findings.flatMap(({ title, timeMs, wouldSaveMs, facts, next }) => [
      sentence(title),
      ...((wouldSaveMs ?? timeMs) !== 0 && (latency !== null || report.trace?.latencyMs != null)
        ? [sentence(time(wouldSaveMs ?? timeMs))]
        : []),
      ...facts.map(({ name, value, unit }) => sentence(`${name} | ${factSaid(value, unit)}`)),
      ...(next === null ? [] : [sentence(next)]),
    ]),
    ...(code ? [] : breakdown).flatMap(({ part, area, timeMs, share }) => [
      row(inTime, part, areaTitle(area), time(timeMs), sharePercent(share)),
      ...(timeMs > 0 ? [row(inTime, shownName(part, LETTERS_OF_A_BAR), time(timeMs))] : []),
    ]),
    ...operatorRows(report, nodes),
    ...sweeps
      .filter(({ points }) => points.length > 1)
      .flatMap(({ points, dimension }) =>
        points.map(({ at, p50Ms, ciLowMs, ciHighMs }) =>
          row(
            'scaling',
            count(at),
            time(p50Ms),
            `${time(ciLowMs)} – ${time(ciHighMs)}`,
            dimension === 'threads' ? null : time(p50Ms / at),
          ),
        ),
      ),
    ...trials.flatMap(({ speedup, speedupLow, speedupHigh, beforeMs, afterMs, reason, pairs }) => [
      ...(speedup === null || beforeMs === null || afterMs === null
        ? []
        : [
            ...changeWords({ beforeMs, afterMs }).map((words) => sentence(`${words}, `, 'tried')),
            // Of two pairs an interval says nothing.
            sentence(
              `${time(beforeMs)} | ${time(afterMs)} | ${(pairs ?? 3) < 3 ? factor(speedup) : factorRange(speedupLow!, speedupHigh!)}`,
              'tried',
            ),
          ]),
      ...(reason === null ? [] : [sentence(reason, 'tried')]),
    ]),
    ...(stages ?? []).map(({ name, timeMs, share }) => sentence(`${name} | ${time(timeMs)} | ${sharePercent(share)}`, 'stages')),
    ...(lines ?? [])
      .slice(0, MOST_ROWS)
      .map(({ timeMs, share }) => sentence(` | ${time(timeMs)} | ${sharePercent(share)} | `, 'lines')),
    ...(pipeline?.torch == null ? [] : ofTorch(pipeline.torch)),
  ]
}

/** Each module, operator, copy, read and setting; what dispatch takes. */
const ofTorch = ({ modules, operators, dispatchMs, copies, reads, trials }: TorchSection): Must[] => [
  ...modules.slice(0, MOST_ROWS).map(({ selfMs, timeMs }) => sentence(` | ${time(selfMs)} | ${time(timeMs)} | `, 'torch')),
  ...(dispatchMs === null
    ? []
    : [
        sentence(`Starting operators takes ${time(dispatchMs)}`, 'torch'),
        ...operators.map((one) => row('torch', one.name, calls(one.calls), time(one.timeMs))),
      ]),
  ...copies.slice(0, MOST_ROWS).map((one) => sentence(` | ${calls(one.calls)} | ${time(one.timeMs)}`, 'torch')),
  ...reads.map(({ file, line, method }) => sentence(`${file}:${line} | .${method}() read into Python | `, 'torch')),
  ...trials.flatMap(({ code, times, reason }) => [
    ...(times === null
      ? []
      : [
          sentence(`${code} | ${time(times.nowMs)} | ${time(times.insteadMs)} | `, 'torch'),
          sentence(factorRange(times.ratioLow, times.ratioHigh), 'torch'),
        ]),
    ...(reason === null ? [] : [sentence(reason, 'torch')]),
  ]),
]

/** Longest first; what is not known of one stands so. */
function operatorRows({ latency, trace }: ReportDocument, nodes: ReportDocument['nodes']): Must[] {
  const sumMs = nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const hasWhole = latency !== null || trace?.judged != null
  let soFar = 0
  return [...nodes]
    .sort((a, b) => b.timeMs - a.timeMs)
    .slice(0, MOST_PRINTED)
    .map((node) => {
      const { opType, timeMs, floorMs, bound } = node
      const share = hasWhole ? node.share : sumMs > 0 ? timeMs / sumMs : 0
      soFar += share
      const above = floorMs === null ? 'not known' : time(timeMs - floorMs)
      const name = nodeTitle(node).replace(/\s+/g, ' ')
      const cells = [time(timeMs), sharePercent(share), percent(soFar), above, bound ?? 'not known']
      return row('operators', name, shownName(opType, 40), ...cells)
    })
}

function ofLoad({ answer, points, found }: LoadDocument): Must[] {
  return [
    sentence(answer),
    ...points.map(({ offeredPerSecond, clients, achievedPerSecond, meanMs, p50Ms, p90Ms, p95Ms, p99Ms }) =>
      sentence(
        [
          ...[offeredPerSecond ?? clients ?? 0, achievedPerSecond].map(perSecond),
          ...[meanMs, p50Ms, p90Ms, p95Ms, p99Ms].map((ms) => or(ms, time, 'not told')),
        ].join(' | '),
        'curve',
      ),
    ),
    ...points.flatMap(({ streams }) =>
      streams === undefined
        ? []
        : [
            sentence(
              [streams.firstTokenMs, streams.timePerTokenMs]
                .flatMap((times) => [times?.p50, times?.p99].map((ms) => or(ms, time)))
                .join(' | '),
              'streams',
            ),
          ],
    ),
    ...(points.findLast(({ saturated, parts }) => !saturated && parts !== null)?.parts?.slowest.partsMs ?? []).map((ms) =>
      sentence(` | ${time(ms)} | `, 'tail'),
    ),
    ...(found === null ? [] : [sentence(perSecond(found.ratePerSecond), 'answer')]),
  ]
}

const ofStudy = ({ answer, table, reports }: StudyDocument): Must[] => [
  sentence(answer),
  ...table.rows
    .flatMap(({ cells }) => cells)
    .flatMap(({ machine, p50Ms, ciLowMs, ciHighMs, ratio, ratioLow, ratioHigh }) => [
      ...(p50Ms === null ? [] : [sentence(timeWithInterval(p50Ms, ciLowMs!, ciHighMs!), 'answer')]),
      ...(machine === table.reference || ratio == null || ratioLow == null || ratioHigh == null
        ? []
        : [sentence(`${factor(ratio)} as fast (${factorRange(ratioLow, ratioHigh)})`, 'answer')]),
    ]),
  ...frontOf(table),
  ...reports.slice(0, 1).flatMap(ofReport),
]

const frontOf = ({ pareto }: StudyDocument['table']): Must[] =>
  pareto === undefined || pareto.dominated.length === 0
    ? []
    : [sentence(`${pareto.axes.join(' and ')}: ${pareto.front.length} of ${pareto.front.length + pareto.dominated.length}`)]

const ofComparison = ({ answer, contestants, pairs, reports }: ComparisonDocument): Must[] => [
  sentence(answer),
  ...contestants.flatMap(({ p50Ms, ciLowMs, ciHighMs, startMs }) =>
    p50Ms === null || ciLowMs === null || ciHighMs === null
      ? []
      : [sentence(` | ${timeWithInterval(p50Ms, ciLowMs, ciHighMs)} | ${or(startMs, time)} | `, 'answer')],
  ),
  ...pairs.map(({ ratioLow, ratioHigh }) => sentence(factorRange(ratioLow, ratioHigh), 'ratios')),
  ...reports.slice(0, 1).flatMap(ofReport),
]

const ofAb = ({ answer, pairs, ratio, ratioLow, ratioHigh }: AbDocument): Must[] => [
  sentence(answer),
  sentence(factor(ratio), 'answer'),
  sentence(factorRange(ratioLow, ratioHigh), 'answer'),
  ...pairs.map(({ aMs, bMs }, at) => row('time', String(at + 1), time(aMs), time(bMs))),
]

const ofGap = ({ answer, rungs }: GapDocument): Must[] => [
  sentence(answer),
  ...rungs.map(({ title, timeMs, savedMs, ratioLow, ratioHigh }) =>
    sentence(
      [
        title,
        time(timeMs),
        percent(timeMs / rungs[0]!.timeMs),
        ...(savedMs === null ? [] : [time(savedMs)]),
        ...(ratioLow === null || ratioHigh === null ? [] : [factorRange(ratioLow, ratioHigh)]),
      ].join(' | '),
      'rungs',
    ),
  ),
]

const ofDistill = ({ answer, students }: DistillDocument): Must[] => [
  sentence(answer),
  ...students.flatMap(({ says, metric, microseconds, speedup }) => [
    sentence(`${says} | ${metric.toFixed(4)} | `, 'trade'),
    sentence(` | ${time(microseconds / 1000)} | ${factor(speedup)}`, 'trade'),
  ]),
]

const ofLint = ({ answer, fused, unfused, borders }: LintDocument): Must[] => [
  sentence(answer),
  ...fused.map(({ opType, nodes, timeMs }) => row('int8', opType, String(nodes), time(timeMs))),
  ...unfused.map(({ node, opType, condition, conversionsMs, operatorMs, wouldSaveMs, mend }) =>
    row(
      'float',
      ...[node, opType, condition, ...[conversionsMs, operatorMs, wouldSaveMs].map((ms) => or(ms, time)), mend ?? 'no'],
    ),
  ),
  ...(borders.nodes === 0 ? [] : [sentence(time(borders.timeMs), 'int8')]),
]

const NO_PARTS = { totalMs: 0, depth: 0, parts: [] }

const ofGeneration = (document: GenerationDocument): Must[] => [
  sentence(document.answer),
  sentence(measured(document.speed.timePerTokenMs ?? document.speed.timeToFirstTokenMs), 'answer'),
  ...document.findings.map(({ title }) => sentence(title, 'answer')),
  ...(['tokenParts', 'firstTokenParts'] as const).flatMap((key) =>
    partRows(document[key] ?? NO_PARTS).map(({ name, ms }) =>
      sentence(`${name} | ${time(ms)} | `, key === 'tokenParts' ? 'token' : 'first-token'),
    ),
  ),
  ...[...document.clear, ...document.notChecked.flatMap(({ rule, reason }) => [rule, reason])].map((text) =>
    sentence(text, 'answer'),
  ),
  ...Object.values(document.reasons).map((reason) => sentence(reason, 'setup')),
  ...(document.fix === undefined
    ? []
    : [
        ...document.fix.tried.map(({ remedy, outcome }) => sentence(`${remedy} | ${outcome} | `, 'tried')),
        sentence(document.fix.equality.sentence, 'tried'),
        ...document.fix.kept.map((one) => sentence(one, 'tried')),
      ]),
  ...(document.depthLine?.points ?? []).map(({ depth, ms }) => sentence(`${depth} | ${time(ms)} | `, 'context')),
  ...(document.severalTokens?.points ?? []).map(({ tokens, ms, ratio }) =>
    row('several', String(tokens), time(ms), factor(ratio)),
  ),
  ...document.estimates.map(({ timePerTokenMs }) => sentence(time(timePerTokenMs), 'estimates')),
]

const ofEmbedding = (document: EmbeddingDocument): Must[] => [
  sentence(document.answer),
  sentence(measured(document.ways[0]!.msPerText), 'answer'),
  ...document.findings.map(({ title }) => sentence(title, 'answer')),
  ...document.ways.map((way) => sentence(`${wayName(way, document)} | ${time(way.msPerText.value)} | `, 'ways')),
  ...(['oneParts', 'batchParts'] as const).flatMap((key) =>
    (document[key] === null ? [] : textRows(document[key])).map(({ name, ms }) =>
      sentence(`${name} | ${time(ms)} | `, key === 'oneParts' ? 'one' : 'batch'),
    ),
  ),
  ...[...document.clear, ...document.notChecked.flatMap(({ rule, reason }) => [rule, reason])].map((text) =>
    sentence(text, 'answer'),
  ),
]

const OF: Readonly<Record<string, (document: never) => Must[]>> = {
  'whyslow-report/1': ofReport,
  'whyslow-report/2': ofReport,
  'whyslow-load/1': ofLoad,
  'whyslow-study/1': ofStudy,
  'whyslow-comparison/1': ofComparison,
  'whyslow-ab/1': ofAb,
  'whyslow-gap/1': ofGap,
  'whyslow-distill/1': ofDistill,
  'whyslow-lint/1': ofLint,
  'whyslow-generation/1': ofGeneration,
  'whyslow-embedding/1': ofEmbedding,
}

export const mustDraw = (document: object): readonly Must[] => OF[(document as { schema: string }).schema]!(document as never)

/** What a page does not draw of its document, each once. */
export function missing(drawn: readonly DrawnText[], document: object): string[] {
  const of = (on: string | undefined) => drawn.filter(({ place }) => on === undefined || place.startsWith(`${on} `))
  const parts = new Map<string | undefined, { whole: Set<string>; all: string }>()
  const textOf = (on: string | undefined) => {
    const known = parts.get(on)
    if (known !== undefined) return known
    const texts = of(on).map(({ text }) => text)
    const own = { whole: new Set(texts), all: texts.join('\n') }
    parts.set(on, own)
    return own
  }
  const lost = mustDraw(document).filter(({ on, text, isWhole }) => {
    const { whole, all } = textOf(on)
    return isWhole ? !whole.has(text) : !all.includes(text)
  })
  return [...new Set(lost.map(({ on, text }) => `'${text}' on ${on ?? 'the page'}`))]
}
