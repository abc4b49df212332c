// How LiteRT's library comes to a machine: the Python wheel ai-edge-litert has it in ai_edge_litert. The litert.mjs of a
// shipped folder looks in the same places.
import { type FoundLibrary, findNativeLibrary, type LibraryEnvironment, type NativeLibrary } from '../native-library.ts'
import type { EnginePlaces } from '../types.ts'

export const INSTALL = 'pip install ai-edge-litert, or name its folder with --litert'

export const LITERT: NativeLibrary = {
  title: 'LiteRT',
  flag: '--litert',
  variable: 'LITERT_LIBRARY',
  files: {
    linux: [/^libLiteRt\.so$/, 'libLiteRt.so'],
    darwin: [/^libLiteRt\.dylib$/, 'libLiteRt.dylib'],
    win32: [/^(lib)?LiteRt\.dll$/, 'LiteRt.dll'],
  },
  wheel: 'ai_edge_litert',
  below: ['ai_edge_litert', 'lib'],
  places: 'in the Python of this environment or among the libraries of the system',
  install: INSTALL,
}

export const findLibrary = (
  { litert, python }: Pick<EnginePlaces, 'litert' | 'python'>,
  world: LibraryEnvironment,
): FoundLibrary => findNativeLibrary(LITERT, { folder: litert, python }, world)
