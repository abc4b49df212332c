import { checkRule, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { quadraticDetokenization } from './quadratic-detokenization.ts'

const streamer = examplePattern({ pattern: 'streamer-made', line: 5, callee: '@huggingface/transformers.TextStreamer' })
/** Of 100 ms, so many in the decode that put calls. */
const stacks = (inside: number, names = ['generate', 'put', 'PreTrainedTokenizer.decode']) => ({
  frames: names.map((name) => ({ name, file: null, line: null })),
  samples: [[0], [0, 1, 2]],
  weightsMs: [100 - inside, inside],
})
const given = (inside: number, names?: string[]) => examplePipeline({ patterns: [streamer], stacks: stacks(inside, names) })

checkRule(quadraticDetokenization, {
  found: [
    {
      name: 'half of the time',
      given: given(50),
      expect: {
        detail: /takes 5\.00 ms, 50 % of the time/,
        timeMs: 5,
        places: [{ file: 'app.mjs', line: 5, function: 'preprocess' }],
      },
    },
    { name: 'a little over a twentieth', given: given(5.1) },
  ],
  clear: [
    { name: 'a little under a twentieth', given: given(4.9) },
    { name: 'no streamer', given: { ...given(50), patterns: [] } },
    { name: 'decoded once, after the loop', given: given(50, ['generate', 'batch', 'decode']) },
    { name: 'put does other things', given: given(50, ['generate', 'put', 'write']) },
    { name: 'no samples', given: { ...given(50), stacks: { frames: [], samples: [], weightsMs: [] } } },
  ],
})
