// Where the files of a trial stand under their names while it is measured: next to the cache, so that they are links into it and no copies, in
// a folder that says which process made it, so that what a killed agent left is found.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'

const rootIn = (cache: string): string => path.join(cache, 'running')

/** Name of this host: a cache may be where several see it. */
const host = (): string => hostname().replace(/[^\w.-]/g, '_')

export function createRunningFolder(cache: string): string {
  mkdirSync(rootIn(cache), { recursive: true })
  return mkdtempSync(path.join(rootIn(cache), `${host()}~${process.pid}~`))
}

/** Takes away what agents of this host left that are no more. */
export function sweepRunning(cache: string): void {
  mkdirSync(rootIn(cache), { recursive: true })
  for (const name of readdirSync(rootIn(cache))) {
    const [owner, pid] = name.split('~')
    if (owner === host() && pid !== undefined && /^[1-9]\d*$/.test(pid) && !isRunning(Number(pid)))
      rmSync(path.join(rootIn(cache), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
