// What stands around trees and linear models in their own library: the DataFrame, the DMatrix that is made of it, checks of every value, a pool
// of threads that is woken for one row. Each is a constant of some ten to some thousand µs a call, where the trees of one row take one or two.
import { ratio, tell } from '@whyslow/diagnosis/tell.ts'
import type { AlternativeFact } from '../facts.ts'
import { fasterWayFindings } from '../hot.ts'
import { defineRule } from '../rule.ts'
import { fixOfProgram } from '../torch.ts'

const TABULAR = new Set(['scikit-learn', 'xgboost', 'lightgbm', 'catboost'])

export const wrapperOverhead = defineRule({
  id: 'wrapper-overhead',
  area: 'software',
  title: 'The wrapper around the model costs more than the model',
  languages: ['python'],
  needs: ['sessions'],
  check(evidence) {
    if (!evidence.sessions.some(({ engine }) => TABULAR.has(engine))) return 'does-not-apply'
    const next = fixOfProgram(evidence)
    const fix =
      next === null ? "Saved in its maker's format, the model can be compiled by whyslow fix" : 'whyslow fix compiles the model'
    const found = fasterWayFindings(
      evidence,
      'wrapper-overhead',
      'input',
      ({ others }) => tell`${alone(others)} ${fix} to code that has nothing around it.`,
    )
    return found.map((one) => ({ ...one, next }))
  },
})

/** The next best way, which may be a part of it: threads alone, the checks alone. */
function alone([next]: readonly AlternativeFact[]) {
  if (next === undefined) return tell``
  return tell` Of that, ${next.instead} alone is ${ratio('factor-of-part', next.ratio)} times as fast.`
}
