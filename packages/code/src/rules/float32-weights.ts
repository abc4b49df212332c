// transformers.js takes float32 weights in Node if nobody names a dtype: each token reads four to eight times the bytes of int8 and int4.
// https://github.com/huggingface/transformers.js/blob/main/packages/transformers/src/utils/dtypes.js
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, sum } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const float32Weights = defineRule({
  id: 'float32-weights',
  area: 'software',
  title: 'No dtype is named: the model runs with float32 weights',
  languages: ['javascript'],
  needs: ['patterns'],
  check(evidence) {
    const loads = evidence.patterns!.filter(({ pattern }) => pattern === 'dtype-missing')
    const generates = hotPatterns(evidence, ['generate-call', 'texts-padded'])
    if (loads.length === 0 || generates.length === 0) return 'clear'
    const { p50Ms } = evidence.latency
    const timeMs = Math.min(p50Ms, sum(generates.map((one) => one.timeMs)))
    return loads.map((load) => ({
      ...tell`The model that is loaded at ${inWords(load)} has no dtype, so that transformers.js takes float32 weights in Node. Its calls take
        ${ms('generate', timeMs)}, ${share('share', timeMs / p50Ms)} of the time. Name one that the model has, dtype: 'q4' or 'q8', and compare the text.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'no other dtype was run; `whyslow generate MODEL_FOLDER` estimates each',
      basis: 'measured' as const,
      places: [placeOf(load)],
    }))
  },
})
