// The report of a pipeline on a terminal: the sentence, the stages, the hot lines, what to fix with the lines to paste, what was checked,
// how it was measured. Drawn from the report document alone.

import { bytes, percent, plural, sharePercent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportFinding } from '../documents/report.ts'
import type { PipelineSection } from '../documents/report-pipeline.ts'
import { answerLines } from './answers/answer-lines.ts'
import { basisOf, checkedLines, factorWords, isToFix, savingWords, sentenceCase } from './findings/findings-text.ts'
import {
  type Colours,
  type Column,
  labelLines,
  link,
  page,
  paper,
  type TerminalOptions,
  table,
  warningLines,
  widthOf,
} from './page.ts'
import { torchText } from './torch/torch-text.ts'
import { nextWords, wrap, wrapCommand, wrapHanging } from './wrap.ts'

type Pipeline = PipelineSection
type Finding = ReportFinding

const MOST_FINDINGS = 5
const MOST_LINES = 8
const MOST_CODE = 12
const LABEL = 10

/** Ends with a line end. Pure. */
export function renderPipeline(doc: ReportDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { pipeline } = doc
  if (!pipeline) return page([wrap(doc.answer, width)])
  return page([
    answerLines(doc.answer, width, colours.bold, options.command),
    stageTable(doc, width, colours),
    ...torchText(pipeline.torch, width, colours),
    lineTable(doc, width, colours),
    findings(doc, width, colours, options),
    notes(doc, width, colours),
    inner(pipeline, width),
    checkedLines({ ...doc, doesNotApply: [] }, width),
    measured(doc, pipeline, width),
    warningLines(doc.warnings, width, colours),
  ])
}

/** Shorter delays are of the timers themselves. */
const LEAST_DELAY_MS = 1

function stageTable({ stages }: ReportDocument, width: number, colours: Colours): string[] {
  const rows = (stages ?? []).filter(({ name, share }) => name !== 'unexplained' || Math.abs(share) >= 0.005)
  if (rows.filter(({ name }) => name !== 'unexplained').length === 0) return []
  const told = (textOf: (row: (typeof rows)[number]) => string | null) => rows.map((row) => textOf(row) ?? '')
  const ms = (value: number | null | undefined, least = 0) => (value == null || value < least ? null : time(value))
  const columns: Column[] = [
    { head: 'Stage', texts: rows.map(({ name }) => name) },
    { head: 'Share', side: 'left', texts: rows.map(({ share }) => sharePercent(share)) },
    { head: 'p50', side: 'left', texts: told(({ p50Ms, timeMs }) => ms(p50Ms === undefined ? timeMs : p50Ms)) },
    { head: 'p99', side: 'left', texts: told(({ p99Ms }) => ms(p99Ms)) },
    {
      head: 'native',
      side: 'left',
      texts: told(({ nativeMs, timeMs }) => (nativeMs == null || timeMs <= 0 ? null : percent(Math.min(1, nativeMs / timeMs)))),
    },
    { head: 'GC', side: 'left', texts: told(({ gcMs }) => ms(gcMs, 0.0005)) },
    {
      head: 'allocates',
      side: 'left',
      texts: told(({ allocatedBytes }) => (allocatedBytes == null ? null : bytes(allocatedBytes))),
    },
  ]
  // As far as there is room; the document has them all.
  const more: Column[] = [
    { head: 'delays loop', side: 'left', texts: told(({ eventLoopDelayMs }) => ms(eventLoopDelayMs, LEAST_DELAY_MS)) },
    { head: 'waits', side: 'left', texts: told(({ waitMs }) => ms(waitMs, 0.0005)) },
    { head: 'CPU', side: 'left', texts: told(({ cpuMs }) => ms(cpuMs)) },
  ]
  const isTold = ({ texts }: Column) => texts.some((text) => text !== '')
  const shown = columns.filter(isTold)
  for (const column of more.filter(isTold)) if (widthOf([...shown, column]) - GAP <= width) shown.push(column)
  return table(shown, colours)
}

/** Spaces in front of a column; the first has none. */
const GAP = 2

function lineTable({ lines }: ReportDocument, width: number, colours: Colours): string[] {
  const rows = (lines ?? []).slice(0, MOST_LINES)
  if (rows.length === 0) return []
  const place = ({ file, line }: (typeof rows)[number]) => shortened(`${file}:${line}`, Math.max(24, width - 48))
  return [
    colours.bold('Hot lines'),
    ...table(
      [
        { head: 'Line', texts: rows.map(place) },
        { head: 'Function', texts: rows.map((row) => shortened(row.function ?? '', 20)) },
        { head: 'Time', side: 'left', texts: rows.map(({ timeMs }) => time(timeMs)) },
        { head: 'Share', side: 'left', texts: rows.map(({ share }) => sharePercent(share)) },
        {
          head: 'native',
          side: 'left',
          texts: rows.map(({ nativeShare }) => (nativeShare === null ? '' : percent(nativeShare))),
        },
      ],
      colours,
    ),
  ]
}

const shortened = (text: string, most: number): string => (text.length <= most ? text : `…${text.slice(text.length - most + 1)}`)

