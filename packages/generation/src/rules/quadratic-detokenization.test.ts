import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { quadraticDetokenization } from './quadratic-detokenization.ts'

const detokenize = (earlyMs: number, lateMs: number) => exampleEvidence({ detokenize: { tokens: 256, earlyMs, lateMs } })

checkRule(quadraticDetokenization, {
  found: [
    {
      name: 'it grows with the line',
      given: detokenize(0.1, 4.1),
      expect: {
        detail: /takes 100 µs at first and 4\.10 ms after 256 tokens/,
        timeMs: 21,
        savingByPart: { firstToken: 0, token: 2 },
      },
    },
    { name: 'a little over three times', given: detokenize(1, 3.1) },
    // Half of 0.62 ms.
    { name: 'a little over three per cent', given: detokenize(0, 0.62) },
  ],
  clear: [
    { name: 'the same at any length', given: exampleEvidence() },
    { name: 'a little under three times', given: detokenize(1, 2.9) },
    { name: 'a little under three per cent', given: detokenize(0, 0.58) },
  ],
})
