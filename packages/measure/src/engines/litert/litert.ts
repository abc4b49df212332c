// LiteRT (once TensorFlow Lite) on the CPU: the library of the wheel ai-edge-litert, called through its C API.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { installCommand, placesOf } from '../find-package.ts'
import { apiLoader, FFI, FFI_REQUIREMENT, findKoffi, loadKoffi } from '../koffi.ts'
import { libraryEnvironment, placeForShipping } from '../native-library.ts'
import type { Availability, Engine, EngineOptions, EnginePlaces, OpenOptions, Session } from '../types.ts'
import { openApi } from './c-api.ts'
import { findLibrary, INSTALL } from './find-library.ts'
import { openSession } from './session.ts'
import { versionInFolder } from './version.ts'

/** LiteRT's CPU options that are told it by `--session-config`, with their values. */
const CONFIGURATION = { kernel_mode: ['delegate', 'builtin', 'reference'], enable_ynnpack: ['true', 'false'] } as const

const loadApi = apiLoader(openApi, loadKoffi)

async function available(places: EnginePlaces): Promise<Availability> {
  const found = findLibrary(places, libraryEnvironment())
  if (!found.ok) return found
  const absent = (reason: string, fix: string): Availability => ({ ok: false, reason, fix })
  if (!findKoffi())
    return absent(`the package ${FFI}, which calls LiteRT's library, was not found ${placesOf(FFI, null)}`, installCommand(FFI))
  try {
    await loadApi(found.file)
  } catch (error) {
    return absent(`${found.file} does not load: ${firstLineOf(error).replace(/^Failed to load shared library: /, '')}`, INSTALL)
  }
  return {
    ok: true,
    version: versionInFolder(found.from),
    device: 'cpu',
    deviceKind: 'cpu',
    from: found.from,
    accelerators: [],
    configuration: CONFIGURATION,
  }
}

async function open(modelFile: string, options: OpenOptions): Promise<Session> {
  const found = findLibrary(options, libraryEnvironment())
  if (!found.ok) throw new Error(`${found.reason}; ${found.fix}`)
  return openSession(await loadApi(found.file), modelFile, cpuOptions(options))
}

/** Options of the CPU. By default, LiteRT predicts on one thread. In a comparison, some entries may be for other engines. */
const cpuOptions = ({ threads, configEntries }: EngineOptions): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(configEntries).filter(([key]) => key in CONFIGURATION)),
  ...(threads === null ? {} : { num_threads: String(threads) }),
})

export const litert: Engine = {
  id: 'litert',
  title: 'LiteRT (TensorFlow Lite) on the CPU',
  formats: ['tflite'],
  runs: 'source',
  package: 'ai-edge-litert',
  install: INSTALL,
  placeOption: 'litert',
  offers: ['threads', 'synchronous', 'one-thread-default', 'alternative', 'int8'],
  runtime: 'LiteRT',
  available,
  open,
  shipped: (options) => ({
    name: 'LiteRT',
    calledBy: FFI_REQUIREMENT,
    device: 'CPU',
    properties: cpuOptions(options),
    place: placeForShipping('LITERT_LIBRARY', findLibrary(options, libraryEnvironment())),
  }),
}
