// What was tried, drawn from the report document: a line for each trial, and the whole at the end.
import picocolors from 'picocolors'
import type { ReportDocument } from '../documents/report.ts'
import type { TrialRow } from '../documents/trial-row.ts'
import type { Colours, TerminalOptions } from './colours.ts'
import { speedupRange } from './fix-answer.ts'
import { time } from './numbers.ts'
import { wrap } from './wrap.ts'

/** One trial as its own lines: name, before and after, interval, agreement, kept or not and why. No line end. Pure. */
export function trialLines(trial: TrialRow, width: number, colours: Colours): string[] {
  const mark = trial.kept ? '+' : trial.outcome === 'rejected' || trial.outcome === 'failed' ? '!' : '-'
  const colour = trial.kept ? colours.green : mark === '!' ? colours.yellow : (text: string) => text
  return wrap(`${trial.name}: ${storyOf(trial)}`, width, `${mark} `).map(colour)
}

function storyOf(trial: TrialRow): string {
  const parts: string[] = []
  if (trial.beforeMs !== null && trial.afterMs !== null) parts.push(`${time(trial.beforeMs)} to ${time(trial.afterMs)}`)
  // Of two pairs an interval says nothing.
  const sure = (trial.pairs ?? 0) >= 3
  if (sure && trial.speedupLow !== null && trial.speedupHigh !== null)
    parts.push(speedupRange(trial.speedupLow, trial.speedupHigh))
  if (trial.kept) parts.push('kept')
  else parts.push(trial.outcome === 'no-difference' ? 'not kept' : trial.outcome)
  if (trial.reason !== null) parts.push(trial.reason)
  return parts.join(', ')
}

/** The end of `fix`: the sentence, what was kept, where it lies. Ends with a line end. Pure. */
export function renderFix(doc: ReportDocument, options: TerminalOptions): string {
  const width = Math.max(40, options.width)
  const colours = picocolors.createColors(options.colour)
  const lines = wrap(doc.answer, width).map(colours.bold)
  const { fix } = doc
  if (fix) {
    if (fix.untried.length > 0)
      lines.push('', ...wrap(`No time was left for: ${fix.untried.join(', ')}. Give more: --budget 5m`, width, '', '  '))
    if (fix.machineBound)
      lines.push('', ...wrap('The model is laid out for this machine; on others make it again.', width).map(colours.yellow))
    if (fix.shipped !== null)
      lines.push('', ...wrap(`Written: ${fix.shipped} (predict.mjs, options.json, README.md, report.json)`, width, '', '  '))
  }
  const synthetic = (doc.model?.inputs ?? []).filter(({ source }) => source === 'synthetic').map(({ name }) => name)
  if (synthetic.length > 0 && doc.trials.length > 0) {
    const text = `Compared on synthetic inputs (${synthetic.slice(0, 3).join(', ')}); to prove it with your own: --data\u00a0PATH`
    lines.push('', ...wrap(text, width, '', '  '))
  }
  for (const warning of doc.warnings) lines.push('', ...wrap(`Warning: ${warning}`, width, '', '  ').map(colours.yellow))
  return `${lines.join('\n')}\n`
}
