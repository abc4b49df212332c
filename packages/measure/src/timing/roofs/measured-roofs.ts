// The machine's roofs for one engine and thread count: from the cache, else measured in a trial and kept.
import type { EngineOptions } from '../../engines/types.ts'
import type { Machine, Roofs } from '../../machine/types.ts'
import { type CacheKey, type CacheOptions, readCached, writeCached } from '../../trials/cache.ts'
import { type Limits, trialLimits } from '../../trials/limits.ts'
import { type RunTrial, reasonOf } from '../../trials/port.ts'
import { roofsTask } from './task.ts'

export interface RoofsWanted {
  readonly run: RunTrial
  readonly machine: Machine
  readonly engine: { readonly version: string }
  readonly engineId: string
  readonly options: EngineOptions
  readonly cache: 'use' | 'refresh' | 'off'
  /** Absent: the user's of this system. */
  readonly cacheFolder?: string
  readonly limits: Limits
  readonly progress: (progress: { stage: string; done: number; of: number }) => void
}

export interface RoofsFound {
  readonly value: Roofs | undefined
  /** Why there are none. */
  readonly absent: string | undefined
  readonly warnings: readonly string[]
}

/** Longest that measuring roofs takes, ms. */
const ROOFS_MS = 15_000

export async function measuredRoofs(wanted: RoofsWanted): Promise<RoofsFound> {
  const { machine, engineId, options } = wanted
  const key = roofsKey(wanted)
  const cache: CacheOptions = {
    mode: wanted.cache === 'off' ? 'no-cache' : wanted.cache,
    ...(wanted.cacheFolder === undefined ? {} : { folder: wanted.cacheFolder }),
  }
  const cached = readCached(key, cache)
  const warnings = cached.warning ? [cached.warning] : []
  if (isRoofs(cached.value)) return { value: cached.value, absent: undefined, warnings }
  wanted.progress({ stage: "measuring this machine's roofs, once", done: 0, of: 1 })
  const trial = await wanted.run(
    roofsTask,
    { engine: engineId, packageFrom: options.packageFrom, threads: options.threads, caches: machine.caches },
    trialLimits(wanted.limits, ROOFS_MS),
  )
  if (trial.outcome !== 'measured') {
    const reason = trial.outcome === 'timed-out' ? `it took longer than ${trial.limitMs / 1000} s` : reasonOf(trial)
    return { value: undefined, absent: `the machine's roofs could not be measured: ${reason}`, warnings }
  }
  // A busy machine's roofs are used once, with the doubt said, and measured again next time.
  const noise = trial.value.reasons.noise
  if (noise)
    return { value: trial.value, absent: undefined, warnings: [...warnings, `the machine's roofs are doubtful: ${noise}`] }
  const unwritten = writeCached(key, trial.value, cache)
  return { value: trial.value, absent: undefined, warnings: unwritten ? [...warnings, unwritten] : warnings }
}

/** What they are kept under. */
export function roofsKey({
  machine,
  engineId,
  engine,
  options,
}: Pick<RoofsWanted, 'machine' | 'engineId' | 'engine' | 'options'>): CacheKey {
  return {
    kind: 'roofs',
    machine,
    engine: engineId,
    engineVersion: engine.version,
    nodeVersion: process.version,
    threads: options.threads,
  }
}

function isRoofs(value: unknown): value is Roofs {
  const roofs = value as Partial<Roofs> | null | undefined
  return (
    typeof roofs?.threads === 'number' &&
    typeof roofs.flopsPerSecond === 'object' &&
    typeof roofs.bytesPerSecond === 'object' &&
    // Kept by a version that measured no functions: measured again.
    typeof roofs.elementsPerSecond === 'object'
  )
}
