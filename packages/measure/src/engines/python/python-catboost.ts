// CatBoost in the user's own Python: `CatBoost.predict` of rows, whose scores are raw.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const CONFIGURATION = { row: ['numpy', 'dataframe'] } as const

const PACKAGES: PythonPackages = {
  engine: 'catboost',
  module: 'catboost',
  distributions: ['catboost'],
  needs: ['numpy'],
  install: 'pip install catboost, or name an environment that has it with --python',
  configuration: CONFIGURATION,
}

export const pythonCatboost: Engine = {
  id: 'python-catboost',
  title: 'CatBoost in Python',
  formats: ['catboost'],
  runs: 'source',
  package: 'catboost',
  install: PACKAGES.install,
  offers: ['threads', 'synchronous'],
  runtime: 'CatBoost',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(PACKAGES.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
