import {
  betterAlternative,
  checkRule,
  exampleEvidence,
  examplePoint,
  exampleSetup,
  worseAlternative,
} from '../../../test/support/load/check-rule.ts'
import { workersAgainstThreads } from './workers-against-threads.ts'

const given = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives })

checkRule(workersAgainstThreads, {
  found: [
    {
      name: 'more workers do better',
      given: given({ workers: 1, threadsPerWorker: 2 }, betterAlternative({ workers: 2, threadsPerWorker: 1 })),
      expect: { title: /^Predictions side by side do more/, detail: /^With --workers 2 --threads 1 it does better\./ },
    },
    {
      name: 'fewer workers do better',
      given: given({ workers: 2 }, betterAlternative({ workers: 1, threadsPerWorker: 2 })),
      expect: { title: /^Threads of one prediction/ },
    },
  ],
  clear: [{ name: 'others do no better', given: given({ workers: 2 }, worseAlternative({ workers: 1 })) }],
  notChecked: [
    {
      name: 'only the same number of workers was tried',
      given: given({ workers: 2 }, betterAlternative({ workers: 2, maxBatch: 8 })),
    },
    { name: 'nothing was tried', given: given({ workers: 2 }) },
  ],
})
