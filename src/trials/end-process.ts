// Ending a trial's process and whatever it started: a browser that is told to end by itself writes its profile once more.
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'

/** Ends the process and those that it started, at once. Where the system does not list them, they end by themselves, a moment later. */
export function endAtOnce(child: ChildProcess): void {
  // Listed first: without their parent they are found no more.
  const started = child.pid === undefined ? [] : descendantsOf(child.pid)
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

/** Linux: proc(5), /proc/pid/task/tid/children. Elsewhere none. */
export function descendantsOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => {
    try {
      return fs.readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    } catch {
      return []
    }
  })
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

function threadsOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}
