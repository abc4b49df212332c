// PyTorch in the user's own Python, in eager mode: the model of a file with `model()`, an exported program or TorchScript, called as it is written.
import { pythonEngine } from './python-engine.ts'
import { TORCH, TORCH_FORMATS } from './torch-packages.ts'

/** As it is written, or out of training mode and without gradients; and settings of the model. */
const CONFIGURATION = {
  mode: ['as-written', 'inference'],
  layout: ['contiguous', 'channels_last'],
  dtype: ['float32', 'bfloat16'],
} as const

export const pythonTorch = pythonEngine(
  { ...TORCH, configuration: CONFIGURATION },
  { title: 'PyTorch in Python, eager mode', formats: TORCH_FORMATS, offers: ['threads'], runtime: 'PyTorch', startMs: 30_000 },
)
