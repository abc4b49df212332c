// What the engines of PyTorch have in common: the package, and what it was built for.
import type { PythonPackages } from './python-session.ts'

export const TORCH: PythonPackages = {
  engine: 'torch',
  module: 'torch',
  distributions: ['torch'],
  needs: ['numpy'],
  install: 'pip install torch numpy, or name an environment that has it with --python',
}

/** Formats whose files PyTorch opens itself, as identify.ts calls them; `torch-program` is a user's file with `model()`. */
export const TORCH_FORMATS = ['torch-program', 'torch-exported', 'torchscript'] as const