function findings(doc: ReportDocument, width: number, colours: Colours, { command, pageOf }: TerminalOptions): string[] {
  const saving = doc.findings.filter(isToFix)
  if (saving.length === 0) return doc.clear.length > 0 ? ['Nothing to fix was found.'] : []
  const lines = [colours.bold('What to fix')]
  for (const [at, finding] of saving.slice(0, MOST_FINDINGS).entries()) {
    const page = pageOf?.(finding.rule)
    lines.push(...wrap(`${finding.title} (${finding.rule})`, width, `${at + 1}. `).map((line) => link(colours.bold(line), page)))
    const where = places(finding)
    if (where !== '') lines.push(...wrap(where, width, '   ').map(colours.cyan))
    lines.push(...wrap(finding.detail, width, '   '))
    const basis = basisOf(finding).map((known) => ` (${known})`)
    const saves = `${sentenceCase(savingWords(finding, doc.latency?.p50Ms ?? null))}${basis}`
    lines.push(...wrap(saves, width, '   ').map(colours.green))
    lines.push(...replacement(finding, width))
    if (finding.next !== null) lines.push(...wrapCommand(nextWords(finding, command), width, '   Next: ').map(colours.cyan))
  }
  const left = saving.length - MOST_FINDINGS
  if (left > 0) lines.push(...wrap(`${left} more with smaller savings: --json writes all of them.`, width))
  return lines
}

function places({ places: all }: Finding): string {
  const told = all.slice(0, 3).map(({ file, line, function: name }) => `${file}:${line}${name === null ? '' : ` in ${name}`}`)
  return all.length > 3 ? `${told.join(', ')} and ${all.length - 3} more` : told.join(', ')
}

function replacement({ replacement: found }: Finding, width: number): string[] {
  if (!found) return []
  const equal = found.equal === 'bits' ? 'equal bit for bit' : 'equal within rounding'
  const code = found.code.slice(0, MOST_CODE).map((line) => `     ${line}`)
  const more = found.code.length > MOST_CODE ? [`     … ${found.code.length - MOST_CODE} lines more in --json`] : []
  return [...wrap(`In its place, ${factorWords(found)}, ${equal} on ${found.on}:`, width, '   '), ...code, ...more]
}

function notes(doc: ReportDocument, width: number, colours: Colours): string[] {
  const facts = doc.findings.filter((one) => !isToFix(one))
  if (facts.length === 0) return []
  const lines = facts.flatMap((one) => {
    const where = places(one)
    return wrap(`${one.title}${where === '' ? '' : ` (${where})`}: ${one.detail}`, width, '- ')
  })
  return [colours.bold('Worth knowing'), ...lines]
}

function inner({ inner: model, sessions }: Pipeline, width: number): string[] {
  // What a model is made of may be opened and never asked.
  const seen = sessions
    .filter(({ runsPerPrediction }) => runsPerPrediction > 0)
    .map(({ engine, version, method, runsPerPrediction, runMs }) => {
      const runs = runsPerPrediction === 1 ? '' : `, ${significant(runsPerPrediction)} runs a prediction`
      return `${engine}${version === null ? '' : ` ${version}`} (${method}${runs}, ${time(runMs)})`
    })
  const lines = seen.length === 0 ? [] : wrapHanging(`Inside: ${seen.join('; ')}.`, width)
  return model ? [...lines, ...wrapHanging(`The model alone: ${model.answer}`, width)] : lines
}

function measured({ latency, machine }: ReportDocument, pipeline: Pipeline, width: number): string[] {
  const { runtime, samples, processesMs, timingOverhead, profilerOverhead, importMs, loadMs, firstMs, kind } = pipeline
  // A script of Python runs once for all that is measured.
  const isOneRun = kind === 'script' && pipeline.language === 'python'
  const where = isOneRun ? 'which the times above hold' : 'in a run of its own'
  const start = [
    `import ${time(importMs)}`,
    ...(loadMs === null ? [] : [`load ${time(loadMs)}`]),
    ...(kind === 'script' ? [] : [`first call ${time(firstMs)}`]),
  ]
  const calls =
    kind === 'script'
      ? plural(processesMs.length, 'run')
      : `${plural(latency?.samplesMs.length ?? 0, 'call')} in ${plural(processesMs.length, 'process', 'processes')}`
  const fed = {
    module: `${plural(samples.count, 'sample')} of its own`,
    data: `${plural(samples.count, 'sample')} of --data`,
    none: 'without samples',
  }[samples.source]
  const cost = [
    ...(timingOverhead === null ? [] : [`timing the stages added ${signed(timingOverhead)}`]),
    ...(profilerOverhead === null ? [] : [`the profiler ${signed(profilerOverhead)}, ${where}`]),
  ]
  return labelLines(
    [
      // What Node runs a script for is told by its own marks alone.
      [
        'Start',
        kind === 'script' && !isOneRun ? null : `${start.join(', ')}; ${isOneRun ? 'all' : 'none'} of it is in the times above`,
      ],
      ['Measured', `${calls}, ${kind === 'script' ? '' : `${fed}, `}${runtime.name} ${runtime.version} on ${machine.cpu}`],
      ['Python', runtime.from === undefined ? null : `${runtime.executable}, ${runtime.from}`],
      ['Cost', cost.length === 0 ? null : cost.join('; ')],
      [
        'Trust',
        latency === null ? null : `${latency.trust}${latency.reasons.length === 0 ? '' : `: ${latency.reasons.join('; ')}`}`,
      ],
    ],
    width,
    LABEL,
  )
}

const signed = (share: number): string => (share < 0.001 ? 'nothing measurable' : `${(share * 100).toFixed(1)} %`)
