import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { engineChoice } from './engine-choice.ts'

const other = (id: string, ratio: number, given: Partial<OtherEngine> = {}): OtherEngine => ({
  id,
  device: 'a device',
  software: false,
  p50Ms: 10 * ratio,
  ratio,
  ratioLow: ratio * 0.9,
  ratioHigh: ratio * 1.1,
  rounds: 5,
  ...given,
})

checkRule(engineChoice, {
  found: [
    {
      name: 'the best of those that are faster',
      // 10 ms times (1 - 0.4).
      given: evidence({ p50Ms: 10, otherEngines: [other('slower', 2), other('fast', 0.4), other('faster', 0.6)] }),
      expect: {
        wouldSaveMs: 6,
        basis: 'measured',
        detail: /^fast on a device takes 4\.00 ms, 40 % of the time of ort-cpu \(36 % to 44 % over 5 .*the best of 2/,
        next: 'whyslow MODEL --engine fast',
      },
    },
    {
      name: 'with the precision, where the engine chooses it, and how outputs differ in it',
      given: evidence({ p50Ms: 10, otherEngines: [other('fast', 0.4, { precision: 'bfloat16', differs: 0.03 })] }),
      expect: { wouldSaveMs: 6, detail: /^fast on a device in bfloat16 takes 4\.00 ms.*\. Its outputs differ by 3\.0 %\.$/ },
    },
  ],
  clear: [
    { name: 'none is faster', given: evidence({ otherEngines: [other('slower', 2)] }) },
    // 0.95 times 1.1 is 1.045: its interval holds 1.
    { name: 'an interval that holds 1', given: evidence({ otherEngines: [other('equal', 0.95)] }) },
    { name: 'less than 3 % to gain', given: evidence({ otherEngines: [other('near', 0.98, { ratioHigh: 0.99 })] }) },
    { name: 'a software adapter', given: evidence({ otherEngines: [other('fast', 0.4, { software: true })] }) },
  ],
})
