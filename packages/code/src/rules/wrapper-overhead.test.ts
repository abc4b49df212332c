import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import type { AlternativeFact } from '../facts.ts'
import { wrapperOverhead } from './wrapper-overhead.ts'

const way = (instead: string, insteadMs: number, more: Partial<AlternativeFact> = {}): AlternativeFact => ({
  file: 'app.mjs',
  line: 20,
  function: 'predict',
  rule: 'wrapper-overhead',
  now: 'predict(DMatrix(DataFrame))',
  instead,
  nowMs: 6,
  insteadMs,
  ratio: 6 / insteadMs,
  ratioLow: 5.5 / insteadMs,
  ratioHigh: 7 / insteadMs,
  equal: 'bits',
  ...more,
})
const given = (alternatives: readonly AlternativeFact[]) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'xgboost' })], alternatives })

checkRule(wrapperOverhead, {
  found: [
    {
      // 6 ms · (1 − 1 / 12).
      name: 'a DMatrix of a DataFrame for one row',
      given: given([way('Booster.inplace_predict(array)', 1), way('Booster.inplace_predict(array) with nthread=1', 0.5)]),
      expect: {
        timeMs: 6,
        wouldSaveMs: 5.5,
        basis: 'measured',
        detail: /with nthread=1 gives the same in 500 µs, 12\.0 times .*inplace_predict\(array\) alone is 6\.0 times/,
      },
    },
    {
      name: '6 % faster at least',
      given: given([way('Booster.inplace_predict(array)', 1, { ratioLow: 1.06 })]),
      expect: { wouldSaveMs: 5, next: 'whyslow fix MODEL -o fast/' },
    },
    {
      name: 'in a script, which fix cannot prove anything with',
      given: { ...given([way('Booster.inplace_predict(array)', 1)]), target: { kind: 'script', stages: [], places: [] } },
      expect: { next: null, detail: /Saved in its maker's format, the model can be compiled by whyslow fix to code/ },
    },
    {
      // Two models of one line: 6 ms · (1 − 1 / 3) of the first, 0.4 ms of the second, whose other way is the shortest.
      name: 'the model of which most is saved',
      given: given([
        way("each tree's tree_.predict(array)", 2, { model: 0 }),
        way('with assume_finite=True: predict(x)', 0.1, { model: 1, nowMs: 0.5, ratio: 5, ratioLow: 4 }),
      ]),
      expect: { wouldSaveMs: 4, detail: /each tree's tree_\.predict\(array\) gives the same in 2\.00 ms, 3\.0 times/ },
    },
  ],
  clear: [
    { name: 'nothing that is faster', given: given([way('Booster.inplace_predict(array)', 5.9)]) },
    { name: 'other results', given: given([way('Booster.inplace_predict(array)', 1, { equal: 'different' })]) },
    { name: 'another finding', given: given([way('model(x)', 1, { rule: 'predict-call-overhead' })]) },
    { name: '4 % faster at least', given: given([way('Booster.inplace_predict(array)', 1, { ratioLow: 1.04 })]) },
  ],
  doesNotApply: [
    { name: 'no model of rows of features', given: examplePipeline({ language: 'python', sessions: [exampleSession()] }) },
  ],
})
