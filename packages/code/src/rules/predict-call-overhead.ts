// Keras's predict: what stands around the model, against the direct call, timed in turns.
import { fasterWayFindings } from '../hot.ts'
import { defineRule } from '../rule.ts'
import { fixOfProgram } from '../torch.ts'

export const predictCallOverhead = defineRule({
  id: 'predict-call-overhead',
  area: 'software',
  title: 'Calling predict costs more than the model',
  languages: ['python'],
  needs: ['sessions'],
  check: (evidence) =>
    fasterWayFindings(evidence, 'predict-call-overhead', 'input').map((one) => ({ ...one, next: fixOfProgram(evidence) })),
})
