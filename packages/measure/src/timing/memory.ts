// What the process takes of memory beyond what it took before: at most meanwhile, and in the end.
import fs from 'node:fs'

export interface MemoryWatch {
  /** The most since the last reset; null if the system does not tell. */
  peakBytes(): number | null
  resetPeak(): void
  /** Now. */
  keptBytes(): number
}

/** Memory of this process; scripted in tests. */
interface Resident {
  bytes(): number
  /** The most since the last reset; null if the system does not tell. */
  mostBytes(): number | null
  resetMost(): void
}
const OF_PROCESS: Resident = { bytes: () => process.memoryUsage.rss(), mostBytes: readPeak, resetMost: resetPeak }

export function watchMemory(resident = OF_PROCESS): MemoryWatch {
  const before = resident.bytes()
  resident.resetMost()
  return {
    peakBytes() {
      const most = resident.mostBytes()
      return most === null ? null : Math.max(0, most - before)
    },
    resetPeak: resident.resetMost,
    keptBytes: () => Math.max(0, resident.bytes() - before),
  }
}

/** Makes VmHWM start again from the present size (proc(5), clear_refs 5). Without it the peak is the process's own. */
function resetPeak(): void {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // The peak then includes what came before.
  }
}

function readPeak(): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]
    return kilobytes ? Number(kilobytes) * 1024 : null
  } catch {
    return null
  }
}
