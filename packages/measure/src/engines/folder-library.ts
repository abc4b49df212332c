// What shipped folders share whose model is run by a native library: where koffi and the library are, feeds as tensors, predictions in the
// caller's thread. It is bundled into openvino.mjs and litert.mjs (scripts/build-serve.mjs) and needs nothing of whyslow.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS, type ElementArrayType } from '@whyslow/graph/element-arrays.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type * as Koffi from 'koffi'
import { checkNames, checkTensor, inTurns, type PlainTensor, type PlainTensors } from './folder-predictions.ts'
import { FFI, isShapeOf, shapeText } from './koffi.ts'
import { findNativeLibrary, libraryEnvironment, type NativeLibrary } from './native-library.ts'
import type { Feeds, InputDeclaration, Results, TensorValue } from './types.ts'

/** What options.json says of the library. */
export interface FolderOptions {
  readonly version: string
  readonly device: string
  readonly properties: Readonly<Record<string, string>>
  readonly inputs: readonly FolderInput[]
  /** Names. */
  readonly outputs: readonly string[]
  /** How the library is got, in one line. */
  readonly install: string
}

export type FolderInput = Pick<InputDeclaration, 'name' | 'shape'> & { readonly dtype: DType }

const FLOATS: readonly (new () => object)[] = [Float32Array, Float64Array]
const BIGS: readonly unknown[] = [BigInt64Array, BigUint64Array]
/** An array of numbers would be taken for their bits. */
const AS_BITS: readonly DType[] = ['float16', 'bfloat16']

/** `load()`'s answer for a model that predicts at once. */
export function predictor(
  model: { predict(feeds: Feeds): Results; close(): void },
  { inputs, outputs }: FolderOptions,
  afterClose: () => Error,
) {
  let closed: Promise<void> | null = null
  const answer = inTurns((feeds: PlainTensors): PlainTensors => {
    const results = model.predict(tensorsOf(feeds, inputs))
    return Object.fromEntries(outputs.map((name) => [name, plain(results[name]!)]))
  })
  return {
    predict: (feeds: PlainTensors): Promise<PlainTensors> => (closed ? Promise.reject(afterClose()) : answer(feeds)),
    close(): Promise<void> {
      // Predictions that wait for their turn were asked for before.
      closed ??= new Promise((resolve) => setImmediate(resolve)).then(() => model.close())
      return closed
    },
  }
}

const plain = ({ dtype, data, shape }: TensorValue): PlainTensor => ({ type: dtype, data, dims: shape })

/** Feeds by the inputs that are declared; a TypeError says which is wrong and how. */
export function tensorsOf(feeds: PlainTensors, inputs: readonly FolderInput[]): Feeds {
  checkNames(feeds, inputs)
  const tensors: Record<string, TensorValue> = {}
  for (const input of inputs) tensors[input.name] = tensorOf(input, feeds[input.name])
  return tensors
}

function tensorOf({ name, dtype, shape }: FolderInput, value: PlainTensor | undefined): TensorValue {
  checkTensor(name, dtype, value)
  const { dims } = value
  const ArrayType = ELEMENT_ARRAYS[dtype] as ElementArrayType & { readonly name: string; from: Int8ArrayConstructor['from'] }
  // As onnxruntime takes numbers: those of 64 bits as numbers, too.
  const data =
    Array.isArray(value.data) && !AS_BITS.includes(dtype)
      ? ArrayType.from(value.data, BIGS.includes(ArrayType) ? (BigInt as never) : undefined)
      : (value.data as Int8Array)
  if (
    !ArrayBuffer.isView(data) ||
    data.BYTES_PER_ELEMENT !== ArrayType.BYTES_PER_ELEMENT ||
    FLOATS.some((one) => data instanceof one) !== FLOATS.includes(ArrayType as never)
  ) {
    throw new TypeError(`input '${name}': data of ${dtype} is a ${ArrayType.name}`)
  }
  // Twice -2 is 4, too, and so is 8 by a half: libraries would make another tensor of it, which data does not fill.
  if (!dims.every((one) => Number.isSafeInteger(one) && one >= 0))
    throw new TypeError(`input '${name}': dims are whole numbers from 0 on, not ${dims.join('x')}`)
  const size = elementCount(dims)
  if (size !== data.length)
    throw new TypeError(`input '${name}': ${dims.join('x')} are ${size} numbers, and data has ${data.length}`)
  // Libraries take another shape than the declared one, and read beyond the tensor's end.
  if (!isShapeOf(shape, dims)) throw new Error(`input '${name}' is declared as ${shapeText(shape!)}, not ${dims.join('x')}`)
  return { dtype, shape: dims, data }
}

/** Opens the library with `load`. Errors say in one line what is missing, or that the model was measured with another. */
export async function openLibrary<Api>(
  library: NativeLibrary,
  { version, install }: Pick<FolderOptions, 'version' | 'install'>,
  load: (file: string) => Promise<Api>,
  nodeRuntime: string | null = null,
): Promise<Api> {
  const koffi = await ownKoffi().catch((error) => error as Error & { readonly code?: string })
  if (koffi instanceof Error) {
    const folder = path.dirname(fileURLToPath(import.meta.url))
    const why = koffi.code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : `does not load (${lineOf(koffi)})`
    throw new Error(`${library.title} is called through the package ${FFI}, which ${why}: npm install in ${folder}`, {
      cause: koffi,
    })
  }
  const found = findNativeLibrary(library, { folder: undefined, python: undefined }, libraryEnvironment(nodeRuntime))
  if (!found.ok) throw new Error(`${found.reason}: ${install}`)
  try {
    return await load(found.file)
  } catch (error) {
    const why = `the model was measured with ${library.title} ${version}: ${lineOf(error as Error)}`
    throw new Error(`${found.file} cannot be used, ${why}`, { cause: error })
  }
}

const lineOf = ({ message }: Error): string => String(message).split('\n')[0]!

/** As Node finds it from the folder. */
export async function ownKoffi(): Promise<typeof Koffi> {
  const module = await import('koffi')
  return (module.load === undefined ? (module as { readonly default?: unknown }).default : module) as typeof Koffi
}
