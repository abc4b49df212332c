// Operators that only training needs, in a recording without a backward pass: dropout that draws numbers, batch normalization that
// computes statistics. In training itself they are right.
import { countFact, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

export const trainingMode = defineRule({
  id: 'training-mode',
  area: 'software',
  title: 'The model predicts in training mode',
  needs: ['trace'],
  check({ trace }) {
    const { training, window } = trace
    if (training === null) return missingPart(trace, 'training')
    if (training.backward) return 'does-not-apply'
    const [first] = training.trainingOnly
    if (first === undefined) return 'clear'
    const took = Math.min(1, training.trainingMs / window.lengthMs)
    const calls = training.trainingOnly.reduce((sum, one) => sum + one.calls, 0)
    const said = tell`${countFact('call', calls)} of operators that only training needs (most of all ${first.name}) and no backward pass: dropout and
      batch normalization are in training mode. They take ${share('training-operators', took)} of the time, and the answers are not those of the trained model.`
    return asShareOfStep(trace, said, took)
  },
})
