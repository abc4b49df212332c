// Probabilities of the whole vocabulary are made objects of JavaScript at each token, tens of thousands of them, though one is chosen.
// https://node-llama-cpp.withcat.ai/guide/low-level-api
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { HOT_SHARE, hotPatterns, inWords, placeOf, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const allProbabilities = defineRule({
  id: 'all-probabilities',
  area: 'software',
  title: 'Probabilities of the whole vocabulary are taken at each token',
  languages: ['javascript'],
  needs: ['patterns', 'lines'],
  check(evidence) {
    const { p50Ms } = evidence.latency
    return hotPatterns(evidence, ['probabilities-taken'], 0).flatMap(({ pattern, ...hot }) => {
      const part = Math.max(hot.share, shareOf(evidence, pattern.callee))
      if (part < HOT_SHARE) return []
      return [
        {
          ...tell`The call at ${inWords(pattern)} returns the probabilities of all tokens, and takes ${ms('call', part * p50Ms)},
            ${share('share', part)} of the time with what it generates. Without them, sampling stays in the engine.`,
          timeMs: part * p50Ms,
          ...UNTRIED,
          places: [placeOf(pattern)],
        },
      ]
    })
  },
})

/** Share of the samples in a function of this name: the steps of an asynchronous generator have no caller on their stack. */
function shareOf({ stacks }: PipelineEvidence, callee: string | null): number {
  const name = callee?.split('.').at(-1)
  if (stacks === undefined || name === undefined) return 0
  const called = new Set(stacks.frames.flatMap((frame, at) => (frame.name.split('.').at(-1) === name ? [at] : [])))
  const all = sum(stacks.weightsMs)
  const own = sum(stacks.weightsMs.filter((_, at) => stacks.samples[at]!.some((frame) => called.has(frame))))
  return all === 0 ? 0 : own / all
}
