import { checkRule, exampleEvidence, examplePoint } from '../../../test/support/load/check-rule.ts'
import { generatorLimited } from './generator-limited.ts'

checkRule(generatorLimited, {
  found: [
    {
      name: 'the audit is not passed',
      given: exampleEvidence([examplePoint()], { ok: false, reasons: ['10000 requests/s is what it can send here'] }),
      expect: {
        detail: /^10000 requests\/s is what/,
        facts: [
          { name: 'ceiling', value: 10_000, unit: 'requests/s' },
          { name: 'lag-p99', value: 0.3, unit: 'ms' },
        ],
      },
    },
    {
      name: 'in many runs',
      given: exampleEvidence([examplePoint()], {
        ok: false,
        reasons: ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} was late`),
      }),
      expect: { detail: /^a was late; b was late; c was late; and more like these\. Numbers/ },
    },
  ],
  clear: [{ name: 'it is', given: exampleEvidence([examplePoint()]) }],
})
