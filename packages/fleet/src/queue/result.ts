// What an agent hands in of a trial: the report, signed for this trial on this kind of machine. Who can write to the queue or to the store can
// write any report there: with the fleet's key, one without its signature is none.

import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { faultIn } from '@whyslow/report/saved/saved-document.ts'
import { withoutNul } from '../store/trial-store.ts'
import { isSigned, signatureOf } from './signature.ts'

/** Which trial, and what its machine is like. */
export interface TrialOn {
  readonly trial: string
  readonly machine: string
}

export interface FleetResult extends TrialOn {
  readonly report: ReportDocument
  /** null: the fleet has no key. */
  readonly signature: string | null
}

export type CheckedResult =
  | { readonly ok: true; readonly result: FleetResult }
  /** What it is, or is not. */
  | { readonly ok: false; readonly reason: string }

/** `key`: null: not signed. */
export const makeResult = ({ trial, machine }: TrialOn, report: ReportDocument, key: string | null): FleetResult => ({
  trial,
  machine,
  report,
  signature: key === null ? null : signatureOf(signedPart({ trial, machine }, report), key),
})

/** As it is in the queue. `of`: what was asked; another trial's result is none of it. Never throws. */
export function checkResult(value: unknown, of: TrialOn, key: string | null): CheckedResult {
  const { trial, machine, report, signature } = (value ?? {}) as Partial<Record<keyof FleetResult, unknown>>
  if (trial !== of.trial || machine !== of.machine) return refused('a report of this trial')
  return checkSigned({ report, signature }, of, key)
}

/** As it is in the store, where the signature stands in the report. */
export function checkStored(row: unknown, of: TrialOn, key: string | null): CheckedResult {
  const { fleetSignature, ...report } = (row ?? {}) as Readonly<Record<string, unknown>>
  return checkSigned({ report, signature: fleetSignature }, of, key)
}

/** For the store. */
export const storedReport = ({ report, signature }: FleetResult): ReportDocument =>
  signature === null ? report : ({ ...report, fleetSignature: signature } as ReportDocument)

function checkSigned(
  { report, signature }: { readonly report: unknown; readonly signature: unknown },
  of: TrialOn,
  key: string | null,
): CheckedResult {
  const fault = faultIn('saved-report', report)
  if (fault !== undefined) return refused('a report of a latency', fault)
  const found = report as ReportDocument
  if (key !== null && !isSigned(signedPart(of, found), signature, key))
    return refused("signed with the fleet's key for this trial")
  return { ok: true, result: { ...of, report: found, signature: typeof signature === 'string' ? signature : null } }
}

const refused = (what: string, fault?: string): CheckedResult => ({
  ok: false,
  reason: `not ${what}${fault === undefined ? '' : ` (${fault})`}`,
})

/** The report as every queue and store gives it back. */
const signedPart = ({ trial, machine }: TrialOn, report: ReportDocument) => ({
  trial,
  machine,
  report: JSON.parse(withoutNul(report)) as unknown,
})
