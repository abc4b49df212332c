// `fleet --queue`: opens the queue, asks, and closes it.
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { FLEET_DEFAULTS, type FleetOptions } from '../fleet.ts'
import { checkQueue, openAsking } from './bullmq-queue.ts'
import { dispatch } from './dispatch.ts'
import { openFileStore } from './open-file-store.ts'

export interface QueueOptions {
  readonly queue: string
  /** Patterns of machines, with *; null: all that listen. */
  readonly machines: readonly string[] | null
  /** The folder that all machines of the fleet see, or s3://bucket/prefix. */
  readonly models: string
  readonly key: string | null
  /** Priority from 1, which is taken first, to 9. */
  readonly priority: number
}

/** Throws InputError as `dispatch` does, and where the queue cannot be used. */
export async function fleetByQueue(
  files: readonly string[],
  given: Partial<FleetOptions>,
  { queue: url, machines, models, key, priority }: QueueOptions,
): Promise<StudyDocument> {
  checkQueue(url, key)
  const store = await openFileStore(models)
  const queue = await openAsking(url, key)
  try {
    return await dispatch(files, { queue, options: { ...FLEET_DEFAULTS, ...given }, machines, models: store, key, priority })
  } finally {
    await queue.close()
    store.close()
  }
}
