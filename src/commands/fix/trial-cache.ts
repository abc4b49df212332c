// Trials are kept by model, setup, machine, engine and Node; a run with more budget goes on where the last one ended.

import type { LocalBenchPlan } from '../../tune/local-bench/index.ts'
import type { Run } from '../run.ts'
import type { FixOptions } from './options.ts'

export function cacheOf(
  { machine, engine }: Run,
  { engine: id, cache }: Pick<FixOptions, 'engine' | 'cache'>,
): LocalBenchPlan['cache'] {
  if (cache === 'off') return undefined
  const key = { machine, engine: id, engineVersion: engine.version, nodeVersion: process.versions.node, threads: null }
  return { options: { mode: cache }, key }
}
