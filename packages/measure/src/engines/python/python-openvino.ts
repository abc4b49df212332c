// OpenVINO's Python package in the user's own Python, on the CPU: what a service in Python that compiles a model calls.
import { pythonEngine } from './python-engine.ts'

export const pythonOpenvino = pythonEngine(
  {
    engine: 'openvino',
    module: 'openvino',
    distributions: ['openvino'],
    needs: ['numpy'],
    install: 'pip install openvino, or name an environment that has it with --python',
  },
  {
    title: 'OpenVINO in Python, on the CPU',
    formats: ['onnx', 'tflite'],
    precision: 'float32',
    runs: 'graph',
    offers: ['threads', 'narrow-numbers'],
    runtime: 'OpenVINO in Python',
  },
)
