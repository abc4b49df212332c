// The engine's options as onnxruntime-node takes them: https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession.SessionOptions.html
// Configuration entries lie nested under `extra`, with strings as values.
import type * as Ort from 'onnxruntime-node'
import type { OpenOptions } from './types.ts'

export type Provider = Ort.InferenceSession.ExecutionProviderConfig

/** Session options as the binding takes them; null leaves the engine its default. */
export function sessionOptions(
  options: OpenOptions,
  providers: readonly Provider[] = ['cpu'],
): Ort.InferenceSession.SessionOptions {
  return {
    logSeverityLevel: 3,
    executionProviders: providers,
    graphOptimizationLevel: options.graphOptimization,
    executionMode: options.executionMode,
    ...(options.threads === null ? {} : { intraOpNumThreads: options.threads }),
    ...(options.profilePrefix ? { enableProfiling: true, profileFilePrefix: options.profilePrefix } : {}),
    ...(options.optimizedModelPath ? { optimizedModelFilePath: options.optimizedModelPath } : {}),
    ...(Object.keys(options.configEntries).length ? { extra: nested(options.configEntries) } : {}),
  }
}

/** 'session.x.y': 'v' as { session: { x: { y: 'v' } } }, the form in which the binding reads configuration entries. */
function nested(entries: Readonly<Record<string, string>>): Record<string, unknown> {
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
