// transformers.js takes float32 weights in Node if nobody names a dtype: each token reads four to eight times the bytes of int8 and int4.
// https://github.com/huggingface/transformers.js/blob/main/packages/transformers/src/utils/dtypes.js
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { SourcePattern } from '../facts.ts'
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
    const { p50Ms } = evidence.latency
    const isOnly = evidence.patterns!.filter(isLoad).length <= 1
    return loads.flatMap((load) => {
      const own = generates.filter(({ pattern: { callee } }) =>
        load.variable == null ? isOnly : callee !== null && isOf(load.variable, callee),
      )
      if (own.length === 0) return []
      const timeMs = Math.min(p50Ms, sum(own.map((one) => one.timeMs)))
      return {
        ...tell`The model that is loaded at ${inWords(load)} has no dtype, so that transformers.js takes float32 weights in Node. Its calls take
          ${ms('generate', timeMs)}, ${share('share', timeMs / p50Ms)} of the time. Name one that the model has, dtype: 'q4' or 'q8', and compare the text.`,
        timeMs,
        wouldSaveMs: null,
        savingUnknown: 'no other dtype was run; `whyslow generate MODEL_FOLDER` estimates each',
        basis: 'measured' as const,
        places: [placeOf(load)],
      }
    })
  },
})

/** What loads a model; a tokenizer has no weights. */
const isLoad = ({ pattern, callee }: SourcePattern): boolean =>
  pattern === 'model-load' && !/Tokenizer|Processor/.test(callee ?? '')

/** 'generator', 'this.generator', 'generator.generate' and './model.mjs.generator' are calls of what `generator` holds. */
const isOf = (variable: string, callee: string): boolean =>
  callee === variable || callee.startsWith(`${variable}.`) || callee.endsWith(`.${variable}`) || callee.includes(`.${variable}.`)
