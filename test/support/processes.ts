// Which processes are there.
import { execFileSync } from 'node:child_process'

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Lines of `ps` with the environment of each process: those that were started with this TMPDIR. */
export const processesIn = (temporary: string): readonly string[] =>
  execFileSync('ps', ['axeww'], { encoding: 'utf8', maxBuffer: 1e8 })
    .split('\n')
    .filter((line) => line.includes(`TMPDIR=${temporary}`))
