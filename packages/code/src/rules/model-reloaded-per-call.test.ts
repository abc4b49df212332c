import {
  checkRule,
  exampleCall,
  exampleLine,
  examplePattern,
  examplePipeline,
  exampleSession,
} from '../../test/support/check-rule.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'

const given = (opensPerPrediction: number) => examplePipeline({ sessions: [exampleSession({ opensPerPrediction, openMs: 6 })] })

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
    { name: 'four times in a script', given: ofKind('script', 4), expect: { timeMs: 10 } },
  ],
  clear: [
    { name: 'once for all', given: given(0) },
    { name: 'once in a script', given: { ...given(1), target: { kind: 'script', stages: [], places: [] } } },
    { name: 'in 49 of a hundred predictions', given: given(0.49) },
    { name: 'in 49 of a hundred calls of a function', given: ofKind('function', 0.49) },
    { name: 'three times in a script', given: ofKind('script', 3) },
  ],
})
