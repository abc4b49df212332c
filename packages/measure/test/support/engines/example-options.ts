// Options for tests that open an engine: one thread, and nothing changed.
import type { EngineOptions } from '../../../src/engines/types.ts'

export const plainOptions: EngineOptions = {
  threads: 1,
  graphOptimization: 'all',
  executionMode: 'sequential',
  configEntries: {},
  packageFrom: null,
}
