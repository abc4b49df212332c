import { expect, test } from 'vitest'
import { recordedSystem } from '../../test/support/recorded-system.ts'
import { listAccelerators } from './accelerators.ts'
import { countUsableCpus, readAllowedCpus } from './affinity.ts'
import { parseCacheSize, readCaches } from './caches.ts'
import { parseCpuinfo, readCpu } from './cpu.ts'
import { parseCpuList } from './cpu-list.ts'
import { readMachine } from './index.ts'
import { parseMemTotal, parseResidentBytes } from './memory.ts'
import { readVirtualised } from './virtualised.ts'

const xeon = [
  'processor\t: 0',
  'model name\t: Intel(R) Xeon(R) Platinum 8488C',
  'flags\t\t: fpu sse2 fma avx f16c avx2 hypervisor avx512f avx512bw avx512_vnni amx_bf16 amx_tile amx_int8',
  '',
  'processor\t: 1',
  'model name\t: Intel(R) Xeon(R) Platinum 8488C',
].join('\n')
const graviton = [
  'processor\t: 0',
  'BogoMIPS\t: 2100.00',
  'Features\t: fp asimd evtstrm aes asimdhp asimddp sve i8mm bf16',
  'CPU implementer\t: 0x41',
  'CPU part\t: 0xd40',
].join('\n')
const core = (cpu: number, siblings: string) => ({ [`/sys/devices/system/cpu/cpu${cpu}/topology/core_cpus_list`]: siblings })

test('cpuinfo of x86 and arm64 in the names that matter to inference', () => {
  expect(parseCpuinfo(xeon)).toEqual({
    model: 'Intel(R) Xeon(R) Platinum 8488C',
    isa: ['amx_bf16', 'amx_int8', 'amx_tile', 'avx', 'avx2', 'avx512_vnni', 'avx512bw', 'avx512f', 'f16c', 'fma'],
    hypervisor: true,
  })
  expect(parseCpuinfo(graviton)).toEqual({
    model: 'ARM Neoverse-V1',
    isa: ['bf16', 'dotprod', 'fp16', 'i8mm', 'neon', 'sve'],
    hypervisor: null,
  })
  expect(parseCpuinfo('')).toEqual({ model: null, isa: [], hypervisor: null })
})

test('CPU lists', () => {
  expect(parseCpuList('0-2,5\n')).toEqual([0, 1, 2, 5])
  expect(parseCpuList('')).toEqual([])
})

test('usable CPUs: affinity, or the quota rounded up where that is less, and never none', () => {
  const status = recordedSystem('linux', { '/proc/self/status': 'Name:\tnode\nCpus_allowed:\tf1\nCpus_allowed_list:\t0,4-7\n' })
  expect(readAllowedCpus(status)).toEqual([0, 4, 5, 6, 7])
  expect(countUsableCpus([0, 4, 5, 6, 7], null)).toBe(5)
  expect(countUsableCpus([0, 4, 5, 6, 7], 2.5)).toBe(3)
  expect(countUsableCpus([0, 4], 0.1)).toBe(1)
  expect(countUsableCpus([0, 4], 16)).toBe(2)
})

test('cores are distinct sets of sibling threads', () => {
  const system = recordedSystem('linux', {
    '/proc/cpuinfo': xeon,
    '/sys/devices/system/cpu/online': '0-3',
    ...core(0, '0,2'),
    ...core(1, '1,3'),
    ...core(2, '0,2'),
    ...core(3, '1,3'),
  })
  expect(readCpu(system)).toMatchObject({ onlineCpus: 4, physicalCores: 2, governor: null, unknown: [] })
})

test('cache sizes: data and unified caches only', () => {
  const index = (at: number, level: string, type: string, size: string) => {
    const folder = `/sys/devices/system/cpu/cpu0/cache/index${at}`
    return { [`${folder}/level`]: level, [`${folder}/type`]: type, [`${folder}/size`]: size }
  }
  const system = recordedSystem('linux', {
    ...index(0, '1', 'Data', '48K'),
    ...index(1, '1', 'Instruction', '32K'),
    ...index(2, '2', 'Unified', '2048K'),
  })
  expect(readCaches(system)).toEqual({
    caches: { L1d: 49152, L2: 2 ** 21, L3: null },
    unknown: ['caches L3: linux does not report them'],
  })
  expect(parseCacheSize('32M')).toBe(2 ** 25)
  expect(parseCacheSize('large')).toBeNull()
})

