// PyTorch in the user's own Python, in eager mode: the model of a file with `model()`, an exported program or TorchScript, called as it is written.
import type { Engine } from '../types.ts'
import { entriesOf, openPython, pythonAvailability } from './python-session.ts'
import { TORCH, TORCH_FORMATS } from './torch-packages.ts'

/** As it is written, or out of training mode and without gradients; and settings of the model. */
const CONFIGURATION = {
  mode: ['as-written', 'inference'],
  layout: ['contiguous', 'channels_last'],
  dtype: ['float32', 'bfloat16'],
} as const

const PACKAGES = { ...TORCH, configuration: CONFIGURATION }

export const pythonTorch: Engine = {
  id: 'python-torch',
  title: 'PyTorch in Python, eager mode',
  formats: TORCH_FORMATS,
  runs: 'source',
  package: 'torch',
  install: TORCH.install,
  offers: ['threads'],
  runtime: 'PyTorch',
  startMs: 30_000,
  available: (places) => pythonAvailability(PACKAGES, places),
  open: (modelFile, options) =>
    openPython(TORCH.engine, modelFile, { ...options, configEntries: entriesOf(options, Object.keys(CONFIGURATION)) }),
}
