// scikit-learn in the user's own Python: an estimator or a pipeline of a `.skops` file, asked for its probabilities, or else its predictions. Pickles are
// not opened.
import { pythonEngine } from './python-engine.ts'

export const pythonSklearn = pythonEngine(
  {
    engine: 'sklearn',
    module: 'sklearn',
    distributions: ['scikit-learn'],
    needs: ['numpy', 'skops'],
    install: 'pip install scikit-learn skops, or name an environment that has them with --python',
    configuration: { row: ['numpy', 'dataframe'], call: ['checked', 'unchecked'] },
  },
  { title: 'scikit-learn in Python', formats: ['skops'], offers: ['synchronous'], runtime: 'scikit-learn' },
)
