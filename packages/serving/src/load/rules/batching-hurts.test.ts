import {
  betterAlternative,
  checkRule,
  exampleEvidence,
  examplePoint,
  exampleSetup,
  worseAlternative,
} from '../../../test/support/load/check-rule.ts'
import { batchingHurts } from './batching-hurts.ts'

const given = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives })

checkRule(batchingHurts, {
  found: [
    {
      name: 'without it the same arrivals are answered earlier',
      given: given({ maxBatch: 8 }, betterAlternative({ maxBatch: 1 })),
      expect: { detail: /^At 30 requests\/s the mean is then 5\.00 ms; .* Leave out --max-batch\.$/ },
    },
  ],
  clear: [{ name: 'they are not', given: given({ maxBatch: 8 }, worseAlternative({ maxBatch: 1 })) }],
  doesNotApply: [{ name: 'nothing is joined', given: given({ maxBatch: 1 }, betterAlternative({ maxBatch: 1, workers: 1 })) }],
  notChecked: [{ name: 'nothing else was tried', given: given({ maxBatch: 8 }) }],
})
