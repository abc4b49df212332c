// XGBoost in the user's own Python: `Booster.inplace_predict`, or with `call=matrix` a DMatrix for each prediction, as most programs write it.
import { pythonEngine } from './python-engine.ts'

export const pythonXgboost = pythonEngine(
  {
    engine: 'xgboost',
    module: 'xgboost',
    distributions: ['xgboost', 'xgboost-cpu'],
    needs: ['numpy'],
    install: 'pip install xgboost, or name an environment that has it with --python',
    configuration: { row: ['numpy', 'dataframe'], call: ['inplace', 'matrix'] },
  },
  { title: 'XGBoost in Python', formats: ['xgboost'], offers: ['threads', 'synchronous'], runtime: 'XGBoost' },
)
