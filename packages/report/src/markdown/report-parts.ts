// Parts of a report for a pull request: the sentence, where the time goes, what to do, what was tried; the rest folded.

import { plural, sharePercent, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportFinding, ReportTrial } from '../documents/report.ts'
import { excessNote } from '../text/answers/parts-above-whole.ts'
import { basisOf, factorWords, isToFix, savingWords } from '../text/findings/findings-text.ts'
import { speedupRange } from '../text/fix-answer.ts'
import { measuringConditions } from '../text/measured-with.ts'
import { nodeName } from '../text/names.ts'
import { nextWords } from '../text/wrap.ts'
import { type Block, code, fence, type Part, table, text } from './blocks.ts'

type Finding = ReportFinding
type Trial = ReportTrial

const MOST_ROWS = 8
const MOST_FINDINGS = 5
const WIDTH = 100

export interface CommandWords {
  /** What is typed in place of `whyslow`. */
  readonly command?: string | undefined
}

/** After the sentence. */
export function reportParts(doc: ReportDocument, typed: CommandWords): Part[] {
  const saving = doc.findings.filter(isToFix)
  const others = doc.findings.filter((one) => !isToFix(one))
  return [
    areas(doc),
    stages(doc),
    trials(doc.trials),
    ...(saving.length > 0 ? ['### What to fix'] : []),
    ...saving.slice(0, MOST_FINDINGS).flatMap((finding, index) => findingBlocks(finding, index + 1, doc, typed)),
    ...(saving.length > MOST_FINDINGS
      ? [`${saving.length - MOST_FINDINGS} more with smaller savings: \`--json\` writes all of them.`]
      : []),
    ...doc.warnings.map((warning) => `> **Warning:** ${text(warning)}`),
    { summary: 'Where the time goes', blocks: [nodes(doc), lines(doc)] },
    { summary: 'Worth knowing', blocks: others.map(({ title, detail }) => `- **${text(title)}:** ${text(detail)}`) },
    {
      summary: `${plural(doc.clear.length, 'check')} found nothing wrong`,
      blocks: [doc.clear.map((rule) => code(rule)).join(', ')],
    },
    { summary: 'How it was measured', blocks: [fence(measuringConditions(doc, WIDTH))] },
  ]
}

function areas({ areas: all, pipeline }: ReportDocument): Block {
  if (pipeline) return ''
  const known = Object.entries(all).filter(([, { timeMs }]) => timeMs !== 0)
  const note = excessNote(all)
  return `${known.map(([area, { share }]) => `${area} ${sharePercent(share)}`).join(' · ')}${note === null ? '' : `. ${note}`}`
}

function stages({ stages: all }: ReportDocument): Block {
  const rows = (all ?? []).slice(0, MOST_ROWS)
  if (rows.length < 2) return ''
  return table([
    { head: 'stage', cells: rows.map(({ name }) => code(name)) },
    { head: 'time', isNumber: true, cells: rows.map(({ timeMs }) => time(timeMs)) },
    { head: 'share', isNumber: true, cells: rows.map(({ share }) => sharePercent(share)) },
  ])
}

function trials(all: readonly Trial[]): Block {
  const rows = [...all].sort((a, b) => Number(b.kept ?? false) - Number(a.kept ?? false)).slice(0, MOST_ROWS)
  const left = all.length - rows.length
  const drawn = table([
    { head: 'tried', cells: rows.map(({ name, remedies }) => code(name ?? remedies.join(' + '))) },
    {
      head: 'before → after',
      isNumber: true,
      cells: rows.map(({ beforeMs, afterMs }) =>
        beforeMs === null || afterMs === null ? '' : `${time(beforeMs)} → ${time(afterMs)}`,
      ),
    },
    {
      head: 'faster',
      isNumber: true,
      cells: rows.map(({ speedupLow, speedupHigh }) =>
        speedupLow === null || speedupHigh === null ? '' : speedupRange(speedupLow, speedupHigh),
      ),
    },
    {
      head: '',
      cells: rows.map(
        ({ kept, outcome, reason, agreement }) =>
          `${kept ? '**kept**' : outcome}${reason === null ? '' : `: ${text(reason)}`}${agreement?.weak === undefined ? '' : ' (weak comparison)'}`,
      ),
    },
  ])
  return left > 0 ? `${drawn}\n\n${plural(left, 'more trial')} in \`--json\`.` : drawn
}

function findingBlocks(finding: Finding, rank: number, doc: ReportDocument, { command }: CommandWords): Block[] {
  // Documents of versions before have no places.
  const { title, detail, rule, next, places = [], replacement } = finding
  const saves = [text(savingWords(finding, doc.latency?.p50Ms ?? null)), ...basisOf(finding)].join(', ')
  const at = places.slice(0, 3).map(({ file, line }) => code(`${file}:${line}`))
  const proven = replacement
    ? [
        `In its place, ${factorWords(replacement)}, ${replacement.equal === 'bits' ? 'equal bit for bit' : 'equal within rounding'} on ${text(replacement.on)}:`,
        fence(replacement.code, replacement.language),
      ]
    : []
  return [
    `**${rank}. ${text(title)}** (${saves}; ${code(rule)})\n\n${at.length > 0 ? `${at.join(', ')}: ` : ''}${text(detail)}`,
    ...proven,
    ...(next === null ? [] : [fence([nextWords(finding, command).join(' ')], 'sh')]),
  ]
}

function nodes({ nodes: all, latency }: ReportDocument): Block {
  const timed = all.filter(({ timeMs }) => timeMs > 0).sort((a, b) => b.timeMs - a.timeMs)
  const rows = timed.slice(0, MOST_ROWS)
  const left = timed.length - rows.length
  const drawn = table([
    { head: 'operator', cells: rows.map((node) => code(nodeName(node, 60))) },
    { head: 'type', cells: rows.map(({ opType }) => code(opType, 40)) },
    { head: 'time', isNumber: true, cells: rows.map(({ timeMs }) => time(timeMs)) },
    ...(latency === null ? [] : [{ head: 'share', isNumber: true, cells: rows.map(({ share }) => sharePercent(share)) }]),
    { head: 'bound by', cells: rows.map(({ bound }) => bound ?? 'not known') },
  ])
  return left > 0 ? `${drawn}\n\n${plural(left, 'other operator')}.` : drawn
}

function lines({ lines: all }: ReportDocument): Block {
  const rows = (all ?? []).slice(0, MOST_ROWS)
  return table([
    { head: 'line', cells: rows.map(({ file, line }) => code(`${file}:${line}`)) },
    { head: 'function', cells: rows.map((row) => (row.function === null ? '' : code(row.function, 40))) },
    { head: 'time', isNumber: true, cells: rows.map(({ timeMs }) => time(timeMs)) },
    { head: 'share', isNumber: true, cells: rows.map(({ share }) => sharePercent(share)) },
  ])
}
