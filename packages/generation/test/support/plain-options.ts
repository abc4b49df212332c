// Options for tests that open a generator: one thread, and nothing chosen.
import type { GenerationRequest, GeneratorOptions } from '../../src/generator.ts'

export const plainOptions: GeneratorOptions = {
  threads: 1,
  prefillThreads: null,
  dtype: null,
  pythonPath: null,
  mostRequests: 0,
}

/** Greedy, of a fixed length. */
export const plainRequest = (prompt: GenerationRequest['prompt'], newTokens: number): GenerationRequest => ({
  prompt,
  newTokens,
  ignoreEnd: true,
  sampling: { kind: 'greedy' },
  stop: [],
})
