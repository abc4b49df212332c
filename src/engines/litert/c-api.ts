// LiteRT's C API, called through koffi: https://github.com/google-ai-edge/LiteRT/tree/main/litert/c
// The functions are those that libLiteRt of the wheel ai-edge-litert exports. Layouts of its structures are held by assertions there.
import type * as Koffi from 'koffi'
import { apiLoader, type Call, type Handle, type NativeApi, nativeApi } from '../koffi.ts'

const CALLS = {
  CreateEnvironment: 'int LiteRtCreateEnvironment(int count, whyslow_litert_option *options, _Out_ void **environment)',
  CreateModelFromFile: 'int LiteRtCreateModelFromFile(void *environment, str file, _Out_ void **model)',
  GetNumModelSignatures: 'int LiteRtGetNumModelSignatures(void *model, _Out_ size_t *count)',
  GetModelSignature: 'int LiteRtGetModelSignature(void *model, size_t index, _Out_ void **signature)',
  GetSignatureKey: 'int LiteRtGetSignatureKey(void *signature, _Out_ str *key)',
  GetNumSignatureInputs: 'int LiteRtGetNumSignatureInputs(void *signature, _Out_ size_t *count)',
  GetNumSignatureOutputs: 'int LiteRtGetNumSignatureOutputs(void *signature, _Out_ size_t *count)',
  GetSignatureInputName: 'int LiteRtGetSignatureInputName(void *signature, size_t index, _Out_ str *name)',
  GetSignatureOutputName: 'int LiteRtGetSignatureOutputName(void *signature, size_t index, _Out_ str *name)',
  GetSignatureInputTensorByIndex: 'int LiteRtGetSignatureInputTensorByIndex(void *signature, size_t index, _Out_ void **tensor)',
  GetSignatureOutputTensorByIndex:
    'int LiteRtGetSignatureOutputTensorByIndex(void *signature, size_t index, _Out_ void **tensor)',
  GetRankedTensorType: 'int LiteRtGetRankedTensorType(void *tensor, _Out_ whyslow_litert_type *type)',
  CreateOptions: 'int LiteRtCreateOptions(_Out_ void **options)',
  SetOptionsHardwareAccelerators: 'int LiteRtSetOptionsHardwareAccelerators(void *options, int set)',
  CreateOpaqueOptions: 'int LiteRtCreateOpaqueOptions(str id, void *payload, void *destructor, _Out_ void **options)',
  AddOpaqueOptions: 'int LiteRtAddOpaqueOptions(void *options, void *opaque)',
  CreateCompiledModel: 'int LiteRtCreateCompiledModel(void *environment, void *model, void *options, _Out_ void **compiled)',
  CompiledModelResizeInputTensor:
    'int LiteRtCompiledModelResizeInputTensor(void *compiled, size_t signature, size_t input, int *dims, size_t rank)',
  GetCompiledModelOutputTensorLayouts:
    'int LiteRtGetCompiledModelOutputTensorLayouts(void *compiled, size_t signature, size_t count, void *layouts, bool update)',
  GetCompiledModelInputBufferRequirements:
    'int LiteRtGetCompiledModelInputBufferRequirements(void *compiled, size_t signature, size_t input, _Out_ void **requirements)',
  GetCompiledModelOutputBufferRequirements:
    'int LiteRtGetCompiledModelOutputBufferRequirements(void *compiled, size_t signature, size_t output, _Out_ void **requirements)',
  CreateManagedTensorBufferFromRequirements:
    'int LiteRtCreateManagedTensorBufferFromRequirements(void *environment, whyslow_litert_type *type, void *requirements, _Out_ void **buffer)',
  LockTensorBuffer: 'int LiteRtLockTensorBuffer(void *buffer, _Out_ void **memory, int mode)',
  UnlockTensorBuffer: 'int LiteRtUnlockTensorBuffer(void *buffer)',
} as const
export type CallName = keyof typeof CALLS

const FREES = {
  Environment: 'void LiteRtDestroyEnvironment(void *environment)',
  Model: 'void LiteRtDestroyModel(void *model)',
  Options: 'void LiteRtDestroyOptions(void *options)',
  CompiledModel: 'void LiteRtDestroyCompiledModel(void *compiled)',
  TensorBuffer: 'void LiteRtDestroyTensorBuffer(void *buffer)',
} as const
export type FreeName = keyof typeof FREES

const RUN = 'int LiteRtRunCompiledModel(void *compiled, size_t signature, size_t inputs, void *in, size_t outputs, void *out)'

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
  501: 'the file is no valid FlatBuffer',
  504: 'it could not be compiled',
}

/** Calls by name, without `LiteRt`. */
export interface LitertApi extends NativeApi<CallName, FreeName> {
  /** For the loop of predictions: gives the status, 0 for success. `inputs`, `outputs`: arrays of buffers in native memory. */
  readonly run: (compiled: Handle, signature: number, ins: number, inputs: Handle, outs: number, outputs: Handle) => number
  /** Made once: what a payload of options is destroyed with. */
  readonly nothing: Handle
}

export const statusInWords = (status: number): string => `LiteRT: ${STATUSES[status] ?? 'failed'} (status ${status})`

/** Throws where koffi is absent, and where `file` does not load or is no LiteRT as it is known. */
export const loadApi = apiLoader((koffi, file) => bind(koffi, koffi.load(file)))

function bind(koffi: typeof Koffi, library: Koffi.LibraryHandle): LitertApi {
  defineTypes(koffi)
  const bound = (signature: string): Call => {
    try {
      return library.func(signature)
    } catch {
      throw new Error(`it is no LiteRT 2, or an older one: it has no ${/LiteRt\w+/.exec(signature)![0]}`)
    }
  }
  return {
    ...nativeApi(koffi, { calls: CALLS, frees: FREES }, { bound, why: statusInWords }),
    run: bound(RUN) as unknown as LitertApi['run'],
    nothing: koffi.register(() => {}, koffi.pointer(koffi.proto('void whyslow_litert_destructor(void *payload)'))),
  }
}

let defined = false

function defineTypes(koffi: typeof Koffi): void {
  if (defined) return
  defined = true
  // The rank is the low seven bits of the first word, and a size below zero is free.
  koffi.struct('whyslow_litert_layout', {
    head: 'uint32_t',
    dimensions: koffi.array('int32_t', MOST_DIMENSIONS),
    strides: koffi.array('uint32_t', MOST_DIMENSIONS),
  })
  koffi.struct('whyslow_litert_type', { element: 'int', layout: 'whyslow_litert_layout' })
  koffi.struct('whyslow_litert_any', { type: 'int', pad: 'int', value: 'int64_t' })
  koffi.struct('whyslow_litert_option', { tag: 'int', pad: 'int', value: 'whyslow_litert_any' })
}

export const MOST_DIMENSIONS = 8

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

const RANK_BITS = 0x7f

export const shapeOf = ({ head, dimensions }: Layout): number[] => Array.from(dimensions).slice(0, head & RANK_BITS)

export const layoutOf = (shape: readonly number[]): Layout => ({
  head: shape.length,
  dimensions: Int32Array.from({ length: MOST_DIMENSIONS }, (_, axis) => shape[axis] ?? 0),
  strides: new Uint32Array(MOST_DIMENSIONS),
})
