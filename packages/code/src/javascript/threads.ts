// Threads of this process that were at work, as Linux tells them (proc(5)); elsewhere nothing is told. Node's own are left out: V8's
// helpers and those that load modules are there before the user's code is.
import fs from 'node:fs'

const TASKS = '/proc/self/task'
/** Least share of the time on a CPU of a thread at work: others only wake up now and then. */
const AT_WORK_SHARE = 0.05
/** sysconf(_SC_CLK_TCK), which Linux has kept at 100 on every machine that Node runs on. */
const TICKS_PER_SECOND = 100

type Ticks = ReadonlyMap<string, number>

export class Threads {
  private readonly own: ReadonlySet<string>
  private before: Ticks = new Map()
  private began = 0

  /** Made before the user's code is loaded. */
  constructor() {
    this.own = new Set([...ticks().keys()].filter((thread) => thread !== String(process.pid)))
  }

  begin(): void {
    this.before = ticks()
    this.began = performance.now()
  }

  /** Time at work since `begin`; null: not told. */
  atWork(): number | null {
    const after = ticks()
    if (after.size === 0) return null
    const least = (AT_WORK_SHARE * (performance.now() - this.began) * TICKS_PER_SECOND) / 1000
    const busy = [...after].filter(
      ([thread, used]) => !this.own.has(thread) && used - (this.before.get(thread) ?? 0) > Math.max(least, 1),
    )
    return busy.length
  }
}

function ticks(): Ticks {
  const found = new Map<string, number>()
  try {
    for (const thread of fs.readdirSync(TASKS)) {
      const fields = fs.readFileSync(`${TASKS}/${thread}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
      // utime and stime, the 14th and 15th field.
      found.set(thread, Number(fields[11]) + Number(fields[12]))
    }
  } catch {
    // Not Linux, or a thread that has just ended.
  }
  return found
}
