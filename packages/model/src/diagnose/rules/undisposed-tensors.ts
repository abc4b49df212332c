// TensorFlow.js keeps every tensor until it is disposed. Predictions whose outputs are disposed should leave nothing; what they leave besides
// grows with every prediction until memory ends.
import { bytes, countFact, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Counted over three predictions: below one in each it is something that happens once. */
const LEAST_LEFT = 1

export const undisposedTensors = defineRule({
  id: 'undisposed-tensors',
  area: 'software',
  title: 'Tensor leak: predictions leave tensors undisposed',
  needs: ['engine'],
  wants: ['observed'],
  check({ engine, observed }) {
    if (!engine.offers.includes('tensors-by-hand')) return 'does-not-apply'
    if (observed === undefined) return { notChecked: 'the tensors that are alive were not counted' }
    const { othersLeft, othersLeftBytes, outputsLeft } = observed
    if (othersLeft < LEAST_LEFT) return 'clear'
    return {
      ...tell`A prediction without \`tidy\` around it leaves ${countFact('tensor', Math.round(othersLeft))} alive
        (${bytes('others-left-bytes', othersLeftBytes)}) in addition to the ${countFact('output', Math.round(outputsLeft))} that its caller disposes.
        Memory grows by as much with every prediction.`,
      timeMs: 0,
      wouldSaveMs: 0,
      basis: 'measured',
    }
  },
})
