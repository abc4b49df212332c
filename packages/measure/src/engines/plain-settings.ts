// Settings of an engine that nobody chose any of: all optimizations of the graph, one node after the other, the nearest package.
import type { EngineOptions } from './types.ts'

export const PLAIN_SETTINGS = {
  graphOptimization: 'all',
  executionMode: 'sequential',
  configEntries: {},
  packageFrom: null,
} as const satisfies Omit<EngineOptions, 'threads'>
