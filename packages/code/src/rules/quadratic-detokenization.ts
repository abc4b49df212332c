// TextStreamer decodes all tokens since the last line end for each new token: one long line takes time with the square of its length.
// https://github.com/huggingface/transformers.js/blob/main/packages/transformers/src/generation/streamers.js
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { HOT_SHARE, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const quadraticDetokenization = defineRule({
  id: 'quadratic-detokenization',
  area: 'software',
  title: 'The streamer decodes all tokens of a line again for each new one',
  languages: ['javascript'],
  needs: ['patterns', 'stacks'],
  check(evidence) {
    const [streamer] = evidence.patterns!.filter(({ pattern }) => pattern === 'streamer-made')
    if (streamer === undefined) return 'clear'
    const { p50Ms } = evidence.latency
    const part = decodingShare(evidence)
    if (part < HOT_SHARE) return 'clear'
    const timeMs = part * p50Ms
    return {
      ...tell`Making text in the streamer takes ${ms('decode', timeMs)}, ${share('share', part)} of the time: it decodes the line again for each token.
        A streamer of your own that decodes only new tokens, or a text that is made once at the end, does not.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'nothing was run in its place',
      basis: 'measured',
      places: [placeOf(streamer)],
    }
  },
})

/** Share of the samples in a `decode` that a streamer's `put` called. */
function decodingShare({ stacks }: Pick<PipelineEvidence, 'stacks'>): number {
  const { frames, samples, weightsMs } = stacks!
  const named = (name: RegExp) => new Set(frames.flatMap((frame, at) => (name.test(frame.name) ? [at] : [])))
  const [puts, decodes] = [named(/(^|\.)put$/), named(/(^|\.)(decode|_?decode_single|batch_decode)$/)]
  let [inside, all] = [0, 0]
  for (const [at, stack] of samples.entries()) {
    all += weightsMs[at]!
    const put = stack.findIndex((frame) => puts.has(frame))
    if (put >= 0 && stack.slice(put + 1).some((frame) => decodes.has(frame))) inside += weightsMs[at]!
  }
  return all === 0 ? 0 : inside / all
}
