import { checkRule, exampleCall, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { contextPerRequest } from './context-per-request.ts'

const pattern = examplePattern({ pattern: 'context-made', callee: 'model.createContext' })
const given = (callsPerPrediction: number, timeMs = 4, kind: 'function' | 'script' | 'stages' = 'function') =>
  examplePipeline({
    patterns: [pattern],
    calls: [exampleCall({ callee: 'model.createContext', callsPerPrediction, timeMs })],
    target: { kind, stages: [], places: [] },
  })

checkRule(contextPerRequest, {
  found: [
    {
      name: 'once a request',
      given: given(1),
      expect: { detail: /app\.mjs:10 takes 4\.00 ms, 40 % of a prediction/, wouldSaveMs: 4 },
    },
    { name: 'in 51 of a hundred', given: given(0.51) },
    { name: 'in 51 of a hundred predictions of stages', given: given(0.51, 4, 'stages') },
    { name: 'four times in a script', given: given(4, 4, 'script') },
  ],
  clear: [
    { name: 'at the top of the module', given: { ...given(1), patterns: [{ ...pattern, once: true }] } },
    { name: 'in 49 of a hundred', given: given(0.49) },
    { name: 'in 49 of a hundred predictions of stages', given: given(0.49, 4, 'stages') },
    { name: 'three times in a script', given: given(3, 4, 'script') },
    { name: 'it takes little', given: given(1, 0.4) },
  ],
})
