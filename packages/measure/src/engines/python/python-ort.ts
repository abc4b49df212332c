// ONNX Runtime's Python package in the user's own Python, on the CPU: what a service in Python predicts with.
import { pythonEngine } from './python-engine.ts'

export const pythonOrt = pythonEngine(
  {
    engine: 'ort',
    module: 'onnxruntime',
    distributions: ['onnxruntime', 'onnxruntime-gpu', 'onnxruntime-openvino', 'onnxruntime-directml'],
    needs: ['numpy'],
    install: 'pip install onnxruntime, or name an environment that has it with --python',
  },
  {
    title: 'ONNX Runtime in Python, on the CPU',
    formats: ['onnx'],
    runs: 'graph',
    offers: ['threads', 'configuration'],
    runtime: 'ONNX Runtime in Python',
    startMs: 5000,
  },
)
