// What every renderer words of findings: what is to fix, what it would save, what was checked and what could not be.

import { significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { CodeReplacement, ReportDocument } from '../../documents/report.ts'
import { wrapHanging } from '../wrap.ts'

type Factor = Pick<CodeReplacement, 'factor' | 'factorLow' | 'factorHigh'>
type Saving = Pick<ReportDocument['findings'][number], 'timeMs' | 'wouldSaveMs' | 'savingUnknown' | 'basis'>

/** There is something to gain, if only nobody knows how much; the others are worth knowing. */
export const isToFix = ({ wouldSaveMs }: Pick<Saving, 'wouldSaveMs'>): boolean => wouldSaveMs === null || wouldSaveMs > 0

/** 'would save up to 3.20 ms of 9.00 ms'; 'takes 5.00 ms of 9.00 ms; saving unknown: no replacement was run'. */
export function savingWords({ timeMs, wouldSaveMs, savingUnknown, basis }: Saving, wholeMs: number | null): string {
  const whole = wholeMs === null ? '' : ` of ${time(wholeMs)}`
  const unknown = `saving unknown${savingUnknown ? `: ${savingUnknown}` : ''}`
  if (wouldSaveMs === null) return timeMs > 0 ? `takes ${time(timeMs)}${whole}; ${unknown}` : unknown
  // Measured apart from the whole, a saving can come out slightly larger.
  if (wholeMs !== null && wouldSaveMs >= wholeMs) return `would save nearly all of ${time(wholeMs)}`
  return `would save ${basis === 'modelled' ? 'up to ' : ''}${time(wouldSaveMs)}${whole}`
}

/** As fast as this and more, nothing is left that a clock tells apart. */
const NOTHING_LEFT = 1000

/** '3.1× (2.5–4) as fast'; of what is done once in place of each time, that nothing is left. */
export const factorWords = ({ factor, factorLow, factorHigh }: Factor): string =>
  factorLow >= NOTHING_LEFT
    ? 'next to nothing is left of it'
    : `${significant(factor)}× (${significant(factorLow)}–${significant(factorHigh)}) as fast`

/** What users read for a basis: a modelled saving is an estimate. */
export const basisWord = (basis: Saving['basis']): string => (basis === 'modelled' ? 'estimated' : basis)

/** How the saving is known; empty if it is not. */
export const basisOf = ({ wouldSaveMs, basis }: Saving): readonly string[] => (wouldSaveMs === null ? [] : [basisWord(basis)])

/** The first letter large. */
export const sentenceCase = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`

export interface Checks {
  readonly clear?: readonly string[]
  readonly doesNotApply?: readonly string[]
  readonly notChecked?: readonly { readonly rule: string; readonly reason: string }[]
}

/** Rules that could not tell, by the reason. */
export function byReason({ notChecked = [] }: Checks): ReadonlyMap<string, readonly string[]> {
  const rules = new Map<string, string[]>()
  for (const { rule, reason } of notChecked) rules.set(reason, [...(rules.get(reason) ?? []), rule])
  return rules
}

/** What was checked and is fine, what has nothing to be about, and what could not be checked. */
export function checkedLines(checks: Checks, width: number): string[] {
  const { clear = [], doesNotApply = [] } = checks
  const parts = [...byReason(checks)].map(([reason, rules]) => `${rules.join(', ')} (${reason})`)
  return [
    ...(clear.length === 0 ? [] : wrapHanging(`Checked and fine: ${clear.join(', ')}.`, width)),
    ...(doesNotApply.length === 0 ? [] : wrapHanging(`Does not apply: ${doesNotApply.join(', ')}.`, width)),
    ...(parts.length === 0 ? [] : wrapHanging(`Not checked: ${parts.join('; ')}.`, width)),
  ]
}
