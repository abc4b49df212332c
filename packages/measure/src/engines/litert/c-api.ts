// LiteRT's C API, called through koffi: https://github.com/google-ai-edge/LiteRT/tree/main/litert/c
// The functions are those that libLiteRt of the wheel ai-edge-litert exports. Layouts of its structures are held by assertions there.
import type * as Koffi from 'koffi'
import { type Handle, type NativeApi, nativeApi } from '../koffi.ts'

/** Parameters of each call, keyed by its name without `LiteRt`. */
const CALLS = {
  CreateEnvironment: ['int', 'options', 'out handle'],
  CreateModelFromFile: ['void *', 'str', 'out handle'],
  GetNumModelSignatures: ['void *', 'out size'],
  GetModelSignature: ['void *', 'size_t', 'out handle'],
  GetSignatureKey: ['void *', 'out text'],
  GetNumSignatureInputs: ['void *', 'out size'],
  GetNumSignatureOutputs: ['void *', 'out size'],
  GetSignatureInputName: ['void *', 'size_t', 'out text'],
  GetSignatureOutputName: ['void *', 'size_t', 'out text'],
  GetSignatureInputTensorByIndex: ['void *', 'size_t', 'out handle'],
  GetSignatureOutputTensorByIndex: ['void *', 'size_t', 'out handle'],
  GetRankedTensorType: ['void *', 'out type'],
  CreateOptions: ['out handle'],
  SetOptionsHardwareAccelerators: ['void *', 'int'],
  CreateOpaqueOptions: ['str', 'void *', 'void *', 'out handle'],
  AddOpaqueOptions: ['void *', 'void *'],
  CreateCompiledModel: ['void *', 'void *', 'void *', 'out handle'],
  CompiledModelResizeInputTensor: ['void *', 'size_t', 'size_t', 'sizes', 'size_t'],
  GetCompiledModelOutputTensorLayouts: ['void *', 'size_t', 'size_t', 'void *', 'bool'],
  GetCompiledModelInputBufferRequirements: ['void *', 'size_t', 'size_t', 'out handle'],
  GetCompiledModelOutputBufferRequirements: ['void *', 'size_t', 'size_t', 'out handle'],
  CreateManagedTensorBufferFromRequirements: ['void *', 'type', 'void *', 'out handle'],
  LockTensorBuffer: ['void *', 'out handle', 'int'],
  UnlockTensorBuffer: ['void *'],
  RunCompiledModel: ['void *', 'size_t', 'size_t', 'void *', 'size_t', 'void *'],
} as const
export type CallName = keyof typeof CALLS

const FREES = {
  Environment: ['DestroyEnvironment', 'void *'],
  Model: ['DestroyModel', 'void *'],
  Options: ['DestroyOptions', 'void *'],
  CompiledModel: ['DestroyCompiledModel', 'void *'],
  TensorBuffer: ['DestroyTensorBuffer', 'void *'],
} as const
export type FreeName = keyof typeof FREES

/** What is wrong, by the numbers of litert_common.h: the library has no function that says it. */
const STATUSES: Readonly<Record<number, string>> = {
  1: 'invalid argument',
  2: 'memory could not be allocated',
  3: 'it failed while it ran',
  4: 'an input is missing',
  5: 'not supported',
  6: 'not found',
  8: 'another version',
  500: 'the file could not be read',
  501: 'the file is not a valid FlatBuffer',
  504: 'it could not be compiled',
}

function typesOf(koffi: typeof Koffi) {
  const layout = koffi.struct({
    head: 'uint32_t',
    dimensions: koffi.array('int32_t', MOST_DIMENSIONS),
    strides: koffi.array('uint32_t', MOST_DIMENSIONS),
  })
  const type = koffi.struct({ element: 'int', layout })
  const any = koffi.struct({ type: 'int', pad: 'int', value: 'int64_t' })
  return { layout, type, option: koffi.struct({ tag: 'int', pad: 'int', value: any }) }
}

type Types = ReturnType<typeof typesOf>

function parameterTypes({ out, pointer }: typeof Koffi, { type, option }: Types) {
  return {
    'out handle': out(pointer('void *')),
    'out size': out(pointer('size_t')),
    'out text': out(pointer('str')),
    'out type': out(pointer(type)),
    type: pointer(type),
    options: pointer(option),
    sizes: pointer('int'),
  }
}

/** Calls by name, without `LiteRt`. */
export interface LitertApi extends NativeApi<CallName, FreeName> {
  readonly types: Types
  /** What a payload of options is destroyed with. */
  readonly nothing: Handle
}

export const statusInWords = (status: number): string => `LiteRT: ${STATUSES[status] ?? 'failed'} (status ${status})`

/** Made once a process, which has room for some thousands. */
let nothing: Handle
const nothingOf = (koffi: typeof Koffi): Handle =>
  (nothing ??= koffi.register(() => {}, koffi.pointer(koffi.proto('void', ['void *']))))

/** Throws if `file` does not load or is no LiteRT as it is known. */
export function openApi(koffi: typeof Koffi, file: string): LitertApi {
  const types = typesOf(koffi)
  const api = nativeApi(koffi, koffi.load(file), {
    prefix: 'LiteRt',
    types: parameterTypes(koffi, types),
    calls: CALLS,
    frees: FREES,
    lacks: (name) => `it is not LiteRT 2, or an older one: it has no ${name}`,
    why: statusInWords,
  })
  return { ...api, types, nothing: nothingOf(koffi) }
}

const MOST_DIMENSIONS = 8

/** As koffi gives and takes it. */
export interface Layout {
  readonly head: number
  readonly dimensions: ArrayLike<number>
  readonly strides: ArrayLike<number>
}
export interface TensorType {
  readonly element: number
  readonly layout: Layout
}

/** The rank is the low seven bits of the first word, and a size below zero is free. */
const RANK_BITS = 0x7f

export const shapeOf = ({ head, dimensions }: Layout): number[] => Array.from(dimensions).slice(0, head & RANK_BITS)

export const layoutOf = (shape: readonly number[]): Layout => ({
  head: shape.length,
  dimensions: Int32Array.from({ length: MOST_DIMENSIONS }, (_, axis) => shape[axis] ?? 0),
  strides: new Uint32Array(MOST_DIMENSIONS),
})
