// LiteRT's interpreter in the user's own Python: set_tensor, invoke, get_tensor.
import type { Engine } from '../types.ts'
import { openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const PACKAGES: PythonPackages = {
  engine: 'tflite',
  module: 'ai_edge_litert',
  distributions: ['ai-edge-litert'],
  needs: ['numpy'],
  install: 'pip install ai-edge-litert, or name an environment that has it with --python',
}

export const pythonTflite: Engine = {
  id: 'python-tflite',
  title: 'LiteRT in Python',
  formats: ['tflite'],
  runs: 'source',
  package: 'ai-edge-litert',
  install: PACKAGES.install,
  offers: ['threads'],
  runtime: 'LiteRT in Python',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) => openPython(PACKAGES.engine, modelFile, options),
}
