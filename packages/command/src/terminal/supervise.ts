// The process that a shell starts runs the command in a second process, and is free to end it: a main thread that reads a file or rewrites a
// model learns of no signal before it is done. On a signal the command is asked to end; if it has not after a short while, or on a second
// signal, it is killed. Whatever way it ended, what it started and its temporary files are gone before this process ends.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeRun, TEMPORARY_VARIABLE } from '@whyslow/measure/machine/files.ts'
import { closePipes, endAtOnce, endRun, runMarkedBy } from '@whyslow/measure/processes/end-process.ts'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import type { StageProgress } from '../progress.ts'

/** Two seconds are promised from the signal to the end: the rest of them is for killing and removing. */
const GRACE_MS = 1200
/** What the command gives where it ended because it was asked to. */
const INTERRUPTED = 130
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SUPERVISOR_VARIABLE = 'WHYSLOW_SUPERVISOR'

/** A command may ask for more time to end than others get, as a server does that answers what it accepted. */
export interface Patience {
  readonly graceMs: number
}

/** Whether this process is the second one. Programs that the command starts inherit the variable, but have another parent. */
export const isSupervised = (): boolean => process.env[SUPERVISOR_VARIABLE] === String(process.ppid)

const FOLLOWED_VARIABLE = 'WHYSLOW_FOLLOWED'

/** Whether the process that supervises this one wants its progress and its document. */
export const isFollowed = (): boolean => isSupervised() && process.env[FOLLOWED_VARIABLE] === 'yes'

/** The supervised process ends with this one: at once while its event loop turns, else by a thread. */
export function endWithSupervisor(): void {
  const temporary = process.env[TEMPORARY_VARIABLE] ?? null
  process.once('disconnect', () => {
    // Nobody else is left to do it. After those that end what they started, which writes there.
    if (temporary !== null) process.once('exit', () => removeRun(temporary))
    process.exit(INTERRUPTED)
  })
  process.channel?.unref()
  endWithParent(temporary)
}

/** Below `fleet`. */
const ALONE_BELOW: ReadonlySet<string | undefined> = new Set(['history', 'report'])
/**
 * Commands that start no process and make no temporary file. Nothing listens for signals there, so the kernel ends them at once. And `mcp`, which
 * supervises a command for each call.
 */
const ALONE: ReadonlySet<string | undefined> = new Set(['help', 'completion', 'explain', 'history', 'study', 'mcp'])

const HELP: ReadonlySet<string | undefined> = new Set(['--help', '-h', '--version', '-V'])

/**
 * Whether one process is enough: there is nothing to clear up after it. Help counts as the first word, or next to a command. Further on it may be
 * an option's value or for the program that is measured; two processes print it as well.
 */
export const runsAlone = ([first, second]: readonly string[]): boolean =>
  first === undefined ||
  ALONE.has(first) ||
  (first === 'fleet' && ALONE_BELOW.has(second)) ||
  HELP.has(first) ||
  (!first.startsWith('-') && HELP.has(second))

/** What a command sends to the process that supervises it. */
export type Message = Patience | { readonly progress: StageProgress } | { readonly document: object }

export interface SupervisedEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The signal that the command was asked to end with; null: it ended by itself. */
  readonly asked: NodeJS.Signals | null
  /** Why it could not be started. */
  readonly error: Error | null
}

export interface SupervisedCommand {
  readonly child: ChildProcess
  /** Asks the command to end, and kills it if it has not after a while. The second call kills it. */
  ask(signal: NodeJS.Signals): void
  /** Resolves once the command, what it started and its temporary files are gone. Never rejects. */
  readonly ended: Promise<SupervisedEnd>
}

export interface SupervisedSetup {
  /** What becomes of standard input, output and error. */
  readonly stdio: readonly ['inherit' | 'ignore', 'inherit' | 'pipe', 'inherit' | 'pipe']
  readonly env?: NodeJS.ProcessEnv
  readonly onMessage?: (message: Message) => void
}

/** Starts a command of whyslow in a process of its own, which this one supervises. */
export function startSupervised(
  argv: readonly string[],
  { stdio, env = process.env, onMessage }: SupervisedSetup,
): SupervisedCommand {
  const run = randomBytes(9).toString('hex')
  // Short: see makeTemporaryFolder.
  const temporary = join(tmpdir(), `whyslow-${randomBytes(4).toString('hex')}`)
  const child = fork(process.argv[1]!, argv, {
    stdio: [...stdio, 'ipc'],
    env: {
      ...env,
      ...runMarkedBy(run),
      ...(onMessage === undefined ? {} : { [FOLLOWED_VARIABLE]: 'yes' }),
      [SUPERVISOR_VARIABLE]: String(process.pid),
      [TEMPORARY_VARIABLE]: temporary,
    },
  })
  const clearUp = () => {
    endRun(run)
    removeRun(temporary)
  }
  const endWithThis = () => {
    endAtOnce(child)
    clearUp()
  }
  process.once('exit', endWithThis)
  let asked: NodeJS.Signals | null = null
  let graceMs = GRACE_MS
  let killing: NodeJS.Timeout | undefined
  child.on('message', (message: Message) => {
    if ('graceMs' in message) graceMs = message.graceMs
    else onMessage?.(message)
  })
  const ended = new Promise<SupervisedEnd>((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null, error: Error | null) => {
      clearTimeout(killing)
      process.off('exit', endWithThis)
      resolve({ code, signal, asked, error })
    }
    child.on('error', (error) => settle(null, null, error))
    child.on('exit', async (code, signal) => {
      clearUp()
      await closePipes(child)
      settle(code, signal, null)
    })
  })
  return {
    child,
    ended,
    ask(signal) {
      if (asked !== null) return endAtOnce(child)
      asked = signal
      // On Windows a signal that is sent ends a process at once; the console has told it.
      if (process.platform !== 'win32') child.kill(signal)
      killing = setTimeout(endAtOnce, graceMs, child)
    },
  }
}

/** Runs the command and ends this process with its exit code: 128 and the number of the signal where one ended it, as shells do. */
export function supervise(argv: readonly string[]): void {
  const { ask, ended } = startSupervised(argv, { stdio: ['inherit', 'inherit', 'inherit'] })
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  void ended.then((end) => {
    const line = lineOf(end)
    if (line !== null) process.stderr.write(`whyslow: ${line}\n`)
    process.exit(end.error === null ? exitCodeOf(end.code, end.signal, end.asked) : 1)
  })
}

export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null, asked: NodeJS.Signals | null): number {
  if (asked !== null && (code === null || code === INTERRUPTED)) return 128 + constants.signals[asked]
  return code ?? 128 + constants.signals[signal!]
}

/** Why a command ended without a line of its own; null: it ended by itself, or was asked to. */
export function lineOf({ code, signal, asked, error }: SupervisedEnd): string | null {
  if (error !== null) return `its process cannot be started (${error.message})`
  if (code !== null || asked !== null) return null
  const why = signal === 'SIGKILL' ? '; the system may have ended it for its memory' : ''
  return `its process was ended by ${signal}${why}`
}
