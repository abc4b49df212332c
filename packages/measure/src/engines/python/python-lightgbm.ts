// LightGBM in the user's own Python: `Booster.predict` of rows.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const CONFIGURATION = { row: ['numpy', 'dataframe'] } as const

const PACKAGES: PythonPackages = {
  engine: 'lightgbm',
  module: 'lightgbm',
  distributions: ['lightgbm'],
  needs: ['numpy'],
  install: 'pip install lightgbm, or name an environment that has it with --python',
  configuration: CONFIGURATION,
}

export const pythonLightgbm: Engine = {
  id: 'python-lightgbm',
  title: 'LightGBM in Python',
  formats: ['lightgbm'],
  runs: 'source',
  package: 'lightgbm',
  install: PACKAGES.install,
  offers: ['threads', 'synchronous'],
  runtime: 'LightGBM',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(PACKAGES.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
