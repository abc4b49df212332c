// The package transformers with PyTorch in the user's own Python: `model.generate`, as a service in Python calls it.
import type { GeneratorEngine } from '../generator.ts'
import { pythonGenerator } from './python.ts'

export const pythonTransformers: GeneratorEngine = pythonGenerator({
  id: 'python-transformers',
  title: 'transformers in Python',
  packages: {
    engine: 'transformers',
    module: 'transformers',
    distributions: ['transformers'],
    needs: ['torch'],
    install: 'pip install transformers torch, or name an environment that has them with --python',
  },
  kinds: ['transformers-folder'],
  opens: 'folders with config.json and the weights of PyTorch',
  otherWeights: 'the weights of PyTorch',
  dtypes: {
    ...{ fp32: 'float32', float32: 'float32', fp16: 'float16', float16: 'float16', half: 'float16' },
    ...{ bf16: 'bfloat16', bfloat16: 'bfloat16' },
  },
})
