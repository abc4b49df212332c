import { checkRule, exampleEvidence, exampleParts, tokenParts } from '../../test/support/check-rule.ts'
import { cacheExport } from './cache-export.ts'

const parts = (exported: number) => exampleEvidence({ tokenParts: tokenParts({ 'cache-exported': exported }) })

checkRule(cacheExport, {
  found: [
    {
      name: 'half of a token',
      given: parts(5),
      expect: {
        detail: /5\.00 ms of a token \(50 %\) go into copying/,
        savingByPart: { firstToken: 0, token: 5 },
        wouldSaveMs: 50,
      },
    },
    { name: 'a little over three per cent', given: parts(0.31) },
  ],
  clear: [
    { name: 'a cache that the engine keeps', given: parts(0) },
    { name: 'a little under three per cent', given: parts(0.29) },
  ],
  notChecked: [{ name: 'not divided', given: exampleEvidence({ tokenParts: exampleParts(10, 64, { weights: 4 }) }) }],
})
