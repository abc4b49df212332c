// How much processor time processes have used, where the system tells it: proc(5) on Linux, ps(1) elsewhere on POSIX. A process that uses some, or
// waits for its turn, is at work, whatever else it shows.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { descendantsOf } from '../processes/end-process.ts'

/** Linux counts them in hundredths of a second, whatever its own clock. */
const TICK_MS = 10

/** Ticks of the process itself; null if the system does not tell. */
export const ticksOf = (pid: number): number | null => ticks(pid, 2)

/** The first `count` of utime, stime, and those of children that have ended: they stand behind the name, which may hold anything. */
function ticks(pid: number, count: 2 | 4): number | null {
  try {
    const fields = fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields.slice(11, 11 + count).reduce((sum, field) => sum + Number(field), 0)
  } catch {
    return null
  }
}

/**
 * What the process and all that it started have used, ms; on Linux with what they waited for a processor that others had. null if the system
 * does not tell.
 */
export function treeWorkMs(pid: number, platform: string = process.platform): number | null {
  if (platform === 'win32') return null
  const pids = [pid, ...descendantsOf(pid, platform)]
  if (platform !== 'linux') return listedMs(pids)
  const own = ticks(pid, 4)
  if (own === null) return null
  return pids.reduce((sum, one) => sum + TICK_MS * (one === pid ? own : (ticks(one, 4) ?? 0)) + queuedMs(one), 0)
}

/** How long its threads that live have waited for their turn: schedstat, where the kernel keeps it. */
function queuedMs(pid: number): number {
  try {
    const threads = fs.readdirSync(`/proc/${pid}/task`)
    const waits = threads.map((thread) => Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1]))
    return waits.reduce((sum, ns) => sum + ns / 1e6, 0)
  } catch {
    return 0
  }
}

function listedMs(pids: readonly number[]): number | null {
  const listed = spawnSync('ps', ['-o', 'time=', '-p', pids.join(',')], { encoding: 'utf8', timeout: 10_000 })
  const lines = (listed.stdout ?? '').split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? null : lines.reduce((sum, line) => sum + parseCpuTime(line), 0)
}

/** '1-02:03:04', '00:00:01', '0:01.25' in ms. Exported for its test. */
export function parseCpuTime(text: string): number {
  const [, days = '0', rest = '0'] = /^(?:(\d+)-)?([\d:.]+)$/.exec(text.trim()) ?? []
  const seconds = rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return (Number(days) * 86_400 + seconds) * 1000
}

const LOOK_MS = 1000
/** Share of a core: a sampler's thread, or timers that look for something, take less. */
const BUSY_SHARE = 0.25

/** Whether a process was at work since the last look, at most one every `lookMs`. `usedMs`: its work so far. */
export function busyWatch(usedMs: () => number | null, lookMs: number = LOOK_MS): (nowMs: number) => boolean {
  let last: { readonly at: number; readonly used: number | null } | null = null
  return (nowMs) => {
    if (last !== null && nowMs - last.at < lookMs) return false
    const used = usedMs()
    const before = last
    last = { at: nowMs, used }
    if (before === null || before.used === null || used === null) return false
    return used - before.used >= BUSY_SHARE * (nowMs - before.at)
  }
}
