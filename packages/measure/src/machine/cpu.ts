// The CPU's name, its instruction sets and its counts, as the operating system shows them: a flag that the hypervisor or
// the kernel hides cannot be used, whatever the silicon holds.
// Linux: /proc/cpuinfo (x86 "flags", arm64 "Features", Documentation/arch/arm64/elf_hwcaps.rst) and /sys/devices/system/cpu.
// macOS: sysctl machdep.cpu.* (Intel) and hw.optional.arm.* (Apple). Windows has no way without native code.
import { cpus } from 'node:os'
import { parseCpuList } from './cpu-list.ts'
import type { System } from './system.ts'

/** Our name by the kernel's flag. */
const x86Flags: Readonly<Record<string, string>> = {
  avx: 'avx',
  avx2: 'avx2',
  fma: 'fma',
  f16c: 'f16c',
  avx512f: 'avx512f',
  avx512bw: 'avx512bw',
  avx512_vnni: 'avx512_vnni',
  avx512_bf16: 'avx512_bf16',
  avx512_fp16: 'avx512_fp16',
  avx_vnni: 'avx_vnni',
  amx_tile: 'amx_tile',
  amx_int8: 'amx_int8',
  amx_bf16: 'amx_bf16',
}
const armFlags: Readonly<Record<string, string>> = {
  asimd: 'neon',
  neon: 'neon',
  asimdhp: 'fp16',
  asimddp: 'dotprod',
  i8mm: 'i8mm',
  bf16: 'bf16',
  sve: 'sve',
  sve2: 'sve2',
  sme: 'sme',
}
/** Intel Macs: words of machdep.cpu.features and leaf7_features. */
const macIntelFlags: Readonly<Record<string, string>> = {
  'AVX1.0': 'avx',
  AVX2: 'avx2',
  FMA: 'fma',
  F16C: 'f16c',
  AVX512F: 'avx512f',
  AVX512BW: 'avx512bw',
  AVX512VNNI: 'avx512_vnni',
}
/** Apple silicon: keys of hw.optional.arm. */
const macArmFlags: Readonly<Record<string, string>> = {
  FEAT_FP16: 'fp16',
  FEAT_DotProd: 'dotprod',
  FEAT_I8MM: 'i8mm',
  FEAT_BF16: 'bf16',
  FEAT_SME: 'sme',
}
/** arm64 kernels give numbers instead of a name: implementer, part (Linux arch/arm64/include/asm/cputype.h). */
const armParts: Readonly<Record<string, string>> = {
  '0x41:0xd03': 'ARM Cortex-A53',
  '0x41:0xd08': 'ARM Cortex-A72',
  '0x41:0xd0b': 'ARM Cortex-A76',
  '0x41:0xd0c': 'ARM Neoverse-N1',
  '0x41:0xd40': 'ARM Neoverse-V1',
  '0x41:0xd49': 'ARM Neoverse-N2',
  '0x41:0xd4f': 'ARM Neoverse-V2',
  '0xc0:0xac3': 'Ampere-1',
  '0xc0:0xac4': 'Ampere-1A',
}

export interface Cpuinfo {
  readonly model: string | null
  /** Our names, sorted. */
  readonly isa: readonly string[]
  /** null if the text has no flags to look in. */
  readonly hypervisor: boolean | null
}

/** Reads the text of /proc/cpuinfo: the first processor's model, and the instruction sets that matter to inference. */
export function parseCpuinfo(text: string): Cpuinfo {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim()
  const flags = field('flags')?.split(/\s+/)
  const features = field('Features')?.split(/\s+/)
  const part = `${field('CPU implementer')?.toLowerCase()}:${field('CPU part')?.toLowerCase()}`
  return {
    model: field('model name') ?? armParts[part] ?? (part.includes('undefined') ? null : `ARM ${part}`),
    isa: named(flags ?? features ?? [], flags ? x86Flags : armFlags),
    hypervisor: flags ? flags.includes('hypervisor') : null,
  }
}

function named(flags: readonly string[], names: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(flags.flatMap((flag) => names[flag] ?? []))].sort()
}

export interface Cpu {
  readonly model: string
  readonly isa: readonly string[]
  readonly hypervisor: boolean | null
  readonly onlineCpus: number
  readonly physicalCores: number | null
  readonly governor: string | null
  readonly unknown: readonly string[]
}

/** What the system says of its CPU. Never throws; what it does not say is in `unknown`. */
export function readCpu(system: System): Cpu {
  const listed = cpus()
  const name = listed[0]?.model.trim()
  const common = { onlineCpus: listed.length || 1, hypervisor: null, physicalCores: null, governor: null }
  if (system.platform === 'linux') return readLinuxCpu(system, name)
  if (system.platform === 'darwin') return { ...common, ...readMacCpu(system, name) }
  const isa = process.arch === 'arm64' ? ['neon'] : []
  const unknown = [
    `instruction sets: ${system.platform} does not report them without native code`,
    `physical cores: ${system.platform} does not report them without native code`,
  ]
  return { ...common, model: name ?? 'unknown', isa, unknown }
}

function readLinuxCpu(system: System, name: string | undefined): Cpu {
  const { model, isa, hypervisor } = parseCpuinfo(system.readText('/proc/cpuinfo') ?? '')
  const online = parseCpuList(system.readText('/sys/devices/system/cpu/online') ?? '')
  const physicalCores = countCores(system, online)
  const unknown = [
    ...(isa.length === 0 ? ['instruction sets: /proc/cpuinfo shows none'] : []),
    ...(physicalCores === null ? ['physical cores: /sys/devices/system/cpu has no topology'] : []),
  ]
  return {
    model: model ?? (name || 'unknown'),
    isa,
    hypervisor,
    onlineCpus: online.length || cpus().length || 1,
    physicalCores,
    governor: system.readText('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    unknown,
  }
}

/** Distinct sets of sibling threads. A virtual machine may call threads cores. */
function countCores(system: System, online: readonly number[]): number | null {
  const siblings = online.map(
    (cpu) =>
      system.readText(`/sys/devices/system/cpu/cpu${cpu}/topology/core_cpus_list`) ??
      system.readText(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`),
  )
  if (siblings.length === 0 || siblings.includes(null)) return null
  return new Set(siblings).size
}

function readMacCpu(system: System, name: string | undefined): Pick<Cpu, 'model' | 'isa' | 'physicalCores' | 'unknown'> {
  const words = `${system.sysctl('machdep.cpu.features') ?? ''} ${system.sysctl('machdep.cpu.leaf7_features') ?? ''}`
  const intel = named(words.split(/\s+/), macIntelFlags)
  const apple = Object.keys(macArmFlags).filter((flag) => system.sysctl(`hw.optional.arm.${flag}`) === '1')
  const isApple = process.arch === 'arm64' || apple.length > 0
  const isa = isApple ? ['neon', ...named(apple, macArmFlags)].sort() : intel
  const cores = Number(system.sysctl('hw.physicalcpu') ?? Number.NaN)
  return {
    model: system.sysctl('machdep.cpu.brand_string') ?? name ?? 'unknown',
    isa,
    physicalCores: cores > 0 ? cores : null,
    unknown: [
      ...(isa.length === 0 ? ['instruction sets: sysctl shows none'] : []),
      ...(cores > 0 ? [] : ['physical cores: sysctl hw.physicalcpu gave nothing']),
    ],
  }
}
