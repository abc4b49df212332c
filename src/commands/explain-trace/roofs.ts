// The roof that operators of a recording are held against: the peak that the file itself states of its device, or that of a machine that
// was measured with `whyslow machine`.
import type { TraceFacts } from '../../analyze/traces/facts.ts'
import { readJson } from '../../evidence/saved-document.ts'
import { InputError } from '../../graph/input-error.ts'

const HINT = '--machine takes what whyslow machine --json wrote'

/** FLOP/s in float32 of a machine document: of the most threads that were measured. InputError where the file is none. */
export function machineRoof(file: string): number {
  const document = readJson(file, { what: file, hint: HINT })
  const roofs = isRecord(document) && Array.isArray(document.roofs) ? document.roofs.filter(isRecord) : []
  const known = roofs.flatMap(({ threads, flopsPerSecond }) => {
    const float32 = isRecord(flopsPerSecond) ? flopsPerSecond.float32 : undefined
    return typeof threads === 'number' && typeof float32 === 'number' && float32 > 0 ? [{ threads, float32 }] : []
  })
  const [most] = known.sort((a, b) => b.threads - a.threads)
  if (most === undefined) throw new InputError(`${file}: no roof of float32 in this file; ${HINT}`)
  return most.float32
}

/** FLOP/s that operators can reach at most; undefined: not known. */
export const roofOf = ({ devices }: TraceFacts, machine: number | undefined): number | undefined =>
  machine ?? devices.find(({ flopsPerSecond }) => flopsPerSecond !== null)?.flopsPerSecond ?? undefined

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
