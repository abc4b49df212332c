// A context of node-llama-cpp has memory and a cache of its own: made for each request, it is allocated again, and what it knew is lost.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Every second prediction and more often; of a script, which is one, this many times in all. */
const OFTEN = { stages: 0.5, function: 0.5, script: 4 } as const

export const contextPerRequest = defineRule({
  id: 'context-per-request',
  area: 'software',
  title: 'A new context is created for each request',
  languages: ['javascript'],
  needs: ['patterns', 'calls'],
  check(evidence) {
    const often = OFTEN[evidence.target.kind]
    return hotPatterns(evidence, ['context-made'])
      .filter(({ calls }) => calls.some(({ callsPerPrediction }) => callsPerPrediction >= often))
      .map(({ pattern, timeMs, share: part }) => ({
        ...tell`The context that is created at ${inWords(pattern)} takes ${ms('context', timeMs)}, ${share('share', part)} of a prediction. Kept, with
          a sequence for each conversation, it takes none, and the beginning of the prompt stays in its cache.`,
        timeMs,
        wouldSaveMs: timeMs,
        basis: 'measured' as const,
        places: [placeOf(pattern)],
      }))
  },
})
