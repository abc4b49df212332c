// ONNX Runtime through its C interface, with our own loop: the cache stays in the engine's memory (held/).
import { installCommand } from '@whyslow/measure/engines/find-package.ts'
import { FFI, findKoffi } from '@whyslow/measure/engines/koffi.ts'
import { findOrt, INSTALL, PACKAGE } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import type { GeneratorEngine } from '../generator.ts'
import { libraryIn } from './held/find-library.ts'
import { ENGINE, openHeld } from './held/index.ts'

export const ortHeld: GeneratorEngine = {
  ships: [PACKAGE, FFI],
  threadsApart: true,
  writesInPlace: true,
  usesOrtKernels: true,
  id: ENGINE,
  title: 'ONNX Runtime, CPU, cache outside JavaScript',
  opens: ({ kind }) => {
    if (kind === 'gguf') return 'ONNX Runtime does not read GGUF'
    return kind === 'address' ? 'nothing is opened at an address: it is sent requests' : true
  },
  missing: async () => {
    const found = findOrt(null)
    if (found === null) return `${PACKAGE} is not installed; ${INSTALL}`
    if (findKoffi() === null) return `${FFI} is not installed; ${installCommand(FFI)}`
    return libraryIn(found.folder) === null ? `${found.folder} has no library for ${process.platform} ${process.arch}` : null
  },
  open: (source, options) => openHeld(source, options),
}
