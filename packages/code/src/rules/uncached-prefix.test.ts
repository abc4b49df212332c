import { checkRule, exampleCall, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { uncachedPrefix } from './uncached-prefix.ts'

const turn = examplePattern({ pattern: 'turns-uncached', callee: 'generator' })
const kept = examplePattern({ pattern: 'kept-outside', callee: 'messages.push' })
const given = (turns: number, more: readonly (typeof kept)[] = [], kind: 'function' | 'script' = 'script') =>
  examplePipeline({
    patterns: [turn, ...more],
    calls: [exampleCall({ callee: 'generator', callsPerPrediction: turns, timeMs: 8 })],
    target: { kind, stages: [], places: [] },
  })

checkRule(uncachedPrefix, {
  found: [
    {
      name: 'three turns in a script',
      given: given(3),
      expect: { detail: /runs 3 times over messages that grow, for 8\.00 ms, 80 % of the time/, wouldSaveMs: null },
    },
    { name: 'two turns', given: given(2) },
    { name: 'a turn for each request, in a conversation that outlives it', given: given(1, [kept], 'function') },
  ],
  clear: [
    { name: 'one turn', given: given(1) },
    { name: 'one turn in a script, whose list has the module for a home', given: given(1, [kept]) },
    { name: 'a turn for each request, with messages of its own', given: given(1, [], 'function') },
    { name: 'never called', given: given(0, [kept], 'function') },
  ],
})
