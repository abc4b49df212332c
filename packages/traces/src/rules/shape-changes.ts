// Matrix products and convolutions that meet shapes which no step before had: kernels are chosen, tuned or compiled again for each.
import { countFact, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** Share of all matrix products and convolutions. [ours] */
const FROM = 0.05

export const shapeChanges = defineRule({
  id: 'shape-changes',
  area: 'software',
  title: 'Dynamic shapes: shapes change from step to step',
  needs: ['trace'],
  check({ trace }) {
    const { shapes } = trace
    if (shapes === null) return missingPart(trace, 'shapes')
    if (shapes.newShapes <= FROM * shapes.operators) return 'clear'
    const said = tell`${countFact('call', shapes.newShapes)} of ${number('products', shapes.operators, 'calls')} matrix products and convolutions meet shapes that no step before
      had. They take ${share('excess', shapes.excess)} of the time beyond what the median call of their operator takes.`
    return asShareOfStep(trace, said, Math.max(0, shapes.excess))
  },
})
