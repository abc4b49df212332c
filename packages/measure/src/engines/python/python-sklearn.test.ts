import { availabilityHere } from '../../../test/support/engines/check-engine.ts'
import { checkRows } from '../../../test/support/engines/check-rows.ts'
import { pythonSklearn } from './python-sklearn.ts'

checkRows({
  engine: pythonSklearn,
  availability: await availabilityHere(pythonSklearn),
  files: ['skops/1.3-random-forest.skops', 'skops/1.3-scaled-logistic-regression.skops'],
  output: 'prediction',
  configurations: [{}, { row: 'dataframe' }, { call: 'unchecked' }],
})
