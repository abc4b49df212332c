// Runs one kernel in a session of its own and times it. The session is closed at once: threads of an idle one go on
// spinning for a while, on the CPUs that the next kernel needs.
import { processClock, takeSamples, timeEachRun } from '../../engines/sampler.ts'
import type { Kernel } from './kernels.ts'

/** What is used of onnxruntime-node. */
export type Ort = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor'>

/** Fewest runs of a kernel. The first run before timing allocates, and wakes the threads. */
const least = { warmup: 2, samples: 3 } as const

/** Times of single runs, ms, until `ms` are over, at least three. Throws the engine's error if it cannot run the kernel. */
export async function sampleKernel(ort: Ort, threads: number | null, kernel: Kernel, ms: number): Promise<readonly number[]> {
  const { bytes, feeds } = kernel.model()
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(threads === null ? {} : { intraOpNumThreads: threads }),
  })
  try {
    const tensors = Object.fromEntries(
      feeds.map(({ name, type, shape, data }) => [name, new ort.Tensor(type, data as Float32Array & Uint8Array, shape)]),
    )
    const run = timeEachRun([() => session.run(tensors)], processClock)
    return (await takeSamples(run, { least, warmupMs: 0, sampleMs: ms }, processClock)).samplesMs
  } finally {
    await session.release()
  }
}

/** One run in this many may be faster than the roof that it gives. */
const runsPerFaster = 30

/**
 * The time that one run in thirty undercuts; the fastest of fewer than thirty. Nothing makes a run faster than the machine
 * is, and much makes it slower.
 */
export function fastTimeMs(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / runsPerFaster)] ?? Number.NaN
}
