import {
  checkRule,
  exampleEvidence,
  exampleSeveral,
  firstTokenParts,
  setup,
  timed,
  withoutFacts,
} from '../../test/support/check-rule.ts'
import { unbatchedPrefill } from './unbatched-prefill.ts'

/** 64 tokens of `eachMs`, and 1 ms in the tokenizer. */
const each = (eachMs: number) => timed(64 * eachMs + 1, 10)

checkRule(unbatchedPrefill, {
  found: [
    {
      // 8 at once take 18 ms, 2.25 ms each: 64 · (9.5 - 2.25).
      name: 'as long as generated tokens, though several at once are cheap',
      given: exampleEvidence(each(9.5)),
      expect: {
        detail: 'A token of the prompt takes 9.50 ms, 0.9 times a generated one. Several at once take 2.25 ms each.',
        savingByPart: { firstToken: 464, token: 0 },
      },
    },
    { name: 'a little over six tenths', given: exampleEvidence(each(6.1)) },
    { name: 'a prompt of 16', given: exampleEvidence({ ...timed(153, 10), ...setup({ promptTokens: 16 }) }) },
    {
      name: 'from outside',
      given: withoutFacts(each(9.5), 'severalTokens', 'firstTokenParts'),
      expect: { wouldSaveMs: null, savingUnknown: 'several tokens at once were not measured' },
    },
    // A mean of 10 ms with pauses, and a median gap of 6 ms: 3.7 ms are over six tenths of it.
    {
      name: 'pauses between tokens',
      given: exampleEvidence(timed(64 * 3.7 + 1, 10, { interTokenMs: { p50: 6, p90: 20, p99: 90 } })),
    },
    // 6.3 of 8.
    {
      name: 'several at once gain a little',
      given: exampleEvidence({ ...each(9.5), severalTokens: exampleSeveral(1.7, 3.2, 6.3) }),
    },
  ],
  clear: [
    { name: 'a batch', given: exampleEvidence() },
    { name: 'a little under six tenths', given: exampleEvidence(each(5.9)) },
    {
      name: 'several at once gain nothing',
      given: exampleEvidence({ ...each(9.5), severalTokens: exampleSeveral(1.8, 3.6, 6.5) }),
    },
    {
      name: 'the time is in the tokenizer',
      given: exampleEvidence({ ...each(9.5), firstTokenParts: firstTokenParts({ tokenize: 500 }) }),
    },
  ],
  notChecked: [
    { name: 'a prompt of 15', given: exampleEvidence({ ...timed(143.5, 10), ...setup({ promptTokens: 15 }) }) },
    { name: 'most of the prompt was kept', given: exampleEvidence({ ...each(9.5), ...setup({ cachedShare: 0.9 }) }) },
  ],
})
