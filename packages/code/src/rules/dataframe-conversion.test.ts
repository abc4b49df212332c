import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import type { CallFact, ValueFact } from '../facts.ts'
import { dataframeConversion } from './dataframe-conversion.ts'

const value = (given: Partial<ValueFact>): ValueFact => ({
  kind: 'object',
  dtype: null,
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
  ...given,
})

const ofOneRow = { callee: 'pandas.DataFrame', result: value({ kind: 'dataframe', shape: [1, 3] }) }

const given = (timeMs: number, call: Parameters<typeof exampleCall>[0] | null = null, others: readonly CallFact[] = []) =>
  examplePipeline({
    language: 'python',
    calls: call === null ? [] : [exampleCall(call), ...others],
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'dataframe-made', callee: call?.callee === 'pandas.DataFrame' ? call.callee : null })],
  })

checkRule(dataframeConversion, {
  found: [
    {
      name: 'half of the time',
      given: given(5, { callee: 'pandas.DataFrame', result: value({ kind: 'dataframe', shape: [1, 3] }) }),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'on a line that also predicts, which takes 4 ms of its 5 ms',
      given: given(5, { ...ofOneRow, timeMs: 0.8 }, [exampleCall({ callee: 'model.predict', timeMs: 4 })]),
      expect: { timeMs: 1, detail: /takes 1\.00 ms, 10 % of a prediction/ },
    },
    {
      name: 'eight rows',
      given: given(5, { callee: 'pandas.DataFrame', result: value({ kind: 'dataframe', shape: [8, 3] }) }),
      expect: { timeMs: 5 },
    },
  ],
  clear: [
    { name: 'many rows', given: given(5, { callee: 'pandas.DataFrame', result: value({ kind: 'dataframe', shape: [9, 3] }) }) },
    {
      name: 'a dictionary has values, too',
      given: given(5, { callee: 'values', argument: value({ kind: 'object', length: 2 }) }),
    },
    { name: 'nobody saw what it made', given: given(5) },
    {
      name: 'a place that takes next to nothing',
      given: given(0.1, { callee: 'values', argument: value({ kind: 'dataframe', shape: [1, 3] }), timeMs: 0 }),
    },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
  ],
})
