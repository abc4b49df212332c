import {
  checkPipelineRule,
  exampleCall,
  exampleLine,
  examplePattern,
  examplePipeline,
  exampleSession,
} from '../check-pipeline-rule.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'

const given = (opensPerPrediction: number, kind: 'stages' | 'function' | 'script' = 'stages') =>
  examplePipeline({
    sessions: [exampleSession({ opensPerPrediction, openMs: 6 })],
    target: { kind, stages: [], places: [] },
  })

checkPipelineRule(modelReloadedPerCall, {
  found: [
    {
      name: 'once a prediction',
      given: given(1),
      expect: { timeMs: 6, wouldSaveMs: 6, detail: /app\.mjs:3 takes 6\.00 ms of a prediction, 60 % of it/ },
    },
    { name: 'a little more than every second one', given: given(0.52) },
    { name: 'of a function, too', given: given(0.52, 'function') },
    { name: 'four times in a script', given: given(4, 'script') },
    {
      name: 'by a function whose library is not known',
      given: examplePipeline({
        lines: [exampleLine({ selfMs: 5 })],
        patterns: [examplePattern({ pattern: 'model-load', callee: 'pickle.load' })],
        calls: [exampleCall({ callee: 'pickle.load' })],
      }),
      expect: { timeMs: 5 },
    },
  ],
  clear: [
    { name: 'once for all', given: given(0) },
    { name: 'a little less than every second one', given: given(0.48) },
    { name: 'of a function, too', given: given(0.48, 'function') },
    { name: 'once in a script', given: given(1, 'script') },
    { name: 'three times in a script', given: given(3, 'script') },
  ],
})
