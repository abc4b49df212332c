// Session options as onnxruntime-web takes them: https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession.SessionOptions.html
// Imports nothing: it runs in the page too.
import type { OpenOptions } from '../types.ts'

/** `provider`: 'wasm' or 'webgpu'; with the latter, nodes that it has no kernel for run on WebAssembly. */
export function webSessionOptions(
  options: Pick<OpenOptions, 'graphOptimization' | 'executionMode' | 'configEntries'>,
  provider: 'wasm' | 'webgpu',
  profiling: boolean,
) {
  return {
    logSeverityLevel: 3 as const,
    executionProviders: [provider],
    graphOptimizationLevel: options.graphOptimization,
    executionMode: options.executionMode,
    ...(profiling ? { enableProfiling: true } : {}),
    ...(Object.keys(options.configEntries).length ? { extra: nestEntries(options.configEntries) } : {}),
  }
}

/** 'session.x.y': 'v' as { session: { x: { y: 'v' } } }, the form in which onnxruntime's packages read configuration entries. */
export function nestEntries(entries: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(entries)) {
    const parts = key.split('.')
    let at = root
    for (const part of parts.slice(0, -1)) {
      at[part] ??= {}
      at = at[part] as Record<string, unknown>
    }
    at[parts.at(-1)!] = value
  }
  return root
}
