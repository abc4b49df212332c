// Trials for the queue: made, signed, and checked again by who takes them. Who can write to the queue can make jobs: an agent takes what has
// its schema, plain names, a time that is not long ago, and the signature of the fleet's key.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { faultBy } from '@whyslow/report/saved/saved-document.ts'
import type { FleetJob, StoredFile } from './job-type.ts'
import { canonical, faultOfTime, isSigned, signatureOf } from './signature.ts'

export type { FleetJob, StoredFile }

export type UnsignedJob = Omit<FleetJob, 'schema' | 'kind' | 'trial' | 'putBacks' | 'signature'>

/** What signs a job, for one kind of machine alone. */
export interface Signer {
  /** What the fleet shares. */
  readonly key: string
  readonly machine: string
}

/** `signer`: null: not signed. */
export function makeJob(given: UnsignedJob, signer: Signer | null): FleetJob {
  const job = {
    schema: 'whyslow-job/2' as const,
    kind: 'why' as const,
    ...given,
    trial: trialOf(given),
    putBacks: 0,
    signature: null,
  }
  return signed(job, signer)
}

const signed = (job: FleetJob, signer: Signer | null): FleetJob => ({
  ...job,
  signature: signer === null ? null : signatureOf(signedPart(job, signer), signer.key),
})

/** As an agent gives it back. */
export const putBackOnce = (job: FleetJob, signer: Signer | null): FleetJob =>
  signed({ ...job, putBacks: job.putBacks + 1 }, signer)

const trialOf = (given: UnsignedJob): string => `t${createHash('sha256').update(canonical(given)).digest('hex').slice(0, 40)}`

/** The machine is not in the job: an agent puts its own in, so that one for other machines has another signature. */
const signedPart = ({ signature: _, ...signed }: FleetJob, { machine }: Signer) => ({ ...signed, machine })

/** As long as a queue keeps what has ended: until then the same trial is the same job there. */
export const JOB_LIFE_MS = 7 * 24 * 3600e3

const HASH = /^[0-9a-f]{64}$/
/** Most characters or elements of a name, a list, a text. */
const MOST = 255
const MOST_FILE_BYTES = 64e9

export type CheckedJob = { readonly ok: true; readonly job: FleetJob } | { readonly ok: false; readonly reason: string }

/** `signer`: the fleet's, of this machine; null: jobs need no signature. Never throws. */
export function checkJob(value: unknown, signer: Signer | null, nowMs: number): CheckedJob {
  const refused = (reason: string): CheckedJob => ({ ok: false, reason })
  const fault = faultBy(new URL('./validators/fleet-job.cjs', compiledTwin(import.meta.url)), value)
  if (fault !== undefined) return refused(`this is not a job of version 2 (${fault})`)
  const job = value as FleetJob
  if (signer !== null && !isSigned(signedPart(job, signer), job.signature, signer.key))
    return refused("its signature is not the fleet key's for this machine")
  const { schema: _, kind: __, trial, putBacks, signature: ___, ...given } = job
  if (trial !== trialOf(given)) return refused('its name is not that of its content')
  const late = faultOfTime(job.issuedAt, nowMs, JOB_LIFE_MS)
  if (late !== undefined) return refused(late)
  const files = [...job.model, ...job.data]
  if (job.model.length === 0 || files.length > MOST) return refused('it names no model, or too many files')
  const wrong = files.find(
    ({ name, sha256, sizeBytes }) => !isPlain(name) || !HASH.test(sha256) || !isSize(sizeBytes, MOST_FILE_BYTES),
  )
  if (wrong !== undefined)
    return refused(`a file of it has no plain name, hash and size: ${JSON.stringify(wrong).slice(0, MOST)}`)
  // In lower case: some systems tell no more of a name.
  if (new Set(files.map(({ name }) => name.normalize().toLowerCase())).size < files.length)
    return refused('two files of it have one name')
  const counts = [job.batch ?? 1, job.threads ?? 1, ...Object.values(job.shapes).flat()]
  if (!counts.every((count) => isSize(count, 2 ** 31)) || !isSize(putBacks, MOST)) return refused('a size of it is none')
  if (job.seconds !== null && !(job.seconds > 0 && job.seconds <= 3600))
    return refused('it would be measured for longer than an hour')
  return { ok: true, job }
}

const isSize = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= most

/** A name that leads into no other folder, on any system. */
const isPlain = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && name.length <= MOST && path.basename(name) === name && !/[\\/:\0]/.test(name)
