import { checkRule, exampleEvidence, exampleSeveral, withoutFacts } from '../../test/support/check-rule.ts'
import { uselessSpeculation } from './useless-speculation.ts'

/** Three drafted tokens, and four that are checked together. */
const speculation = (acceptance: number, ratioOf4: number, draftCost = 0) =>
  exampleEvidence({ speculation: { draftTokens: 3, acceptance, draftCost }, severalTokens: exampleSeveral(1.1, ratioOf4, 9) })

/** 10 ms a token with it. */
const measured = (withoutMs: number) =>
  exampleEvidence({ speculation: { draftTokens: 4, acceptance: 0.1, draftCost: 0, withoutMs } })

checkRule(uselessSpeculation, {
  found: [
    {
      // (1 - 0.1^4) / 0.9 = 1.111 tokens a round that costs 2 + 3 · 0.1: 0.4831 of the speed.
      name: 'a random draft',
      given: speculation(0.1, 2, 0.1),
      expect: {
        next: null,
        detail:
          /^Of 3 drafted tokens 10 % are right: a round gives 1\.1 tokens and costs 2\.3 times one\. Without it a token takes 4\.83 ms\.$/,
        savingByPart: { firstToken: 0, token: 10 * (1 - 1.111 / 2.3) },
      },
    },
    // (1 - 0.5^4) / 0.5 = 1.875.
    {
      name: 'a gain of a little under five per cent',
      given: speculation(0.5, 1.8),
      expect: { savingByPart: { firstToken: 0, token: 0 } },
    },
    {
      name: 'a token without it was measured',
      given: measured(6),
      expect: {
        detail: /^Of 4 drafted tokens 10 % are right\. Without them a token takes 6\.00 ms, with them 10\.0 ms\.$/,
        savingByPart: { firstToken: 0, token: 4 },
        basis: 'measured',
      },
    },
    { name: 'measured, a gain of a little under five per cent', given: measured(10.4) },
    { name: 'all are right, and checking takes as long', given: speculation(1, 4) },
  ],
  clear: [
    { name: 'measured, a gain of a little over five per cent', given: measured(10.6) },
    { name: 'most are right', given: exampleEvidence() },
    { name: 'a gain of a little over five per cent', given: speculation(0.5, 1.77) },
    // Three tokens at once are between two points: (1.1 + 1.3) / 2 = 1.2, of 1.75 tokens.
    {
      name: 'between two measured points',
      given: exampleEvidence({ speculation: { draftTokens: 2, acceptance: 0.5, draftCost: 0 } }),
    },
  ],
  doesNotApply: [
    { name: 'nothing is guessed', given: exampleEvidence({ speculation: { draftTokens: 0, acceptance: 0, draftCost: 0 } }) },
  ],
  notChecked: [
    { name: 'nothing was measured of several', given: withoutFacts(exampleEvidence(), 'severalTokens') },
    { name: 'too few at once were measured', given: exampleEvidence({ severalTokens: exampleSeveral(1.1) }) },
  ],
})
