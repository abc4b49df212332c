// LightGBM in the user's own Python: `Booster.predict` of rows.
import { pythonEngine } from './python-engine.ts'

export const pythonLightgbm = pythonEngine(
  {
    engine: 'lightgbm',
    module: 'lightgbm',
    distributions: ['lightgbm'],
    needs: ['numpy'],
    install: 'pip install lightgbm, or name an environment that has it with --python',
    configuration: { row: ['numpy', 'dataframe'] },
  },
  { title: 'LightGBM in Python', formats: ['lightgbm'], offers: ['threads', 'synchronous'], runtime: 'LightGBM' },
)
