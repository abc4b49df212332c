// PyTorch in the user's own Python, the model compiled by torch.compile, out of training mode and without gradients. It compiles while the first
// prediction runs.
import type { Engine } from '../types.ts'
import { openPython, pythonAvailability } from './python-session.ts'
import { TORCH, TORCH_FORMATS } from './torch-packages.ts'

export const pythonTorchCompile: Engine = {
  id: 'python-torch-compile',
  title: 'PyTorch in Python, torch.compile',
  formats: TORCH_FORMATS,
  runs: 'source',
  package: 'torch',
  install: TORCH.install,
  offers: ['threads', 'compiled-while-running'],
  runtime: 'PyTorch',
  startMs: 240_000,
  available: (places) => pythonAvailability(TORCH, places),
  open: (modelFile, options) => openPython(TORCH.engine, modelFile, { ...options, configEntries: { mode: 'compile' } }),
}
