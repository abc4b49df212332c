// What was tried, drawn from the report document: a line for each trial, and the whole at the end.

import { plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '../documents/report.ts'
import type { ReportFix, ReportPython, ReportServing } from '../documents/report-fix.ts'
import type { TrialRow } from '../documents/trial-row.ts'
import { madeUpInputs } from './answers/likeness.ts'
import { speedupRange } from './fix-answer.ts'
import { estimateAgainstResult } from './foretold.ts'
import { type Colours, page, paper, type TerminalOptions, warningLines } from './page.ts'
import { nextWords, wrap, wrapCommand, wrapHanging } from './wrap.ts'

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
  else parts.push(trial.outcome === 'no-difference' || trial.outcome === 'faster' ? 'not kept' : trial.outcome)
  if (trial.reason !== null) parts.push(trial.reason)
  if (trial.agreement?.weak !== undefined) parts.push('weak comparison')
  return parts.join(', ')
}

/** Five minutes, or twice what there was. */
const more = (budget: ReportFix['budget']): string => `${Math.max(5, Math.ceil((2 * (budget?.seconds ?? 0)) / 60))}m`

/** What the budget left no time for, and what gives more; nothing if all was tried. */
export const untriedLines = (fix: ReportFix | null | undefined, width: number): string[] =>
  fix == null || fix.untried.length === 0
    ? []
    : wrapHanging(`No time was left for: ${fix.untried.join(', ')}. Give more: --budget ${more(fix.budget)}`, width)

/** The end of `fix`: the sentence, what was kept, where it lies. Ends with a line end. Pure. */
export function renderFix(doc: ReportDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { fix } = doc
  const foretold = estimateAgainstResult(doc)
  const inputs = doc.model?.inputs ?? []
  const synthetic = inputs.filter(({ source }) => source === 'synthetic').map(({ name }) => name)
  const compared = `Compared on ${madeUpInputs(inputs)} (${synthetic.slice(0, 3).join(', ')}). To prove it on your own: --data\u00a0PATH`
  const bound = 'The model is optimized for this machine: run whyslow fix again on others.'
  const written = `Written: ${fix?.shipped} (predict.mjs, options.json, README.md, report.json)`
  return page([
    wrap(doc.answer, width).map(colours.bold),
    foretold === undefined ? [] : wrapHanging(foretold, width),
    fix?.int8 === undefined ? [] : int8Lines(fix.int8, options, width),
    untriedLines(fix, width),
    fix?.serving == null ? [] : servingLines(fix.serving, width),
    fix?.machineBound ? wrap(bound, width).map(colours.yellow) : [],
    fix && fix.shipped !== null ? wrapHanging(written, width) : [],
    fix?.python === undefined ? [] : wrapHanging(pythonText(fix.python), width),
    synthetic.length > 0 && doc.trials.length > 0 ? wrapHanging(compared, width) : [],
    ...doc.warnings.map((warning) => warningLines([warning], width, colours)),
  ])
}

/** The set-up of a server that holds the objective at the highest rate, and the others. */
function servingLines({ objective, best, tried }: ServingTried, width: number): string[] {
  const rate = (perSecond: number) => (perSecond >= 100 ? String(Math.round(perSecond)) : significant(perSecond))
  const setup = ({ workers, threads, maxBatch, batchDelayMs }: ServingTried['tried'][number]) =>
    `${plural(workers, 'worker')}${threads === null ? '' : ` × ${plural(threads, 'thread')}`}${maxBatch === 1 ? '' : `, up to ${maxBatch} rows together`}${batchDelayMs === undefined ? '' : ` that arrive within ${time(batchDelayMs)}`}`
  const rows = tried.map((one) => {
    const why = one.why === null ? '' : `; ${one.why}`
    const held = one.found?.confirmed === 0 ? 'held in short runs' : 'holds'
    const found = one.found === null ? one.why : `${held} ${rate(one.found.ratePerSecond)} requests/s${why}`
    const most = one.answersPerSecond === null ? '' : `answers ${rate(one.answersPerSecond)} a second at most; `
    return wrapHanging(`${setup(one)}: ${most}${found}`, width)
  })
  const won = best === null ? null : tried[best]!
  const found = won?.found
  const unknown =
    won === null
      ? null
      : `Served with ${setup(won)}, which does best in short runs; no rate is known to hold ${objective}: ${won.why}.`
  const answer =
    found == null
      ? (unknown ?? `No set-up of a server was found that holds ${objective}: the folder says nothing of serving.`)
      : `Served with ${setup(won!)}, ${rate(found.ratePerSecond)} requests/s (${rate(found.low)}–${rate(found.high)}) ${won!.why === null ? 'hold' : 'held'} ${objective}${won!.why === null ? '' : `, ${won!.why}`}.`
  return [...wrap(answer, width), ...rows.flat()]
}

type ServingTried = ReportServing

/** The folder's module in the user's own Python: one line. */
export function pythonText({ version, runs, own, beforeMs, afterMs, reason, leftOut, ...rest }: ReportPython): string {
  if (leftOut !== undefined) return `No Python module was shipped: in Python ${version} ${leftOut}`
  if (runs === null) return `Not tried in Python: ${reason}`
  const { speedupLow, speedupHigh, agreement, sameAsNode } = rest
  const where = `In Python ${version} through predict.py (${runs})`
  const node = sameAsNode === null ? '' : `, outputs ${alike(sameAsNode)} in Node`
  if (beforeMs === null || afterMs === null || speedupLow === null || speedupHigh === null)
    return `${where}: not compared with a library, ${reason}${node}`
  const outputs = agreement === null ? '' : `, outputs ${alike(agreement)} there`
  const slower = speedupHigh < 1 ? `Slower than ${own}. ` : ''
  return `${slower}${where}: ${time(beforeMs)} in ${own} to ${time(afterMs)} (${speedupRange(speedupLow, speedupHigh)})${outputs}${node}`
}

const alike = ({ maxAbs, equal }: NonNullable<ReportPython['agreement']>): string =>
  maxAbs === 0 ? 'the same as' : equal ? 'equal up to rounding to those' : `differ by at most ${significant(maxAbs)} from those`

/** What was not tried, and why not; the command on lines of its own, so that it can be pasted. */
function int8Lines(
  int8: NonNullable<NonNullable<ReportDocument['fix']>['int8']>,
  { command }: TerminalOptions,
  width: number,
): string[] {
  const { timed, faster, savingMs } = int8
  const alone = 'int8 was not tried, since it changes outputs. Timed alone'
  if (faster === 0) return wrapHanging(`${alone}, none of ${timed} operators is faster in it.`, width)
  const which = timed === 1 ? 'the one operator' : `${faster} of ${timed} operators`
  const saves = `${alone}, ${which} would take ${time(savingMs)} less in it, conversions at its borders included. To have it tried:`
  return [...wrapHanging(saves, width), ...wrapCommand(nextWords(int8, command), width, '  ')]
}
