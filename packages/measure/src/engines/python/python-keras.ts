// Keras in the user's own Python: what a service that loads a `.keras` or `.h5` file predicts with. Safe mode is on.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

/** Which of Keras's ways to predict is measured, and on what. */
const CONFIGURATION = { call: ['predict', 'direct', 'function'], device: ['cpu', 'gpu'] } as const

const PACKAGES: PythonPackages = {
  engine: 'keras',
  module: 'keras',
  distributions: ['keras', 'tensorflow', 'tensorflow-cpu'],
  needs: ['numpy'],
  install: 'pip install tensorflow-cpu, or name an environment that has Keras with --python',
  configuration: CONFIGURATION,
}

export const pythonKeras: Engine = {
  id: 'python-keras',
  title: 'Keras in Python',
  formats: ['keras', 'hdf5'],
  runs: 'source',
  package: 'keras',
  install: PACKAGES.install,
  offers: ['process-threads', 'compiled-while-running'],
  runtime: 'Keras with TensorFlow in Python',
  startMs: 30_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(PACKAGES.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
