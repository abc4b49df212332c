// CatBoost in the user's own Python: `CatBoost.predict` of rows, whose scores are raw.
import { pythonEngine } from './python-engine.ts'

export const pythonCatboost = pythonEngine(
  {
    engine: 'catboost',
    module: 'catboost',
    distributions: ['catboost'],
    needs: ['numpy'],
    install: 'pip install catboost, or name an environment that has it with --python',
    configuration: { row: ['numpy', 'dataframe'] },
  },
  { title: 'CatBoost in Python', formats: ['catboost'], offers: ['threads', 'synchronous'], runtime: 'CatBoost' },
)
