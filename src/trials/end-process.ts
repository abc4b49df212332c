// Ending a trial's process and whatever it started: a browser that is told to end by itself writes its profile once more.
// Not by process groups: browsers start helpers in sessions of their own, and a group of its own would keep Ctrl-C from the trial.
import { type ChildProcess, spawnSync } from 'node:child_process'
import fs from 'node:fs'

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
