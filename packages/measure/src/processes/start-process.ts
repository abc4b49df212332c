// Starts a process of ours or of the user's, and ends it with all that it started: at a limit, when it is told to, when this process ends, and
// when it has ended itself and left some behind. Whatever it does (never ends, floods its output, forks, eats the memory), `ended` says how.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  closePipes,
  descendantsOf,
  endAtOnce,
  endGroup,
  endMarked,
  isGroupAlive,
  markedProcesses,
  markVariables,
} from './end-process.ts'
import { lastWords } from './last-words.ts'
import { memoryAbove } from './resident.ts'

export interface ProcessSetup extends Pick<SpawnOptions, 'stdio' | 'serialization' | 'cwd'> {
  /** Absent: Node. */
  readonly executable?: string
  readonly words: readonly string[]
  /** The whole environment, if not this process's; telemetry of engines is off in any case. */
  readonly env?: NodeJS.ProcessEnv
  /** It runs the user's code: what that starts bears a mark, and is found when it has lost its parent. */
  readonly isUsers?: boolean
  /**
   * A process group of its own, so that what it leaves behind is found on POSIX without marks. What it leaves is counted, and may hold its
   * pipes open for a moment. Ctrl-C does not reach it.
   */
  readonly hasGroup?: boolean
  readonly limits?: ProcessLimits
  /** When this process ends before it. */
  readonly atExit?: () => void
}

export interface ProcessLimits {
  readonly timeMs?: number
  /** Most memory of the process and all that it started; null: none. */
  readonly memoryBytes?: number | null
  /** How long it has shown no sign of life, ms, if that is too long; null: it has. Asked often. */
  readonly stalledMs?: ((pid: number | undefined, nowMs: number) => number | null) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Why it was ended from outside. */
export type Stop =
  | { readonly at: 'time' | 'stall'; readonly afterMs: number }
  | { readonly at: 'memory'; readonly usedBytes: number }
  | { readonly at: 'abort' | 'end' }

export interface EndedProcess {
  /** null: a signal ended it, or it never started. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It was not started, or takes no messages. */
  readonly error: Error | null
  readonly stop: Stop | null
  /** Until it ended itself or was ended. */
  readonly ranMs: number
  /** The end of what it wrote to standard error, if that is a pipe. */
  readonly stderr: string
  /** Processes that it left, of one with a group. */
  readonly left: number
}

export interface RunningProcess {
  readonly child: ChildProcess
  /** Once it is gone and what it wrote is read. Never rejects. */
  readonly ended: Promise<EndedProcess>
  /** Ends it and all that it started, at once. */
  end(): Promise<EndedProcess>
}

/** onnxruntime 1.30 sends usage data from Linux unless told otherwise before it is loaded. */
const QUIET = { ORT_DISABLE_TELEMETRY: '1' } as const
const STDERR_KEPT_CHARACTERS = 65_536
const STALL_POLL_MS = 100
const MEMORY_POLL_MS = 200
/** A process in a call of the kernel's that does not return ends later than it is killed; nobody waits for it longer. */
const LONGEST_END_MS = 10_000
/** One that takes no messages has so long to end by itself. */
const LAST_WORDS_MS = 2000
/** Beyond it timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

const running = new Map<ChildProcess, () => void>()
process.on('exit', () => {
  for (const end of running.values()) end()
})

/** Throws the signal's reason if it is aborted before. */
export function startProcess(setup: ProcessSetup): RunningProcess {
  const { executable = process.execPath, words, stdio, serialization, cwd, env = process.env, isUsers = false } = setup
  const { hasGroup = false, limits = {}, atExit } = setup
  limits.signal?.throwIfAborted()
  const mark = isUsers ? randomUUID() : null
  const startedMs = performance.now()
  const child = spawn(executable, [...words], {
    ...(stdio === undefined ? {} : { stdio }),
    ...(serialization === undefined ? {} : { serialization }),
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, ...QUIET, ...(mark === null ? {} : markVariables(mark)) },
    detached: hasGroup && process.platform !== 'win32',
    windowsHide: true,
  })
  const kill = () => {
    endAtOnce(child)
    if (hasGroup) endGroup(child)
    if (mark !== null) endMarked(mark)
  }
  running.set(child, () => {
    kill()
    atExit?.()
  })
  // A process that ends before it has read what is written to it breaks the pipe; its exit tells.
  for (const stream of child.stdio ?? []) stream?.on('error', () => {})
  const stderr = endOf(child.stderr)
  let [left, error, stop]: [number, Error | null, Stop | null] = [0, null, null]
  let onStop: (stop: Stop) => void = () => {}
  const ended = new Promise<EndedProcess>((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null, ranMs: number) => {
      clear()
      running.delete(child)
      resolve({ code, signal, error, stop, ranMs, stderr: stderr(), left })
    }
    onStop = (at) => {
      if (stop !== null || !running.has(child)) return
      clear()
      stop = at
      if (hasGroup) left = leftBy(child, mark)
      kill()
      setTimeout(settle, LONGEST_END_MS, null, null, LONGEST_END_MS).unref()
    }
    const clear = watch(child, limits, onStop)
    let deaf: NodeJS.Timeout | undefined
    child.on('error', (cause) => {
      const tell = () => {
        error ??= cause
        if (child.pid === undefined) settle(null, null, 0)
        else kill()
      }
      // Of one that runs: a message cannot be sent, mostly because it is just ending, and its own end says more.
      if (child.pid === undefined) tell()
      else deaf ??= setTimeout(tell, LAST_WORDS_MS)
    })
    child.once('exit', async (code, signal) => {
      clearTimeout(deaf)
      clear()
      const ranMs = performance.now() - startedMs
      // What it left behind holds its pipes open no longer; it is counted once what only takes a moment to end has ended.
      if (!hasGroup) kill()
      await closePipes(child)
      if (hasGroup && stop === null) left = leftBy(child, mark)
      if (hasGroup) kill()
      settle(code, signal, ranMs)
    })
  })
  return {
    child,
    ended,
    end() {
      onStop({ at: 'end' })
      return ended
    },
  }
}

