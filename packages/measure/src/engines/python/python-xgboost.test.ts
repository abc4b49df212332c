import { availabilityHere } from '../../../test/support/engines/check-engine.ts'
import { checkRows } from '../../../test/support/engines/check-rows.ts'
import { pythonXgboost } from './python-xgboost.ts'

checkRows({
  engine: pythonXgboost,
  availability: await availabilityHere(pythonXgboost),
  files: ['xgboost/2.0-binary.json', 'xgboost/1.7-softprob.ubj'],
  output: 'prediction',
  configurations: [{}, { row: 'dataframe' }, { call: 'matrix' }],
})
