// ONNX Runtime's Python package in the user's own Python, on the CPU: what a service in Python predicts with.
import type { Engine } from '../types.ts'
import { openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const PACKAGES: PythonPackages = {
  engine: 'ort',
  module: 'onnxruntime',
  distributions: ['onnxruntime', 'onnxruntime-gpu', 'onnxruntime-openvino', 'onnxruntime-directml'],
  needs: ['numpy'],
  install: 'pip install onnxruntime, or name an environment that has it with --python',
}

export const pythonOrt: Engine = {
  id: 'python-ort',
  title: 'ONNX Runtime in Python, on the CPU',
  formats: ['onnx'],
  runs: 'graph',
  package: 'onnxruntime',
  install: PACKAGES.install,
  offers: ['threads', 'configuration'],
  runtime: 'ONNX Runtime in Python',
  startMs: 5000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) => openPython(PACKAGES.engine, modelFile, options),
}