test('Apple silicon through sysctl', () => {
  const system = recordedSystem('darwin', {
    'sysctl:machdep.cpu.brand_string': 'Apple M2',
    'sysctl:hw.optional.arm.FEAT_DotProd': '1',
    'sysctl:hw.optional.arm.FEAT_I8MM': '1',
    'sysctl:hw.optional.arm.FEAT_SME': '0',
    'sysctl:hw.physicalcpu': '8',
    'sysctl:hw.perflevel0.l1dcachesize': '131072',
    'sysctl:hw.perflevel0.l2cachesize': '16777216',
    'sysctl:kern.hv_vmm_present': '0',
  })
  const machine = readMachine([], system)
  expect(machine).toMatchObject({ cpu: 'Apple M2', isa: ['dotprod', 'i8mm', 'neon'], physicalCores: 8, virtualised: false })
  expect(machine.caches).toEqual({ L1d: 131072, L2: 16777216, L3: null })
})

test('virtual machines: the CPU flag first, then the firmware, and bare metal of a cloud is none', () => {
  const dmi = (vendor: string, product: string) =>
    recordedSystem('linux', { '/sys/class/dmi/id/sys_vendor': vendor, '/sys/class/dmi/id/product_name': product })
  expect(readVirtualised(dmi('Dell Inc.', 'PowerEdge'), true)).toBe(true)
  expect(readVirtualised(dmi('QEMU', 'Standard PC'), false)).toBe(false)
  expect(readVirtualised(dmi('QEMU', 'KVM Virtual Machine'), null)).toBe(true)
  expect(readVirtualised(dmi('Amazon EC2', 'm7g.large'), null)).toBe(true)
  expect(readVirtualised(dmi('Amazon EC2', 'm7g.metal'), null)).toBe(false)
  expect(readVirtualised(recordedSystem('linux', {}), null)).toBeNull()
})

test('a device that no engine sees says so, and one that an engine names is not listed twice', () => {
  const system = recordedSystem('linux', { '/dev/nvidia0': '', '/dev/dri/renderD128': '' })
  expect(listAccelerators([], system)).toEqual(['NVIDIA GPU (/dev/nvidia0: seen by the system, not by the engine)'])
  expect(listAccelerators(['cuda', 'cuda'], system)).toEqual(['cuda'])
  expect(listAccelerators([], recordedSystem('linux', { '/dev/dri/renderD128': '' }))).toEqual([
    'GPU (/dev/dri/renderD128: seen by the system, not by the engine)',
  ])
})

test('memory', () => {
  expect(parseMemTotal('MemTotal:       24684096 kB\nMemFree: 1 kB')).toBe(24684096 * 1024)
  expect(parseMemTotal('')).toBeNull()
  // As a process of 2048 pages of 16 kB says it.
  expect(parseResidentBytes('VmHWM:\t   40000 kB\nVmRSS:\t   32768 kB\nRssAnon: 1 kB')).toBe(2048 * 16384)
  expect(parseResidentBytes('')).toBeNull()
})

test('what a system does not tell is unknown and never thrown', () => {
  const machine = readMachine([], recordedSystem('win32', {}))
  expect(machine.quotaCpus).toBeNull()
  expect(machine.virtualised).toBeNull()
  expect(machine.caches).toEqual({ L1d: null, L2: null, L3: null })
  expect(machine.unknown.map((line) => line.split(':')[0])).toEqual([
    'instruction sets',
    'physical cores',
    'caches L1d, L2, L3',
    'CPU affinity',
    'virtualization',
    'frequency governor',
  ])
})

test('this machine can be read', () => {
  const machine = readMachine(['x'])
  expect(machine.usableCpus).toBeGreaterThanOrEqual(1)
  expect(machine.usableCpus).toBeLessThanOrEqual(machine.onlineCpus)
  expect(machine.accelerators[0]).toBe('x')
  expect(JSON.parse(JSON.stringify(machine))).toEqual(machine)
})
