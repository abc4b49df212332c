// onnxruntime-genai in the user's own Python: ONNX Runtime with a loop, a sampler and a cache in place, all native.
import type { GeneratorEngine } from '../generator.ts'
import { pythonGenerator } from './python.ts'

export const pythonGenai: GeneratorEngine = pythonGenerator({
  id: 'python-genai',
  title: 'onnxruntime-genai in Python',
  packages: {
    engine: 'genai',
    module: 'onnxruntime_genai',
    distributions: ['onnxruntime-genai'],
    needs: ['numpy'],
    install: 'pip install onnxruntime-genai, or name an environment that has it with --python',
  },
  kinds: ['genai-folder'],
  usesOrtKernels: true,
  opens: 'folders with genai_config.json',
})
