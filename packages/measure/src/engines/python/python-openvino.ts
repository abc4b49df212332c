// OpenVINO's Python package in the user's own Python, on the CPU: what a service in Python that compiles a model calls.
import type { Engine } from '../types.ts'
import { openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

const PACKAGES: PythonPackages = {
  engine: 'openvino',
  module: 'openvino',
  distributions: ['openvino'],
  needs: ['numpy'],
  install: 'pip install openvino, or name an environment that has it with --python',
}

export const pythonOpenvino: Engine = {
  id: 'python-openvino',
  title: 'OpenVINO in Python, on the CPU',
  formats: ['onnx', 'tflite'],
  precision: 'float32',
  runs: 'graph',
  package: 'openvino',
  install: PACKAGES.install,
  offers: ['threads', 'narrow-numbers'],
  runtime: 'OpenVINO in Python',
  startMs: 15_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) => openPython(PACKAGES.engine, modelFile, options),
}
