// Keras in the user's own Python: what a service that loads a `.keras` or `.h5` file predicts with. Safe mode is on.
import { pythonEngine } from './python-engine.ts'

export const pythonKeras = pythonEngine(
  {
    engine: 'keras',
    module: 'keras',
    distributions: ['keras', 'tensorflow', 'tensorflow-cpu'],
    needs: ['numpy'],
    install: 'pip install tensorflow-cpu, or name an environment that has Keras with --python',
    // Which of Keras's ways to predict is measured, and on what.
    configuration: { call: ['predict', 'direct', 'function'], device: ['cpu', 'gpu'] },
  },
  {
    title: 'Keras in Python',
    formats: ['keras', 'hdf5'],
    offers: ['process-threads', 'compiled-while-running'],
    runtime: 'Keras with TensorFlow in Python',
    startMs: 30_000,
  },
)
