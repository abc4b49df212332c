// Saved evidence: JSON, with the numbers that JSON cannot hold (infinities in masks, NaN) written as { "$number": "-Infinity" }.

import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject } from '@whyslow/graph/json.ts'
import { faultBy, readJson } from '@whyslow/report/saved/saved-document.ts'
import type { Evidence } from './evidence.ts'

export function formatEvidence(evidence: Evidence): string {
  const text = JSON.stringify(evidence, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value,
  )
  return `${text}\n`
}

/** Evidence from a file, or InputError that says what the file is instead. */
export function readEvidence(path: string): Evidence {
  const hint = 'explain takes what --save-evidence wrote (whyslow MODEL measures a model)'
  const document = readJson(path, { what: path, hint }, revive)
  const schema = isObject(document) ? document.schema : undefined
  if (typeof schema === 'string' && schema.startsWith('whyslow-report/')) {
    throw new InputError(`${path}: this is a report document; explain takes what --save-evidence wrote`)
  }
  if (typeof schema === 'string' && schema.startsWith('whyslow-evidence/') && schema !== 'whyslow-evidence/1') {
    throw new InputError(
      `${path}: evidence of version ${schema.split('/')[1]}, this whyslow reads version 1; use the whyslow that wrote it`,
    )
  }
  if (schema !== 'whyslow-evidence/1') {
    throw new InputError(`${path}: this JSON is not whyslow evidence; explain takes what --save-evidence wrote`)
  }
  const fault = faultInEvidence(document)
  if (fault !== undefined) throw new InputError(`${path}: damaged evidence (${fault}); save it again with --save-evidence`)
  return document as Evidence
}

/** What is wrong with a document that says it is evidence; undefined if it has that type. */
export const faultInEvidence = (document: unknown): string | undefined =>
  faultBy(new URL('./validators/evidence.cjs', compiledTwin(import.meta.url)), document)

/** For JSON.parse: JSON's own values, those that `formatEvidence` wrote in another way, and names of before. */
export function revive(_: string, value: unknown): unknown {
  if (!isObject(value)) return value
  if (typeof value.$number === 'string') return Number(value.$number)
  return 'stolenMs' in value && 'throttledMs' in value ? underNewNames(value) : value
}

/** Evidence of version 0.1.0 called sums over CPUs as if they were of the wall time. */
function underNewNames({ stolenMs, throttledMs, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return { ...rest, stolenCpuMs: stolenMs, throttledCpuMs: throttledMs }
}
