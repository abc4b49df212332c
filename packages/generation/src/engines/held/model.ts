// A decoder opened: by the engine, and by the code of a shipped folder, which brings its layout along and reads no graph.
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { Sequence } from '../../generator.ts'
import type { OrtApi } from './c-api.ts'
import type { Constants, HeldOpening } from './first-call.ts'
import type { HeldLayout } from './layout.ts'
import { openSequence } from './sequence.ts'
import { openSession } from './session.ts'

export interface HeldModel {
  /** A sequence with empty caches. `constants`: fed unchanged, at each step and in the first call that another graph makes. */
  start(constants?: HeldConstants): Sequence
  /** Closes what was started, too: memory of a session must not be touched after it. */
  close(): void
}

export interface HeldConstants {
  readonly steps: Constants
  readonly first: Constants
}

export interface HeldOptions {
  /** Another graph for the first call; absent: the same makes it. */
  readonly opening?: { readonly file: string } & Pick<HeldOpening, 'feeds' | 'presents'>
  readonly layout: HeldLayout
  /** null leaves the number to the library. */
  readonly threads: number | null
  /** Threads for more than one token at once, if they differ: a session of its own, with weights of its own. */
  readonly prefillThreads: number | null
  /** The longest context; null: any. */
  readonly context: number | null
}

/** Throws what the library says of the file. */
export function openHeldModel(
  api: OrtApi,
  file: string,
  { layout, threads, prefillThreads, context, opening }: HeldOptions,
): HeldModel {
  const sessions: Handle[] = []
  const started = new Set<Sequence>()
  const close = () => {
    for (const sequence of started) sequence.close()
    started.clear()
    for (const session of sessions.splice(0)) api.free('Session', session)
  }
  const open = (count: number | null, from = file): Handle => {
    const session = openSession(api, from, count)
    sessions.push(session)
    return session
  }
  try {
    const decode = open(threads)
    const prefill = prefillThreads === null || prefillThreads === threads ? decode : open(prefillThreads)
    const first = opening === undefined ? null : { ...opening, session: open(prefillThreads ?? threads, opening.file) }
    const start = (constants?: HeldConstants) => {
      const behind = {
        ...(constants === undefined ? {} : { constants: constants.steps }),
        ...(first === null ? {} : { opening: { ...first, constants: constants?.first ?? {} } }),
      }
      const sequence = openSequence({ api, decode, prefill, layout, context, ...behind }, () => started.delete(sequence))
      started.add(sequence)
      return sequence
    }
    return { start, close }
  } catch (error) {
    close()
    throw error
  }
}
