// What the process takes of memory beyond what it took before: at most meanwhile, and in the end.
import fs from 'node:fs'

export interface MemoryWatch {
  /** The most since the last reset; null where the system does not tell. */
  peakBytes(): number | null
  resetPeak(): void
  /** Now. */
  keptBytes(): number
}

export function watchMemory(): MemoryWatch {
  const before = process.memoryUsage.rss()
  resetPeak()
  return {
    peakBytes() {
      const peak = readPeak()
      return peak === null ? null : Math.max(0, peak - before)
    },
    resetPeak,
    keptBytes: () => Math.max(0, process.memoryUsage.rss() - before),
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
