import { checkRule, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { allProbabilities } from './all-probabilities.ts'

const given = (selfMs: number, once = false) =>
  examplePipeline({ patterns: [examplePattern({ pattern: 'probabilities-taken', once })], lines: [exampleLine({ selfMs })] })

/** Of 100 ms, so many in the steps of an asynchronous generator. */
const stepped = (inside: number) =>
  examplePipeline({
    patterns: [examplePattern({ pattern: 'probabilities-taken', callee: 'sequence.evaluateWithMetadata' })],
    stacks: {
      frames: ['predict', 'evaluateWithMetadata'].map((name) => ({ name, file: null, line: null })),
      samples: [[0], [1]],
      weightsMs: [100 - inside, inside],
    },
  })

checkRule(allProbabilities, {
  found: [
    {
      name: 'a hot call',
      given: given(5),
      expect: {
        detail: /app\.mjs:10 returns the probabilities of all tokens, and takes 5\.00 ms, 50 % of the/,
        timeMs: 5,
        wouldSaveMs: null,
      },
    },
    { name: 'a little over a twentieth', given: given(0.51) },
    { name: 'steps that have no caller', given: stepped(6), expect: { timeMs: 0.6 } },
  ],
  clear: [
    { name: 'steps that take little', given: stepped(4) },
    { name: 'a call that takes little', given: given(0.49) },
    { name: 'once for all', given: given(5, true) },
  ],
  doesNotApply: [{ name: 'Python', given: { ...given(5), language: 'python' } }],
})
