// A process of its own that is told a plan and answers once, as JSON: of the loops that are proven, in whichever language they are. What the
// user's code starts there and leaves behind ends with it, and keeps nobody waiting, whatever pipes it holds open.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { drained, endAtOnce, endMarked, markedBy } from '../../trials/end-process.ts'

export interface Asked {
  readonly executable: string
  readonly words: readonly string[]
  /** To its standard input. */
  readonly plan: string
  /** Where it answers: its standard output, or a pipe of its own, so that what user code prints is no answer. */
  readonly answersOn: 'output' | 'pipe'
  readonly limitMs: number
  readonly signal: AbortSignal | undefined
}

/** Of what it says on standard error the end is kept, for the last line of a crash. */
const KEPT_ERRORS = 4096

/** The answer, or why there is none. Rejects with the signal's reason where it is aborted. */
export function askOnce<Answer>({ executable, words, plan, answersOn, limitMs, signal }: Asked): Promise<Answer | string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const byPipe = answersOn === 'pipe'
    const mark = randomUUID()
    const child = spawn(executable, words, {
      env: { ...process.env, ...markedBy(mark) },
      stdio: ['pipe', byPipe ? 'ignore' : 'pipe', 'pipe', ...(byPipe ? ['pipe' as const] : [])],
    })
    const end = () => {
      endAtOnce(child)
      endMarked(mark)
    }
    process.on('exit', end)
    signal?.addEventListener('abort', end, { once: true })
    let late = false
    const timer = setTimeout(() => {
      late = true
      end()
    }, limitMs)
    let [told, said] = ['', '']
    const answer = child.stdio[byPipe ? 3 : 1] as NodeJS.ReadableStream
    answer.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_ERRORS)
    })
    child.stdin!.on('error', () => {})
    child.stdin!.end(plan)
    const clear = () => {
      clearTimeout(timer)
      process.off('exit', end)
      signal?.removeEventListener('abort', end)
    }
    const settle = () => {
      clear()
      if (signal?.aborted) return reject(signal.reason)
      if (late) return resolve(`it did not end within ${Math.round(limitMs / 1000)} s`)
      try {
        resolve(JSON.parse(told) as Answer)
      } catch {
        const last = said.split('\n').findLast((line) => line.trim() !== '')
        resolve(`its process ended before it answered${last === undefined ? '' : `: ${last.trim().slice(0, 200)}`}`)
      }
    }
    child.on('error', (error) => {
      clear()
      resolve(error.message)
    })
    child.on('exit', async () => {
      endMarked(mark)
      await drained(child)
      settle()
    })
  })
}
