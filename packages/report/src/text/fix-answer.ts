// The sentence that ends `fix`: before, after, how sure, what did it, and what was gave no gain.

import { bytes, percent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { AbFix } from '../documents/ab.ts'
import type { ReportDocument, ReportTrial } from '../documents/report.ts'
import type { ReportFix } from '../documents/report-fix.ts'

type Fix = ReportFix

const SUBJECT: Readonly<Record<Fix['goal'], string>> = {
  latency: 'Latency per prediction',
  throughput: 'Time per sample in a batch',
  'load-time': 'Time from load to the first result',
  memory: 'Peak memory',
  size: 'Model size on disk',
}

const size = (value: number, unit: Fix['unit']): string => (unit === 'ms' ? time(value) : bytes(value))

/** Rows with a sentence of their own. */
const APART = new Set<string | undefined>(['conversion', 'preprocessing'])

/** An interval over more than this says that rounds do not agree, and its ends say nothing. */
const WIDEST = 1000

/** Whether both ends of an interval say something. */
export const isWithinMeasure = (low: number, high: number): boolean => high <= WIDEST * low

/** '2.6–2.9×', or '2.6×' where both ends read the same; 'at least 1.3×' where the other end is out of all measure. */
export function speedupRange(low: number, high: number): string {
  if (!isWithinMeasure(low, high))
    return low > 1 ? `at least ${factor(low)}×` : high < 1 ? `at most ${factor(high)}×` : 'rounds differ too much to tell'
  const [a, b] = [factor(low), factor(high)]
  return a === b ? `${a}×` : `${a}–${b}×`
}

const factor = (value: number): string => (value < 10 ? significant(value, value < 2 ? 3 : 2) : value.toFixed(0))

/** One sentence, or two if nothing helped. Pure. */
export function fixAnswer(fix: Fix, trials: ReportDocument['trials']): string {
  return `${mainSentence(fix, trials)}${conversionSentence(trials)}${picturesSentence(trials)}`
}

function mainSentence(fix: Fix, trials: ReportDocument['trials']): string {
  const vain = triedInVain(trials)
  if (!fix.proven) {
    const tried = vain.length > 0 ? `; no gain from: ${vain.join(', ')}` : ''
    return `${SUBJECT[fix.goal]} stays at ${size(fix.before, fix.unit)}: nothing that was tried is proven better, so your model and settings are unchanged${tried}.`
  }
  const how = fix.unit === 'ms' ? speedupRange(fix.speedupLow, fix.speedupHigh) : `${percent(1 - fix.after / fix.before)} less`
  const tried = vain.length > 0 ? `; no gain from: ${vain.join(', ')}` : ''
  return `${SUBJECT[fix.goal]}: ${size(fix.before, fix.unit)} to ${size(fix.after, fix.unit)} (${how}), ${fix.outputs}. Changes: ${fix.changes.join(', ')}${tried}.`
}

/** What converting the model gave before all else, if its owner's runtime was measured, too. */
function conversionSentence(trials: ReportDocument['trials']): string {
  const converted = trials.find(({ remedies }) => remedies[0] === 'conversion')
  if (converted === undefined) return ''
  const { beforeMs, afterMs, speedupLow, speedupHigh, changes } = converted
  if (beforeMs === null || afterMs === null || speedupLow === null || speedupHigh === null) return ''
  return ` Before that, by ${changes.join(', ')}: ${time(beforeMs)} to ${time(afterMs)} (${speedupRange(speedupLow, speedupHigh)}).`
}

/** What moving the code in front of the model into it gave, if that was requested. */
function picturesSentence(trials: ReportDocument['trials']): string {
  const moved = trials.find(({ remedies }) => remedies[0] === 'preprocessing')
  if (moved === undefined) return ''
  if (moved.kept !== true) return ` The preprocessing stays in your code: ${moved.reason}.`
  const { beforeMs, afterMs, speedupLow, speedupHigh } = moved
  if (beforeMs === null || afterMs === null || speedupLow === null || speedupHigh === null) return ''
  return ` With the code in front of the model moved into it: ${time(beforeMs)} to ${time(afterMs)} (${speedupRange(speedupLow, speedupHigh)}).`
}

/**
 * Remedies of which no variant was kept, each once, in the order of trial; one of which something was looked at that may not be kept counts where
 * another of it was judged.
 */
function triedInVain(trials: ReportDocument['trials']): string[] {
  const kept = new Set(trials.flatMap((trial) => (trial.kept === true ? trial.remedies : [])))
  const lookedAt = new Set<string | undefined>(trials.flatMap((trial) => (isLookedAt(trial) ? trial.remedies : [])))
  const tried = trials.filter(({ remedies: [id], pairs }) => !APART.has(id) && (!lookedAt.has(id) || typeof pairs === 'number'))
  return [...new Set(tried.flatMap(({ remedies }) => remedies))].filter((id) => !kept.has(id))
}

const isLookedAt = ({ outcome, lookedSpeedup }: ReportTrial): boolean =>
  outcome === 'rejected' && (lookedSpeedup ?? null) !== null

/** 'service.py:12', then the line as it is and as it becomes. Pure. */
export function changeLines({ files }: AbFix): string[] {
  return files.flatMap(({ file, changes }) =>
    changes.flatMap(({ line, before, after }) => [
      `@@ ${file}:${line}`,
      ...(before === null ? [] : [`-${before}`]),
      ...(after === null ? [] : [`+${after}`]),
    ]),
  )
}
