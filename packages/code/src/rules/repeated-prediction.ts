// A classifier of rows is asked for labels and for probabilities of the same input: the label is the most probable class, which the second answer
// has. Whether this model's label is that is compared first: of scikit-learn's SVC it need not be.
import { fasterWayFindings } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const repeatedPrediction = defineRule({
  id: 'repeated-prediction',
  area: 'software',
  title: 'Repeated prediction: labels and probabilities of the same input',
  languages: ['python'],
  needs: ['sessions'],
  check: (evidence) => fasterWayFindings(evidence, 'repeated-prediction', 'input'),
})
