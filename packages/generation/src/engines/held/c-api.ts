// ONNX Runtime's C interface, called through koffi: the library exports one function, which gives a table of functions.
// https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_c_api.h
// A function keeps its place in the table in every version: new ones are added at the end, and assertions in onnxruntime_c_api.cc hold the
// places ("Size of version N API cannot change"). Those below are of API version 29, and all exist since version 3. Values are checked
// by reading a tensor back before anything else is called, since a wrong place would end the process.

import type { Handle, TypeSpec } from '@whyslow/measure/engines/koffi.ts'
import type * as Koffi from 'koffi'

/** Functions that give a status: place in the table, and parameters. */
const CALLS = {
  CreateEnv: [3, ['int', 'str', 'out handle']],
  CreateSession: [7, ['void *', 'path', 'void *', 'out handle']],
  CreateSessionOptions: [10, ['out handle']],
  SetSessionGraphOptimizationLevel: [23, ['void *', 'int']],
  SetIntraOpNumThreads: [24, ['void *', 'int']],
  SetInterOpNumThreads: [25, ['void *', 'int']],
  CreateTensorAsOrtValue: [48, ['void *', 'int64s', 'size_t', 'int', 'out handle']],
  CreateTensorWithDataAsOrtValue: [49, ['void *', 'void *', 'size_t', 'int64s', 'size_t', 'int', 'out handle']],
  GetTensorMutableData: [51, ['void *', 'out handle']],
  GetTensorElementType: [60, ['void *', 'out int']],
  GetDimensionsCount: [61, ['void *', 'out size']],
  GetDimensions: [62, ['void *', 'int64s', 'size_t']],
  GetTensorTypeAndShape: [65, ['void *', 'out handle']],
  CreateCpuMemoryInfo: [69, ['int', 'int', 'out handle']],
  AllocatorFree: [76, ['void *', 'void *']],
  GetAllocatorWithDefaultOptions: [78, ['out handle']],
  AddSessionConfigEntry: [130, ['void *', 'str', 'str']],
  RunWithBinding: [133, ['void *', 'void *', 'void *']],
  CreateIoBinding: [134, ['void *', 'out handle']],
  BindInput: [136, ['void *', 'str', 'void *']],
  BindOutput: [137, ['void *', 'str', 'void *']],
  BindOutputToDevice: [138, ['void *', 'str', 'void *']],
  GetBoundOutputValues: [140, ['void *', 'void *', 'out handle', 'out size']],
} as const satisfies Readonly<Record<string, readonly [place: number, parameters: readonly string[]]>>
export type CallName = keyof typeof CALLS

/** Places of what frees an object. */
const FREES = {
  Env: 92,
  Status: 93,
  Session: 95,
  Value: 96,
  TensorTypeAndShapeInfo: 99,
  SessionOptions: 100,
  IoBinding: 135,
} as const
export type FreeName = keyof typeof FREES

const ERROR_MESSAGE = 2
/** The table that is requested; the oldest onnxruntime that has it is 1.17. */
const API_VERSION = 17
/** One function pointer; also of a handle. */
const POINTER_BYTES = 8

export interface OrtApi {
  readonly koffi: typeof Koffi
  /** Kept, since koffi unloads a library that nothing refers to, and functions of a table do not. */
  readonly library: Koffi.LibraryHandle
  /** '1.30.0'. */
  readonly version: string
  /** Throws what the library says if it refuses. */
  readonly call: (name: CallName, ...given: readonly unknown[]) => void
  /** What a call gives by its last parameter. */
  readonly got: <T = Handle>(name: CallName, ...given: readonly unknown[]) => T
  readonly free: (name: FreeName, handle: Handle) => void
  /** Memory of this process, and the allocator of it. */
  readonly memory: Handle
  readonly allocator: Handle
}

type Pointed = (...given: readonly unknown[]) => unknown

