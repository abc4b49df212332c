import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTorch, exampleTrial } from '../../test/support/example-torch.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { gradientTracking } from './gradient-tracking.ts'

const RAN = { file: 'app.mjs', line: 20, function: 'predict' }
const given = (gradients: boolean | null, more: Partial<PipelineEvidence> = {}) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'pytorch', gradients, ran: RAN })], ...more })
const tried = (ratio: number, low: number, high: number) => ({
  torch: exampleTorch({
    ran: RAN,
    gradients: true,
    trials: [exampleTrial('inference-mode', { times: { ...exampleTimes(ratio), ratioLow: low, ratioHigh: high } })],
  }),
})
/** As the pass of facts times it: the two could not be distinguished. */
const undecided = {
  alternatives: [
    {
      ...RAN,
      rule: 'gradient-tracking',
      now: 'model(x)',
      instead: 'with torch.inference_mode(): model(x)',
      equal: 'bits' as const,
      ...{ nowMs: 5, insteadMs: 5, ratio: 1, ratioLow: 0.8, ratioHigh: 1.25 },
    },
  ],
}

checkRule(gradientTracking, {
  found: [
    {
      name: 'gradients are on',
      given: given(true),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:20, 5\.00 ms of a prediction/ },
    },
    {
      name: 'inference_mode is a quarter faster where the model’s time is divided: 5 − 5 / 1.25 = 1 ms',
      given: given(true, { ...undecided, ...tried(1.25, 1.2, 1.3) }),
      expect: { timeMs: 5, wouldSaveMs: 1, basis: 'measured' },
    },
    {
      name: 'layers that a loop calls: each takes 4 % of a prediction, all twelve 4.8 ms',
      given: examplePipeline({
        language: 'python',
        sessions: Array.from({ length: 12 }, () => exampleSession({ engine: 'pytorch', gradients: true, ran: RAN, runMs: 0.4 })),
      }),
      expect: { timeMs: 4.8, detail: /models at .*app\.mjs:20, 4\.80 ms of a prediction, keep what/ },
    },
    {
      name: 'no pair tells: unknown, at most what the narrower interval leaves, 5 − 5 / 1.1 = 0.455 ms',
      given: given(true, { ...undecided, ...tried(1, 0.95, 1.1) }),
      expect: { timeMs: 5, wouldSaveMs: null, atMostMs: 5 - 5 / 1.1, savingUnknown: /no difference was certain: at most 455 µs/ },
    },
    {
      name: 'inference_mode seems slower: unknown, and never 0',
      given: given(true, tried(0.9, 0.85, 0.95)),
      expect: { wouldSaveMs: null, atMostMs: 0, savingUnknown: /was not faster/ },
    },
    {
      name: 'another model is the one whose time was divided',
      given: given(true, { torch: exampleTorch({ trials: [exampleTrial('inference-mode', { times: exampleTimes(2) })] }) }),
      expect: { wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'within no_grad', given: given(false) },
    {
      name: 'a forward that switches them off itself',
      given: given(true, { torch: exampleTorch({ ran: RAN, gradients: false }) }),
    },
  ],
})
