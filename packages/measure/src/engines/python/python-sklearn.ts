// scikit-learn in the user's own Python: an estimator or a pipeline of a `.skops` file, asked for its probabilities, or else its predictions. Pickles are
// not opened.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const CONFIGURATION = { row: ['numpy', 'dataframe'], call: ['checked', 'unchecked'] } as const

const PACKAGES: PythonPackages = {
  engine: 'sklearn',
  module: 'sklearn',
  distributions: ['scikit-learn'],
  needs: ['numpy', 'skops'],
  install: 'pip install scikit-learn skops, or name an environment that has them with --python',
  configuration: CONFIGURATION,
}

export const pythonSklearn: Engine = {
  id: 'python-sklearn',
  title: 'scikit-learn in Python',
  formats: ['skops'],
  runs: 'source',
  package: 'scikit-learn',
  install: PACKAGES.install,
  offers: ['synchronous'],
  runtime: 'scikit-learn',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(PACKAGES.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
