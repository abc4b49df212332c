import {
  betterAlternative,
  checkRule,
  exampleEvidence,
  examplePoint,
  exampleSetup,
  worseAlternative,
} from '../../../test/support/load/check-rule.ts'
import { batchHeadroomUnderLoad } from './batch-headroom-under-load.ts'

const given = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives })

checkRule(batchHeadroomUnderLoad, {
  found: [
    {
      name: 'joined, the same arrivals are answered earlier',
      given: given({}, betterAlternative({ maxBatch: 8 })),
      expect: { detail: /^With --max-batch 8 it does better\. At 30 requests\/s the mean is then 5\.00 ms/, basis: 'measured' },
    },
  ],
  clear: [{ name: 'they are not', given: given({}, worseAlternative({ maxBatch: 8 })) }],
  doesNotApply: [{ name: 'they are joined already', given: given({ maxBatch: 8 }, betterAlternative({ maxBatch: 8 })) }],
  notChecked: [
    { name: 'other workers would do it', given: given({ workers: 2 }, betterAlternative({ maxBatch: 8, workers: 1 })) },
    { name: 'nothing was tried', given: given({}) },
  ],
})
