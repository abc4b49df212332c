// PyTorch in the user's own Python, the model compiled by torch.compile, out of training mode and without gradients. It compiles while the first
// prediction runs.
import { pythonEngine } from './python-engine.ts'
import { TORCH, TORCH_FORMATS } from './torch-packages.ts'

export const pythonTorchCompile = pythonEngine(
  TORCH,
  {
    id: 'python-torch-compile',
    title: 'PyTorch in Python, torch.compile',
    formats: TORCH_FORMATS,
    offers: ['threads', 'compiled-while-running'],
    runtime: 'PyTorch',
    startMs: 240_000,
  },
  { mode: 'compile' },
)
