import { checkRule, requested, traced } from '../../test/support/check-rule.ts'
import { uncachedPrefix } from './uncached-prefix.ts'

const prompt = (ms: number) => ({
  load: 0,
  tokenize: 0,
  prompt: ms,
  firstToken: 0,
  decode: 1000 - ms,
  sampling: 0,
  detokenize: 0,
  other: 0,
})

checkRule(uncachedPrefix, {
  found: [
    {
      name: 'nothing comes from the cache',
      given: requested({ cachedTokens: 0 }),
      expect: {
        detail: /^Of 500 tokens of a prompt, 0 come from the cache, and computing the others takes 20 % of a request\./,
        wouldSaveMs: 200,
      },
    },
    // 0.098 of 1000.
    { name: 'a little under a tenth', given: requested({ cachedTokens: 98, promptTokens: 902 }) },
    { name: 'a prompt of 65', given: requested({ cachedTokens: 0, promptTokens: 65 }) },
    { name: 'a little over a twentieth of a request', given: requested({ cachedTokens: 0, parts: prompt(51) }) },
  ],
  clear: [
    { name: 'most of it does', given: requested() },
    { name: 'a little over a tenth', given: requested({ cachedTokens: 102, promptTokens: 898 }) },
    { name: 'a prompt of 63', given: requested({ cachedTokens: 0, promptTokens: 63 }) },
    { name: 'a little under a twentieth of a request', given: requested({ cachedTokens: 0, parts: prompt(49) }) },
  ],
  doesNotApply: [{ name: 'a profile', given: traced() }],
  notChecked: [
    { name: 'not told', given: requested({ cachedTokens: null }) },
    { name: 'one request', given: requested({ cachedTokens: 0, requests: 1 }) },
  ],
})
