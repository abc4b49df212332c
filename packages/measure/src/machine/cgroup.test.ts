import { expect, test } from 'vitest'
import { recordedSystem } from '../../test/support/recorded-system.ts'
import { cgroupFolders, parseCgroupMounts, parseCpuMax, parseMemberships, readCgroupLimits, watchThrottling } from './cgroup.ts'

const v2Mount = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot'
const v1Mounts = [
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd',
].join('\n')

test('version 2: the tightest limit of all ancestors wins, not the own one', () => {
  const system = recordedSystem('linux', {
    '/proc/self/cgroup': '0::/system.slice/app.service/worker',
    '/proc/self/mountinfo': v2Mount,
    '/sys/fs/cgroup/system.slice/app.service/worker/cpu.max': 'max 100000',
    '/sys/fs/cgroup/system.slice/app.service/worker/memory.max': '4294967296',
    '/sys/fs/cgroup/system.slice/app.service/cpu.max': '50000 100000',
    '/sys/fs/cgroup/system.slice/app.service/memory.max': 'max',
    '/sys/fs/cgroup/system.slice/cpu.max': '300000 100000',
    '/sys/fs/cgroup/system.slice/memory.max': '1073741824',
  })
  // Quotas: none, 0.5, 3 CPUs. Memory: 4 GiB, none, 1 GiB.
  expect(readCgroupLimits(system)).toEqual({ quotaCpus: 0.5, memoryLimitBytes: 2 ** 30 })
})

test('version 1: each controller has its own path, and "no limit" is a huge number or -1', () => {
  const system = recordedSystem('linux', {
    '/proc/self/cgroup': '5:memory:/jobs/7\n4:cpu,cpuacct:/jobs\n1:name=systemd:/\n0::/',
    '/proc/self/mountinfo': v1Mounts,
    '/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us': '150000',
    '/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us': '100000',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    '/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes': '9223372036854771712',
    '/sys/fs/cgroup/memory/jobs/7/memory.stat': 'cache 0\nhierarchical_memory_limit 2147483648\ntotal_cache 0',
  })
  expect(readCgroupLimits(system)).toEqual({ quotaCpus: 1.5, memoryLimitBytes: 2 ** 31 })
})

test('a hybrid reads the controller from its version 1 mount and from the unified tree', () => {
  const memberships = parseMemberships('1:cpu:/a\n0::/b')
  const mounts = parseCgroupMounts(
    ['1 0 0:1 / /c/cpu rw - cgroup cgroup rw,cpu', '2 0 0:2 / /c/unified rw - cgroup2 cgroup2 rw'].join('\n'),
  )
  expect(cgroupFolders(memberships, mounts, 'cpu')).toEqual([
    { version: 1, path: '/c/cpu/a' },
    { version: 1, path: '/c/cpu' },
    { version: 2, path: '/c/unified/b' },
    { version: 2, path: '/c/unified' },
  ])
})

test('a container whose group is the root of the mount reads the mount point only', () => {
  const mounts = parseCgroupMounts('9 1 0:3 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw')
  const folders = (path: string) => cgroupFolders(parseMemberships(`0::${path}`), mounts, 'cpu').map((folder) => folder.path)
  expect(folders('/docker/abc')).toEqual(['/sys/fs/cgroup'])
  expect(folders('/docker/abc/inner')).toEqual(['/sys/fs/cgroup/inner', '/sys/fs/cgroup'])
  expect(folders('/docker/abcd')).toEqual(['/sys/fs/cgroup'])
  expect(folders('/../other')).toEqual(['/sys/fs/cgroup'])
})

test('mount points with escaped spaces, colons in a group path, and mounts of other kinds', () => {
  expect(parseCgroupMounts('9 1 0:3 / /my\\040groups rw - cgroup2 none rw\n10 1 8:1 / / rw - ext4 /dev/vda rw')).toEqual([
    { version: 2, root: '/', point: '/my groups', controllers: ['rw'] },
  ])
  expect(parseMemberships('0::/a:b\n\ngarbage')).toEqual([{ hierarchy: 0, controllers: [], path: '/a:b' }])
})

test('cpu.max as the kernel writes it', () => {
  expect(parseCpuMax('max 100000')).toBeNull()
  expect(parseCpuMax('25000 100000')).toBe(0.25)
  expect(parseCpuMax('200000')).toBe(2)
})

test('without control groups there are no limits and no throttling', () => {
  const none = recordedSystem('linux', {})
  expect(readCgroupLimits(none)).toEqual({ quotaCpus: null, memoryLimitBytes: null })
  expect(watchThrottling(none)()).toBeNull()
})

test('throttling is the largest increase among the groups, not the largest total', () => {
  const texts: Record<string, string> = {
    '/proc/self/cgroup': '0::/a',
    '/proc/self/mountinfo': v2Mount,
    '/sys/fs/cgroup/a/cpu.stat': 'usage_usec 9\nnr_throttled 1\nthrottled_usec 2000',
    '/sys/fs/cgroup/cpu.stat': 'usage_usec 9\nthrottled_usec 900000',
  }
  const since = watchThrottling(recordedSystem('linux', texts))
  texts['/sys/fs/cgroup/a/cpu.stat'] = 'usage_usec 9\nnr_throttled 3\nthrottled_usec 47000'
  texts['/sys/fs/cgroup/cpu.stat'] = 'usage_usec 9\nthrottled_usec 901000'
  // 45 ms in the own group, 1 ms in its parent.
  expect(since()).toBeCloseTo(45)
})

test('version 1 counts throttled time in nanoseconds', () => {
  const texts: Record<string, string> = {
    '/proc/self/cgroup': '4:cpu,cpuacct:/',
    '/proc/self/mountinfo': v1Mounts,
    '/sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'nr_periods 10\nnr_throttled 0\nthrottled_time 5000000',
  }
  const since = watchThrottling(recordedSystem('linux', texts))
  texts['/sys/fs/cgroup/cpu,cpuacct/cpu.stat'] = 'nr_periods 11\nnr_throttled 1\nthrottled_time 8000000'
  expect(since()).toBeCloseTo(3)
})
