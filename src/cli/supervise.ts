// The process that a shell starts runs the command in a second process, and is free to end it: a main thread that reads a file or rewrites a
// model learns of no signal before it is done. On a signal the command is asked to end; if it has not after a short while, or on a second
// signal, it is killed. Whatever way it ended, what it started and its temporary files are gone before this process ends.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeRun, TEMPORARY_VARIABLE } from '../machine/files.ts'
import { endAtOnce, endRun, runMarkedBy } from '../processes/end-process.ts'
import { endWithParent } from '../trials/end-with-parent.ts'

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
/** Commands that start no process and make no temporary file. Nothing listens for signals there, so the kernel ends them at once. */
const ALONE: ReadonlySet<string | undefined> = new Set(['help', 'completion', 'explain', 'history', 'study'])

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

/** Runs the command and ends this process with its exit code: 128 and the number of the signal where one ended it, as shells do. */
export function supervise(argv: readonly string[]): void {
  const run = randomBytes(9).toString('hex')
  // Short: see makeTemporaryFolder.
  const temporary = join(tmpdir(), `whyslow-${randomBytes(4).toString('hex')}`)
  const child = fork(process.argv[1]!, argv, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...runMarkedBy(run),
      [SUPERVISOR_VARIABLE]: String(process.pid),
      [TEMPORARY_VARIABLE]: temporary,
    },
  })
  let asked: NodeJS.Signals | null = null
  let graceMs = GRACE_MS
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (asked !== null) return endAtOnce(child)
      asked = signal
      // On Windows a signal that is sent ends a process at once; the console has told it.
      if (process.platform !== 'win32') child.kill(signal)
      setTimeout(endAtOnce, graceMs, child)
    })
  child.on('message', (patience: Patience) => {
    graceMs = patience.graceMs
  })
  child.on('error', (error) => {
    process.stderr.write(`whyslow: its process cannot be started (${error.message})\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    endRun(run)
    removeRun(temporary)
    if (code === null && asked === null) sayHow(signal!)
    process.exit(exitCodeOf(code, signal, asked))
  })
}

export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null, asked: NodeJS.Signals | null): number {
  if (asked !== null && (code === null || code === INTERRUPTED)) return 128 + constants.signals[asked]
  return code ?? 128 + constants.signals[signal!]
}

function sayHow(signal: NodeJS.Signals): void {
  const why = signal === 'SIGKILL' ? '; the system may have ended it for its memory' : ''
  process.stderr.write(`whyslow: its process was ended by ${signal}${why}\n`)
}
