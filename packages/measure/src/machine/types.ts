// Facts about a computer and its measured roofs, as plain data. Unknown facts are null.

export interface Machine {
  readonly cpu: string
  readonly architecture: string
  readonly platform: string
  /** CPUs this process may run on: affinity and, rounded up, the quota. */
  readonly usableCpus: number
  /** CPUs present in the machine, where known. */
  readonly onlineCpus: number
  readonly physicalCores: number | null
  /** The tightest cgroup quota among all ancestors, in CPUs (0.5 = half a CPU); null: no quota. */
  readonly quotaCpus: number | null
  readonly memoryBytes: number
  /** The tightest cgroup memory limit; null: none. */
  readonly memoryLimitBytes: number | null
  /** Instruction sets that matter to inference: avx2, fma, avx512f, avx512_vnni, avx_vnni, amx_int8, amx_bf16, neon, dotprod, i8mm, bf16, sve. */
  readonly isa: readonly string[]
  /** Devices that an installed engine can see, by name. */
  readonly accelerators: readonly string[]
  /** Bytes; keys L1d, L2, L3; null if not known. Per core for L1d and L2, shared for L3. */
  readonly caches: Readonly<Record<string, number | null>>
  readonly virtualised: boolean | null
  readonly governor: string | null
  readonly os: string
  readonly node: string
  /** What could not be found out, and why. */
  readonly unknown: readonly string[]
}

/** Measured with the engine's own kernels at one thread count. */
export interface Roofs {
  readonly threads: number
  /** Keys: float32, int8. 2 FLOPs a multiply-add. */
  readonly flopsPerSecond: Readonly<Record<string, number>>
  /** Keys: L1, L2, L3, DRAM; null: could not be measured honestly. */
  readonly bytesPerSecond: Readonly<Record<string, number | null>>
  /**
   * Elements a second of elementwise operators on data in the nearest cache, by operator ('Exp', 'com.microsoft:Gelu'): one thread's,
   * times the threads. Absent: roofs of a version that did not measure them.
   */
  readonly elementsPerSecond?: Readonly<Record<string, number>>
  /** Why a level is null or doubtful, by key (also float32, int8); `noise` where the machine was busy meanwhile. */
  readonly reasons: Readonly<Record<string, string>>
}
