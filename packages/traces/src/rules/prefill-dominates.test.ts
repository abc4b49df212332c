import { checkRule, requested, traced } from '../../test/support/check-rule.ts'
import { prefillDominates } from './prefill-dominates.ts'

const parts = (prompt: number, firstToken = 0, decode = 1000 - prompt - firstToken) => ({
  ...{ load: 0, tokenize: 0, prompt, firstToken, decode, sampling: 0, detokenize: 0, other: 0 },
})

checkRule(prefillDominates, {
  found: [
    {
      name: 'the prompt takes most of it',
      given: requested({ parts: parts(800) }),
      expect: {
        detail:
          'The prompt takes 800 ms, 80 % of a request, and all tokens after it 200 ms. 500 tokens of the prompt are computed each time.',
        wouldSaveMs: 800,
      },
    },
    {
      name: 'the first token, of a file that tells no more',
      given: requested({ parts: parts(0, 700), promptTokens: null }),
      expect: { detail: /^The first token takes 700 ms.* 300 ms\.$/ },
    },
    { name: 'a little over half', given: requested({ parts: parts(510) }) },
  ],
  clear: [
    { name: 'most of it is the answer', given: requested() },
    { name: 'a little under half', given: requested({ parts: parts(490) }) },
  ],
  doesNotApply: [{ name: 'a profile', given: traced() }],
  notChecked: [
    { name: 'the prompt is not told', given: requested({ parts: parts(0) }) },
    { name: 'the tokens are not told', given: requested({ parts: parts(1000) }) },
  ],
})
