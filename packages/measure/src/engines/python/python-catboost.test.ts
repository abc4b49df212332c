import { availabilityHere } from '../../../test/support/engines/check-engine.ts'
import { checkRows } from '../../../test/support/engines/check-rows.ts'
import { pythonCatboost } from './python-catboost.ts'

checkRows({
  engine: pythonCatboost,
  availability: await availabilityHere(pythonCatboost),
  files: ['catboost/rmse.json', 'catboost/multi-class.json'],
  output: 'margin',
  configurations: [{}, { row: 'dataframe' }],
})
