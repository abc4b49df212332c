// Operators that autograd numbered, in a recording without a backward pass. What it costs is small and not in the file: a note.
import { number, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

export const gradientTracking = defineRule({
  id: 'gradient-tracking',
  area: 'software',
  title: 'Autograd records predictions: no_grad or inference_mode is missing',
  needs: ['trace'],
  check({ trace }) {
    const { training } = trace
    if (training === null) return missingPart(trace, 'training')
    if (training.backward) return 'does-not-apply'
    if (training.tracked === 0) return 'clear'
    const said = tell`Autograd recorded ${number('tracked', training.tracked, 'calls')} of ${number('products', training.operators, 'calls')} matrix products and convolutions, and no backward pass
      follows: activations are kept for nothing. What it saves in time is small and not in a recording; memory is the larger part.`
    return asShareOfStep(trace, said, 0)
  },
})
