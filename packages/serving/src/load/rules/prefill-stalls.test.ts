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

/** The same, with other numbers of its stalls. */
function stalled(given: { stalls?: number; share?: number; prefillShare?: number; chanceShare?: number }) {
  const point = at(2, true)
  const usual = { stalls: 100, share: 0.5, prefillShare: 1, chanceShare: 0.1 }
  return exampleEvidence([
    { ...point, streams: { ...point.streams!, stalls: { ...point.streams!.stalls!, ...usual, ...given } } },
  ])
}

checkRule(prefillStalls, {
  found: [
    {
      name: 'each prompt stops all streams for 100 ms',
      given: exampleEvidence([at(2, true)]),
      expect: {
        detail: /^Streams stop and go on again \(\d+ stalls at 2 requests\/s\): for 1\d\d ms more .* 100 % of the stalls end as/,
      },
    },
    { name: 'ten stalls', given: stalled({ stalls: 10 }), expect: {} },
    { name: 'a little more than a twentieth of the time', given: stalled({ share: 0.051 }), expect: {} },
    { name: 'a little more than six of ten end so', given: stalled({ prefillShare: 0.61 }), expect: {} },
    {
      name: 'a little more than 1.3 times as many as by chance',
      given: stalled({ prefillShare: 0.79, chanceShare: 0.6 }),
      expect: {},
    },
  ],
  clear: [
    { name: 'nine stalls', given: stalled({ stalls: 9 }) },
    { name: 'a little less than a twentieth of the time', given: stalled({ share: 0.049 }) },
    { name: 'a little less than six of ten end so', given: stalled({ prefillShare: 0.59 }) },
    { name: 'a little less than 1.3 times as many as by chance', given: stalled({ prefillShare: 0.77, chanceShare: 0.6 }) },
    { name: 'prompts are read without stopping streams', given: exampleEvidence([at(2, false)]) },
    { name: 'streams that never meet', given: exampleEvidence([at(0.05, true)]) },
  ],
  doesNotApply: [{ name: 'answers in one piece', given: exampleEvidence([examplePoint()]) }],
})