/** Throws in one line if `file` is no ONNX Runtime, or one whose table is not known. */
export function openApi(koffi: typeof Koffi, file: string): OrtApi {
  const library = koffi.load(file)
  const base = baseOf(library, file)
  const at = (table: unknown, place: number): unknown => koffi.decode(table, place * POINTER_BYTES, 'void *')
  const pointed = (pointer: unknown, result: string, parameters: readonly TypeSpec[]): Pointed =>
    koffi.decode(pointer, koffi.proto(result, [...parameters])) as Pointed
  const version = String(pointed(at(base, 1), 'str', [])())
  const table = /^1\.\d+/.test(version) ? pointed(at(base, 0), 'void *', ['uint32_t'])(API_VERSION) : null
  if (!table)
    throw new Error(`onnxruntime ${version} has a C interface that is not known here; 1.${API_VERSION} and later 1.x are`)

  const { out, pointer } = koffi
  const types: Readonly<Record<string, TypeSpec>> = {
    'out handle': out(pointer('void *')),
    'out size': out(pointer('size_t')),
    'out int': out(pointer('int')),
    int64s: pointer('int64_t'),
    path: process.platform === 'win32' ? 'str16' : 'str',
  }
  const functions = Object.fromEntries(
    Object.entries(CALLS).map(([name, [place, parameters]]) => {
      const typed = parameters.map((one) => types[one] ?? one)
      return [name, pointed(at(table, place), 'void *', typed)]
    }),
  ) as Record<CallName, Pointed>
  const frees = Object.fromEntries(
    Object.entries(FREES).map(([name, place]) => [name, pointed(at(table, place), 'void', ['void *'])]),
  ) as Record<FreeName, Pointed>
  const message = pointed(at(table, ERROR_MESSAGE), 'str', ['void *'])

  const call = (name: CallName, ...given: readonly unknown[]): void => {
    const status = functions[name](...given)
    if (!status) return
    const words = String(message(status))
    frees.Status(status)
    throw new Error(words)
  }
  const got = <T>(name: CallName, ...given: readonly unknown[]): T => {
    const result: [T | null] = [null]
    call(name, ...given, result)
    return result[0] as T
  }
  const memory = got('CreateCpuMemoryInfo', ARENA, DEFAULT_MEMORY)
  const api: OrtApi = {
    koffi,
    library,
    version,
    call,
    got,
    free: (name, handle) => void frees[name](handle),
    memory,
    allocator: got('GetAllocatorWithDefaultOptions'),
  }
  checkTable(api)
  return api
}

/** OrtArenaAllocator and OrtMemTypeDefault. */
const [ARENA, DEFAULT_MEMORY] = [1, 0]

function baseOf(library: Koffi.LibraryHandle, file: string): unknown {
  try {
    return library.func('OrtGetApiBase', 'void *', [])()
  } catch {
    throw new Error(`${file} is not ONNX Runtime: it has no OrtGetApiBase`)
  }
}

const INT64 = 7

/** Writes a tensor and reads it back, and makes a call that fails: if functions are where they should be, both give what is expected. */
function checkTable(api: OrtApi): void {
  const value = api.got('CreateTensorAsOrtValue', api.allocator, BigInt64Array.of(2n, 3n), 2, INT64)
  const info = api.got('GetTensorTypeAndShape', value)
  const [type, rank] = [api.got<number>('GetTensorElementType', info), Number(api.got('GetDimensionsCount', info))]
  const sizes = new BigInt64Array(2)
  if (rank === 2) api.call('GetDimensions', info, sizes, 2)
  api.free('TensorTypeAndShapeInfo', info)
  api.free('Value', value)
  const options = api.got('CreateSessionOptions')
  let refusal = ''
  try {
    api.call('AddSessionConfigEntry', options, '', '')
  } catch (error) {
    refusal = (error as Error).message
  }
  api.free('SessionOptions', options)
  if (type === INT64 && rank === 2 && sizes[0] === 2n && sizes[1] === 3n && /key/i.test(refusal)) return
  throw new Error(
    `onnxruntime ${api.version} has another table of functions than the one that is known here; use another version`,
  )
}
