// XGBoost in the user's own Python: `Booster.inplace_predict`, or with `call=matrix` a DMatrix for each prediction, as most programs write it.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const CONFIGURATION = { row: ['numpy', 'dataframe'], call: ['inplace', 'matrix'] } as const

const PACKAGES: PythonPackages = {
  engine: 'xgboost',
  module: 'xgboost',
  distributions: ['xgboost', 'xgboost-cpu'],
  needs: ['numpy'],
  install: 'pip install xgboost, or name an environment that has it with --python',
  configuration: CONFIGURATION,
}

export const pythonXgboost: Engine = {
  id: 'python-xgboost',
  title: 'XGBoost in Python',
  formats: ['xgboost'],
  runs: 'source',
  package: 'xgboost',
  install: PACKAGES.install,
  offers: ['threads', 'synchronous'],
  runtime: 'XGBoost',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(PACKAGES.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
