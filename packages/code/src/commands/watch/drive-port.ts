// Requests to the program that is watched, as the product that measures servers sends them; the top hands it in.
import type { ClientTimes } from '../../watch/partition.ts'
import type { WatchOptions } from './options.ts'

export interface DriveResult {
  readonly ratePerSecond: number
  /** The address without a password. */
  readonly shown: string
  /** Requests that failed or timed out. */
  readonly unanswered: number
  /** Answered, whatever the status; those that warmed the server up, too. */
  readonly sent: readonly (ClientTimes & { readonly isMeasured: boolean })[]
}

/** Throws InputError if nothing answers there, or if the server refuses the request; the signal's reason if it is aborted. */
export type Drive = (
  address: string,
  options: Omit<WatchOptions, 'url' | 'stopped' | 'trials'>,
  signal: AbortSignal,
) => Promise<DriveResult>
