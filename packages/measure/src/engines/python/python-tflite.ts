// LiteRT's interpreter in the user's own Python: set_tensor, invoke, get_tensor.
import { pythonEngine } from './python-engine.ts'

export const pythonTflite = pythonEngine(
  {
    engine: 'tflite',
    module: 'ai_edge_litert',
    distributions: ['ai-edge-litert'],
    needs: ['numpy'],
    install: 'pip install ai-edge-litert, or name an environment that has it with --python',
  },
  { title: 'LiteRT in Python', formats: ['tflite'], offers: ['threads'], runtime: 'LiteRT in Python' },
)
