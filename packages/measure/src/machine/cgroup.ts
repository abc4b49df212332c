// Limits that Linux control groups put on this process: CPU quota and memory, and the time they stopped it.
// A limit of any ancestor binds, so every group from the own one up to the root of the mount is read and the tightest wins.
// Version 1 (one hierarchy per controller), version 2 (one for all) and hybrids of both.
// https://docs.kernel.org/admin-guide/cgroup-v2.html https://docs.kernel.org/scheduler/sched-bwc.html cgroups(7), proc(5)
import type { System } from './system.ts'

/** One line of /proc/self/cgroup. Version 2 has hierarchy 0 and no controllers. */
export interface Membership {
  readonly hierarchy: number
  readonly controllers: readonly string[]
  readonly path: string
}

/** One mount of a cgroup hierarchy. `root` is the group that stands at the mount point. */
export interface CgroupMount {
  readonly version: 1 | 2
  readonly root: string
  readonly point: string
  readonly controllers: readonly string[]
}

export interface CgroupLimits {
  /** Quota in CPUs; null: no quota. */
  readonly quotaCpus: number | null
  readonly memoryLimitBytes: number | null
}

/** Above this, a version 1 limit is the kernel's way to say "none" (it writes 2^63 rounded down to a page). */
const noLimitBytes = 2 ** 60

export function parseMemberships(text: string): readonly Membership[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line.trim())
    if (!match) return []
    const controllers = match[2] === '' ? [] : match[2]!.split(',')
    return [{ hierarchy: Number(match[1]), controllers, path: match[3]! }]
  })
}

/** The cgroup mounts in the text of /proc/self/mountinfo; other mounts are left out. */
export function parseCgroupMounts(text: string): readonly CgroupMount[] {
  return text.split('\n').flatMap((line): CgroupMount[] => {
    const [before, after] = line.split(' - ')
    const fields = before?.split(' ')
    const [type, , options] = after?.split(' ') ?? []
    if (!fields?.[3] || !fields[4] || (type !== 'cgroup' && type !== 'cgroup2')) return []
    const version = type === 'cgroup2' ? 2 : 1
    return [{ version, root: unescapeOctal(fields[3]), point: unescapeOctal(fields[4]), controllers: options?.split(',') ?? [] }]
  })
}

/** mountinfo writes space, tab, newline and backslash as octal escapes. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

export interface CgroupFolder {
  readonly version: 1 | 2
  readonly path: string
}

/**
 * The folders that limit this process for one controller, from its own group up to the root of the mount; of both
 * versions where both hold it (a hybrid). Ancestors outside the mount (those of a container's host) cannot be seen.
 */
export function cgroupFolders(
  memberships: readonly Membership[],
  mounts: readonly CgroupMount[],
  controller: 'cpu' | 'memory',
): readonly CgroupFolder[] {
  return mounts.flatMap((mount) => {
    if (mount.version === 1 && !mount.controllers.includes(controller)) return []
    const own = memberships.find((member) =>
      mount.version === 1 ? member.controllers.includes(controller) : member.hierarchy === 0,
    )
    if (!own) return []
    return chain(below(own.path, mount.root)).map((path) => ({ version: mount.version, path: join(mount.point, path) }))
  })
}

/** A group's path as seen from the mount. A path outside of it ("/..", another root) is the mount's own group. */
function below(path: string, root: string): string {
  if (path.split('/').includes('..')) return ''
  if (root === '/') return path
  return path.startsWith(`${root}/`) ? path.slice(root.length) : ''
}

/** "/a/b" gives "/a/b", "/a", "". */
function chain(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    parts
      .slice(0, parts.length - up)
      .map((part) => `/${part}`)
      .join(''),
  )
}

function join(point: string, path: string): string {
  return point === '/' ? path : point + path
}

/** Version 2's cpu.max: "max 100000", "50000 100000". In CPUs; null: no quota or not readable. */
export function parseCpuMax(text: string): number | null {
  const [quota, period = '100000'] = text.split(/\s+/)
  return ratio(Number(quota), Number(period))
}

function ratio(quota: number, period: number): number | null {
  return quota > 0 && period > 0 && Number.isFinite(quota) ? quota / period : null
}

function parseBytes(text: string | null): number | null {
  if (text === null || !/^\d+$/.test(text)) return null
  const bytes = Number(text)
  return bytes < noLimitBytes ? bytes : null
}

function quotaOf(folder: CgroupFolder, system: System): number | null {
  if (folder.version === 2) {
    const text = system.readText(`${folder.path}/cpu.max`)
    return text === null ? null : parseCpuMax(text)
  }
  const quota = system.readText(`${folder.path}/cpu.cfs_quota_us`)
  const period = system.readText(`${folder.path}/cpu.cfs_period_us`)
  return quota === null || period === null ? null : ratio(Number(quota), Number(period))
}

function memoryLimitOf(folder: CgroupFolder, system: System): number | null {
  if (folder.version === 2) return parseBytes(system.readText(`${folder.path}/memory.max`))
  // The hierarchical limit counts ancestors that are outside the mount as well.
  const inherited = /^hierarchical_memory_limit (\d+)$/m.exec(system.readText(`${folder.path}/memory.stat`) ?? '')
  return least([parseBytes(system.readText(`${folder.path}/memory.limit_in_bytes`)), parseBytes(inherited?.[1] ?? null)])
}

function least(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function foldersOf(system: System, controller: 'cpu' | 'memory'): readonly CgroupFolder[] {
  const memberships = parseMemberships(system.readText('/proc/self/cgroup') ?? '')
  return cgroupFolders(memberships, parseCgroupMounts(system.readText('/proc/self/mountinfo') ?? ''), controller)
}

/** The tightest limits among all groups of this process. Never throws; both null if there are no control groups. */
export function readCgroupLimits(system: System): CgroupLimits {
  return {
    quotaCpus: least(foldersOf(system, 'cpu').map((folder) => quotaOf(folder, system))),
    memoryLimitBytes: least(foldersOf(system, 'memory').map((folder) => memoryLimitOf(folder, system))),
  }
}

/** Throttled time in the text of cpu.stat or cpu.stat.local, ms; null if it says nothing. */
function parseThrottledMs(text: string): number | null {
  const micros = /^throttled_usec (\d+)$/m.exec(text)
  if (micros) return Number(micros[1]) / 1e3
  const nanos = /^throttled_time (\d+)$/m.exec(text)
  return nanos ? Number(nanos[1]) / 1e6 : null
}

/**
 * Starts to watch throttling; the result tells how long quotas have stopped this process's groups since, ms, summed over
 * CPUs (two CPUs stopped for 10 ms are 20). `cpu.stat` counts a group's own limit only, `cpu.stat.local` inherited ones
 * too: the largest of all groups on the way up is taken, since their stops overlap. A group counts what its other
 * processes suffered as well. null: no group tells it.
 */
export function watchThrottling(system: System): () => number | null {
  const read = (file: string) => parseThrottledMs(system.readText(file) ?? '')
  const files = foldersOf(system, 'cpu').flatMap(({ path }) => [`${path}/cpu.stat`, `${path}/cpu.stat.local`])
  const before = files.flatMap((file) => {
    const ms = read(file)
    return ms === null ? [] : [{ file, ms }]
  })
  if (before.length === 0) return () => null
  return () => Math.max(0, ...before.map(({ file, ms }) => (read(file) ?? ms) - ms))
}
