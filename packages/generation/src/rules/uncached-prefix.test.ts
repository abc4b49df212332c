import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { uncachedPrefix } from './uncached-prefix.ts'

const prefix = (commonTokens: number, cachedTokens: number | null) =>
  exampleEvidence({ prefix: { tokens: 400, commonTokens, alikeTokens: commonTokens, cachedTokens, different: null } })

checkRule(uncachedPrefix, {
  found: [
    {
      name: 'all of it',
      given: prefix(300, 0),
      expect: {
        detail: /^The first 300 of 400 tokens .* took 0 from its cache\. Kept, they save 75 % of prefill\.$/,
        savingByPart: { firstToken: 75, token: 0 },
      },
    },
    // 100 of the 200 that were computed.
    { name: 'a part of it', given: prefix(300, 200), expect: { savingByPart: { firstToken: 50, token: 0 } } },
    { name: 'a little over three per cent', given: prefix(13, 0) },
  ],
  clear: [
    { name: 'kept', given: prefix(300, 300) },
    { name: 'nothing in common', given: prefix(0, 0) },
    { name: 'a little under three per cent', given: prefix(11, 0) },
  ],
  notChecked: [{ name: 'the engine does not say', given: prefix(300, null) }],
})
