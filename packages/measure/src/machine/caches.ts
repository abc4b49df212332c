// Cache sizes. Linux: /sys/devices/system/cpu/cpu0/cache/index*/ (Documentation/ABI/testing/sysfs-devices-system-cpu).
// macOS: sysctl hw.*cachesize; Apple silicon has no L3 and shares the L2 of a cluster.
import type { System } from './system.ts'

/** "32K", "1024K", "32M", "512": bytes; null for anything else. */
export function parseCacheSize(text: string): number | null {
  const match = /^(\d+)([KMG]?)$/.exec(text)
  if (!match) return null
  return Number(match[1]) * { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[match[2] as '' | 'K' | 'M' | 'G']
}

export interface Caches {
  /** Bytes; keys L1d, L2, L3: one core's L1d and L2, the L3 that the first core shares. null: not known. */
  readonly caches: Readonly<Record<string, number | null>>
  readonly unknown: readonly string[]
}

/** Reads the sizes of the first CPU's caches. Never throws. */
export function readCaches(system: System): Caches {
  const caches = system.platform === 'linux' ? readLinux(system) : readSysctl(system)
  const missing = Object.keys(caches).filter((level) => caches[level] === null)
  return {
    caches,
    unknown: missing.length === 0 ? [] : [`caches ${missing.join(', ')}: ${system.platform} does not report them`],
  }
}

function readLinux(system: System): Record<string, number | null> {
  const caches: Record<string, number | null> = { L1d: null, L2: null, L3: null }
  const folder = '/sys/devices/system/cpu/cpu0/cache'
  for (const index of system.list(folder)) {
    const read = (name: string) => system.readText(`${folder}/${index}/${name}`) ?? ''
    if (read('type') === 'Instruction') continue
    const level = read('level') === '1' ? 'L1d' : `L${read('level')}`
    if (level in caches) caches[level] = parseCacheSize(read('size'))
  }
  return caches
}

function readSysctl(system: System): Record<string, number | null> {
  const read = (name: string) => {
    // perflevel0 are the performance cores.
    const text = system.sysctl(`hw.perflevel0.${name}`) ?? system.sysctl(`hw.${name}`)
    const bytes = Number(text ?? 0)
    return bytes > 0 ? bytes : null
  }
  return { L1d: read('l1dcachesize'), L2: read('l2cachesize'), L3: read('l3cachesize') }
}
