import { availabilityHere } from '../../../test/support/engines/check-engine.ts'
import { checkRows } from '../../../test/support/engines/check-rows.ts'
import { pythonLightgbm } from './python-lightgbm.ts'

checkRows({
  engine: pythonLightgbm,
  availability: await availabilityHere(pythonLightgbm),
  files: ['lightgbm/3.3-binary.txt', 'lightgbm/3.3-multiclass.txt'],
  output: 'prediction',
  configurations: [{}, { row: 'dataframe' }],
})
