// How OpenVINO's C library comes to a machine: the npm package openvino-node, the Python wheel (openvino/libs), an archive
// (runtime/lib/intel64), the system's own packages. https://docs.openvino.ai/2026/get-started/install-openvino.html
// The openvino.mjs of a shipped folder looks in the same places.
import path from 'node:path'
import { findPackage } from '../find-package.ts'
import {
  type FoundLibrary,
  findNativeLibrary,
  type LibraryEnvironment,
  type NativeLibrary,
  libraryEnvironment as surroundingsOf,
} from '../native-library.ts'
import type { EnginePlaces } from '../types.ts'

export type { LibraryEnvironment } from '../native-library.ts'

export const INSTALL = 'pip install openvino, or name its folder with --openvino'

export const OPENVINO: NativeLibrary = {
  title: 'OpenVINO',
  flag: '--openvino',
  variable: 'OPENVINO_LIBRARY',
  files: {
    linux: [/^libopenvino_c\.so(\.\d+)*$/, 'libopenvino_c.so'],
    darwin: [/^libopenvino_c(\.\d+)*\.dylib$/, 'libopenvino_c.dylib'],
    win32: [/^openvino_c\.dll$/, 'openvino_c.dll'],
  },
  wheel: 'openvino/libs',
  below: [
    'libs',
    'openvino/libs',
    'lib',
    'bin',
    'runtime/lib/intel64',
    'runtime/lib/aarch64',
    'runtime/lib/arm64/Release',
    'runtime/bin/intel64/Release',
  ],
  home: 'INTEL_OPENVINO_DIR',
  places: 'in openvino-node, in the Python of this environment or among the libraries of the system',
  install: INSTALL,
}

export const openvinoEnvironment = (): LibraryEnvironment => surroundingsOf(nodeRuntime())

function nodeRuntime(): string | null {
  const found = findPackage('openvino-node', null)
  return found && path.join(found.folder, 'bin')
}

export const findLibrary = (
  { openvino, python }: Pick<EnginePlaces, 'openvino' | 'python'>,
  world: LibraryEnvironment,
): FoundLibrary => findNativeLibrary(OPENVINO, { folder: openvino, python }, world)
