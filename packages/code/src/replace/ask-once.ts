// A process of its own that is told a plan and answers once, as JSON: of the loops that are proven, in whichever language they are. What the
// user's code starts there and leaves behind ends with it, and keeps nobody waiting, whatever pipes it holds open.
import type { Readable } from 'node:stream'
import { lastWords } from '@whyslow/measure/processes/last-words.ts'
import { startProcess, textFrom } from '@whyslow/measure/processes/start-process.ts'

export interface ChildRequest {
  readonly executable: string
  readonly words: readonly string[]
  /** The plan, written to its standard input. */
  readonly plan: string
  /** Where it answers: its standard output, or a pipe of its own, so that what user code prints is no answer. */
  readonly answersOn: 'output' | 'pipe'
  readonly limitMs: number
  readonly signal: AbortSignal | undefined
}

/** The answer, or why there is none. Throws the signal's reason if it is aborted. */
export async function askOnce<Answer>(asked: ChildRequest): Promise<Answer | string> {
  const { executable, words, plan, answersOn, limitMs, signal } = asked
  const byPipe = answersOn === 'pipe'
  const { child, ended } = startProcess({
    executable,
    words,
    stdio: ['pipe', byPipe ? 'ignore' : 'pipe', 'pipe', ...(byPipe ? ['pipe' as const] : [])],
    isUsers: true,
    limits: { timeMs: limitMs, signal },
  })
  const answer = textFrom(child.stdio[byPipe ? 3 : 1] as Readable)
  child.stdin!.end(plan)
  const { error, stop, stderr } = await ended
  signal?.throwIfAborted()
  if (error !== null) return error.message
  if (stop !== null) return `it did not end within ${Math.round(limitMs / 1000)} s`
  try {
    return JSON.parse(answer()) as Answer
  } catch {
    const last = lastWords(stderr)
    return `its process ended before it answered${last === null ? '' : `: ${last}`}`
  }
}
