// Ending a trial's process and whatever it started: a browser that is told to end by itself writes its profile once more.
// Not by process groups: browsers start helpers in sessions of their own, and a group of its own would keep Ctrl-C from the trial.
import { type ChildProcess, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A listing takes about 10 ms; nothing waits for one that hangs. */
const QUIETLY = { encoding: 'utf8', timeout: 10_000, windowsHide: true } as const

/** Ends the process and those that it started, at once. */
export function endAtOnce(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], QUIETLY)
  // Listed first: without their parent they are found no more.
  const started = descendantsOf(child.pid)
  child.kill('SIGKILL')
  killAll(started)
}

/** The same for what this process started. */
export const endStarted = (): void => killAll(descendantsOf(process.pid))

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

/**
 * Those that the process started, and theirs. On Windows none: what a process of Node started ends with it, since libuv holds it in a
 * job object (https://github.com/libuv/libuv/blob/v1.x/src/win/process.c), and a parent's pid there may be another's by now.
 */
export function descendantsOf(pid: number, platform: string = process.platform): number[] {
  if (platform === 'win32') return []
  return descend(pid, platform === 'linux' ? childrenInProc : childrenListed())
}

const descend = (pid: number, childrenOf: (pid: number) => readonly number[]): number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descend(child, childrenOf)])

/** proc(5), /proc/pid/task/tid/children. */
const childrenInProc = (pid: number): number[] =>
  orNone(() => fs.readdirSync(`/proc/${pid}/task`)).flatMap((thread) =>
    orNone(() => fs.readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number)),
  )

function orNone<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch {
    return []
  }
}

/** ps(1) of POSIX: without /proc. */
function childrenListed(): (pid: number) => readonly number[] {
  const children = new Map<number, number[]>()
  for (const line of (spawnSync('ps', ['-A', '-o', 'pid=,ppid='], QUIETLY).stdout ?? '').split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number)
    children.set(parent!, [...(children.get(parent!) ?? []), pid!])
  }
  return (pid) => children.get(pid) ?? []
}

/** Environment variable that marks a process and all that it starts, whatever session they are in and whether or not their parent lives. */
const MARK = 'WHYSLOW_PASS'

/** What a process's environment gets, so that it and what it starts are found by `mark`. */
export const markVariables = (mark: string): Readonly<Record<string, string>> => ({ [MARK]: mark })

/** The same for all that one run of the command starts. */
const RUN_MARK = 'WHYSLOW_RUN'

export const runMarkedBy = (run: string): Readonly<Record<string, string>> => ({ [RUN_MARK]: run })

/** The environment of a program that stays when the run has ended, as a browser that it opened. */
export function withoutMark(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [RUN_MARK]: _, ...others } = environment
  return others
}

const GONE_TRIES = 200
const GONE_PAUSE_MS = 10

/**
 * Ends what a run started and left, those that have lost their parent, too, and returns when they are gone: on a busy machine a process that was killed
 * goes on for a while, and one may have started another in the meantime.
 */
export function endRun(
  run: string,
  listed = () => markedProcesses(run, RUN_MARK),
  pause = (): void => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, GONE_PAUSE_MS)
  },
): void {
  for (let tries = 0, left = listed(); left.length > 0 && tries < GONE_TRIES; tries++, left = listed()) {
    killAll(left)
    pause()
  }
}

/** Processes that bear the mark (Linux; elsewhere none: the environment of others is not told). */
export function markedProcesses(mark: string, variable: string = MARK): number[] {
  if (process.platform !== 'linux') return []
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => pid !== process.pid && environmentOf(pid).includes(`${variable}=${mark}\0`))
}

const environmentOf = (pid: number): string => orNone(() => [fs.readFileSync(`/proc/${pid}/environ`, 'latin1')])[0] ?? ''

/** Ends those that bear the mark, at once: those that have lost their parent, too. */
export const endMarked = (mark: string): void => killAll(markedProcesses(mark))

/** Kills what is left in the process group of a process that was started with its own (POSIX), including those that have lost their parent. */
export const endGroup = ({ pid }: ChildProcess): void => void signalGroup(pid, 'SIGKILL')

/** Asks a process group to end (POSIX): the group may clear up first. */
export const askGroupToEnd = ({ pid }: ChildProcess): boolean => signalGroup(pid, 'SIGTERM')

export const isGroupAlive = (pid: number): boolean => signalGroup(pid, 0)

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined || process.platform === 'win32') return false
  try {
    return process.kill(-pid, signal)
  } catch {
    // Nobody is left in it.
    return false
  }
}

/** What was written before the end may still be on its way. */
const DRAIN_MS = 300

/** Once the process has exited: until its pipes are closed, which what it started may hold open; then they are let go. */
export async function closePipes(child: ChildProcess): Promise<void> {
  const given = new AbortController()
  const closed = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([closed, sleep(DRAIN_MS, undefined, { signal: given.signal }).catch(() => {})])
  given.abort()
  for (const stream of child.stdio) stream?.destroy()
}
