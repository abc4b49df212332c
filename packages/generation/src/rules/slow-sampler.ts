// Choosing a token needs one pass over the logits; a sort of the vocabulary, or processors that copy it, take many.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, partMs, tokenMsOf } from '../rule.ts'

export const slowSampler = defineRule({
  id: 'slow-sampler',
  area: 'software',
  title: 'Sampling: choosing the token takes a part of its time',
  needs: ['tokenParts', 'speed', 'setup'],
  wants: ['model'],
  check({ tokenParts, model, ...given }) {
    const samplerMs = partMs(tokenParts, 'sampler', 'processors')
    if (samplerMs === undefined) return { notChecked: 'the engine chooses tokens itself and does not report the time' }
    if (!isFelt(given, { tokenMs: samplerMs })) return 'clear'
    const vocabulary = model?.vocabulary ?? null
    return {
      ...tell`Processors and sampling take ${ms('sampler', samplerMs)} of a token, ${share('share', samplerMs / tokenMsOf(given))} of it${
        vocabulary === null ? '' : tell`, over ${countFact('logit', vocabulary)}`
      }. One pass that keeps the largest of them needs no sort.`,
      ...costs(given, { tokenMs: samplerMs }, { unknown: 'what one pass takes here was not measured', basis: 'measured' }),
      next: fixGenerator(),
    }
  },
})
