// A decoder opened: by the engine, and by the code of a shipped folder, which brings its layout along and reads no graph.
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { Sequence } from '../../generator.ts'
import type { OrtApi } from './c-api.ts'
import type { HeldLayout } from './layout.ts'
import { openSequence } from './sequence.ts'
import { openSession } from './session.ts'

export interface HeldModel {
  /** A sequence with empty caches; the caller closes it before the model. */
  start(): Sequence
  close(): void
}

export interface HeldOptions {
  readonly layout: HeldLayout
  /** null leaves the number to the library. */
  readonly threads: number | null
  /** Threads for more than one token at once, if they differ: a session of its own, with weights of its own. */
  readonly prefillThreads: number | null
  /** The longest context; null: any. */
  readonly context: number | null
}

/** Throws what the library says of the file. */
export function openHeldModel(api: OrtApi, file: string, { layout, threads, prefillThreads, context }: HeldOptions): HeldModel {
  const sessions: Handle[] = []
  const close = () => {
    for (const session of sessions.splice(0)) api.free('Session', session)
  }
  const open = (count: number | null): Handle => {
    const session = openSession(api, file, count)
    sessions.push(session)
    return session
  }
  try {
    const decode = open(threads)
    const prefill = prefillThreads === null || prefillThreads === threads ? decode : open(prefillThreads)
    return { start: () => openSequence({ api, decode, prefill, layout, context }), close }
  } catch (error) {
    close()
    throw error
  }
}
