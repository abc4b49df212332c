// The engine's options as onnxruntime-node takes them: https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession.SessionOptions.html
// Configuration entries lie nested under `extra`, with strings as values.
import type * as Ort from 'onnxruntime-node'
import type { OpenOptions } from '../types.ts'
import { nestEntries } from './web-options.ts'

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
    ...(Object.keys(options.configEntries).length ? { extra: nestEntries(options.configEntries) } : {}),
  }
}
