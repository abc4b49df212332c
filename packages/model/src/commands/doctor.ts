// `whyslow doctor`: this computer, how quiet it is, and what can run models on it.

import { disturbanceIn, type Look, lookAround } from '@whyslow/command/quiet.ts'
import type { DoctorDocument } from '@whyslow/report/documents/doctor.ts'
import { listEngines } from './engines.ts'
import { describeMachine } from './machine.ts'

type DoctorOptions = NonNullable<Parameters<typeof describeMachine>[0]> &
  NonNullable<Parameters<typeof listEngines>[0]> & {
    /** What other programs take of the machine. */
    readonly look?: () => Promise<Look>
  }

/** The look comes first: what follows is work of our own. */
export async function doctor({ look = lookAround, ...options }: DoctorOptions = {}): Promise<DoctorDocument> {
  options.onProgress?.({ stage: 'what else runs here', done: 0, of: 1 })
  const seen = await look()
  const { busyShare, stolenShare, waitedShare } = seen
  const machine = await describeMachine(options)
  const { engines } = await listEngines(options)
  return { ...machine, engines, others: { busyShare, stolenShare, waitedShare, disturbance: disturbanceIn(seen) } }
}
