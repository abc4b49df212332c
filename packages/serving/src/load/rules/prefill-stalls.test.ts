import { checkRule, exampleEvidence, examplePoint } from '../../../test/support/load/check-rule.ts'
import { exampleStreams } from '../../../test/support/load/example-streams.ts'
import { pointOf } from '../point.ts'
import { prefillStalls } from './prefill-stalls.ts'

/** Prompts of 200 tokens at 0.5 ms take 100 ms, in which streams of 64 tokens at 4 ms wait or not. */
const at = (ratePerSecond: number, stalls: boolean) =>
  pointOf(
    exampleStreams({
      schedule: { prefillMsPerToken: 0.5, tokenMs: 4, stalls },
      ratePerSecond,
      promptTokens: 200,
      measuredMs: 30_000,
    }),
  )

checkRule(prefillStalls, {
  found: [
    {
      name: 'each prompt stops all streams for 100 ms',
      given: exampleEvidence([at(2, true)]),
      expect: {
        detail: /^Streams stop and go on again \(\d+ stalls at 2 requests\/s\): for 1\d\d ms more .* 100 % of the stalls end as/,
      },
    },
  ],
  clear: [
    { name: 'prompts are read without stopping streams', given: exampleEvidence([at(2, false)]) },
    { name: 'streams that never meet', given: exampleEvidence([at(0.05, true)]) },
  ],
  doesNotApply: [{ name: 'answers in one piece', given: exampleEvidence([examplePoint()]) }],
})
