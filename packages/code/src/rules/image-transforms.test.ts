import { checkRule, exampleAlternative, examplePipeline } from '../../test/support/check-rule.ts'
import type { AlternativeFact } from '../facts.ts'
import { imageTransforms } from './image-transforms.ts'

const way = (more: Partial<AlternativeFact> = {}) =>
  exampleAlternative({
    rule: 'image-transforms',
    now: 'the chain Resize, ToTensor, Normalize',
    instead: 'one pass of NumPy instead of ToTensor, Normalize',
    ...more,
  })
const given = (...alternatives: readonly AlternativeFact[]) => examplePipeline({ language: 'python', alternatives })

checkRule(imageTransforms, {
  found: [
    {
      // 2 calls of 2 ms, of which three quarters go.
      name: 'it gives the same in a quarter of the time',
      given: given(way()),
      expect: {
        timeMs: 4,
        wouldSaveMs: 3,
        basis: 'measured',
        detail: /the chain Resize, ToTensor, Normalize.* at app\.py:12 takes 2\.00 ms; .* 4\.0 times/,
      },
    },
  ],
  clear: [
    { name: 'other results', given: given(way({ equal: 'different' })) },
    { name: 'not surely faster', given: given(way({ ratioLow: 1.02 })) },
    { name: 'too little of the whole', given: given(way({ nowMs: 0.1, callsPerPrediction: 1 })) },
    { name: 'another call', given: given(way({ rule: 'wrapper-overhead' })) },
  ],
})
