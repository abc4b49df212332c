import {
  checkRule,
  exampleCall,
  exampleLine,
  examplePattern,
  examplePipeline,
  exampleSession,
} from '../../test/support/check-rule.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'

const given = (opensPerPrediction: number, openMs = 6) =>
  examplePipeline({ sessions: [exampleSession({ opensPerPrediction, openMs, runMs: 2 })] })

const ofKind = (kind: 'function' | 'script', opens: number) => ({ ...given(opens), target: { kind, stages: [], places: [] } })

checkRule(modelReloadedPerCall, {
  found: [
    {
      name: 'once a prediction',
      given: given(1),
      expect: { timeMs: 6, wouldSaveMs: 6, detail: /app\.mjs:3 takes 6\.00 ms of a prediction, 60 % of it/ },
    },
    {
      name: 'by a function whose library is not known',
      given: examplePipeline({
        lines: [exampleLine({ selfMs: 5 })],
        patterns: [examplePattern({ pattern: 'model-load', callee: 'pickle.load' })],
        calls: [exampleCall({ callee: 'pickle.load' })],
      }),
      expect: { timeMs: 5 },
    },
    // 0.51 · 6 ms.
    { name: 'in 51 of a hundred predictions', given: given(0.51), expect: { timeMs: 3.06 } },
    { name: 'in 51 of a hundred calls of a function', given: ofKind('function', 0.51), expect: { timeMs: 3.06 } },
    // 24 ms of opening and 2 ms of runs, in a script that takes 10 ms when nobody looks: 24 / 26 of it.
    { name: 'four times in a script', given: ofKind('script', 4), expect: { timeMs: (10 * 24) / 26 } },
    // 18 ms and 2 ms, of 10 ms.
    { name: 'slower while it was looked at', given: given(1, 18), expect: { timeMs: 9, wouldSaveMs: 9 } },
  ],
  clear: [
    { name: 'once for all', given: given(0) },
    { name: 'once in a script', given: { ...given(1), target: { kind: 'script', stages: [], places: [] } } },
    { name: 'in 49 of a hundred predictions', given: given(0.49) },
    { name: 'in 49 of a hundred calls of a function', given: ofKind('function', 0.49) },
    { name: 'three times in a script', given: ofKind('script', 3) },
  ],
})