/** The end of what is written there. */
export function endOf(stream: Readable | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-STDERR_KEPT_CHARACTERS)
  })
  return () => text
}

/** Looks at the limits until it is called off by what it gives. */
function watch(child: ChildProcess, limits: ProcessLimits, onStop: (stop: Stop) => void): () => void {
  const { timeMs = Infinity, memoryBytes = null, stalledMs, signal } = limits
  const abort = () => onStop({ at: 'abort' })
  signal?.addEventListener('abort', abort, { once: true })
  const timer = timeMs > LONGEST_TIMER_MS ? undefined : setTimeout(() => onStop({ at: 'time', afterMs: timeMs }), timeMs)
  const look = () => {
    const afterMs = stalledMs?.(child.pid, performance.now()) ?? null
    if (afterMs !== null) return onStop({ at: 'stall', afterMs })
    const usedBytes = memoryBytes === null || child.pid === undefined ? null : memoryAbove(memoryBytes, child.pid)
    if (usedBytes !== null) onStop({ at: 'memory', usedBytes })
  }
  const everyMs = stalledMs === undefined ? MEMORY_POLL_MS : STALL_POLL_MS
  const poll = stalledMs === undefined && memoryBytes === null ? undefined : setInterval(look, everyMs)
  return () => {
    clearTimeout(timer)
    clearInterval(poll)
    signal?.removeEventListener('abort', abort)
  }
}

/** How many of its descendants, of its group or with its mark are alive, without itself. */
function leftBy(child: ChildProcess, mark: string | null): number {
  const { pid, exitCode, signalCode } = child
  const marked = mark === null ? [] : markedProcesses(mark).filter((one) => one !== pid)
  if (pid === undefined) return marked.length
  const hasEnded = exitCode !== null || signalCode !== null
  return Math.max(marked.length, descendantsOf(pid).length, hasEnded && isGroupAlive(pid) ? 1 : 0)
}

/** 'ended with code 3: no room', 'ended by SIGSEGV'. */
export function endInWords({ code, signal, error, stop, stderr }: EndedProcess): string {
  if (error !== null) return `was not started or does not listen (${error.message})`
  const how = signal === null ? `ended with code ${code}` : `ended by ${signal}`
  const memory = stop === null && (signal === 'SIGKILL' || code === 137) ? '; the system may have ended it for its memory' : ''
  const words = lastWords(stderr)
  return `${how}${memory}${words === null ? '' : `: ${words}`}`
}

/** All that it writes to one of its pipes, at most `characters` of it. */
export function textFrom(stream: Readable | null | undefined, characters = Infinity): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (more: string) => {
    if (text.length < characters) text += more
  })
  return () => text
}
