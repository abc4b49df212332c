// A model opened with OpenVINO, by the engine and by the openvino.mjs of a shipped folder. It is compiled for the shapes that it is fed with: if
// all are declared when it is opened, else at the first prediction with such shapes, so that its time is in that prediction. Beyond a few
// shapes it is compiled once more with free ones.
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { copyOf } from '../copy-of.ts'
import type { Handle, OutPointer } from '../koffi.ts'
import type { Feeds, InputDeclaration, Results, TensorValue } from '../types.ts'
import type { OpenvinoApi } from './c-api.ts'
import { codeOf, dtypeOf } from './element-types.ts'
import { isBeyond32Bits } from './wide-numbers.ts'

export interface CompileTarget {
  /** 'CPU', 'GPU', 'NPU'. */
  readonly device: string
  /** Properties by their names, as strings. */
  readonly properties: Readonly<Record<string, string>>
}

export interface ModelDeclaration<Output> {
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly Output[]
}

/** Feeds are taken as they are: the caller checks types and shapes. */
export interface OpenvinoModel<Output> extends ModelDeclaration<Output> {
  predict(feeds: Feeds): Results
  /** Feeds that are copied once; gives what predicts with them. */
  prepare(feeds: Feeds): () => void
  /** What was compiled first; undefined before that. */
  compiled(): Handle | undefined
  close(): void
}

/** A model compiled for more shapes is compiled with free ones, which are slower and need no further compiling. */
const MOST_SHAPES = 4
const FREE = 'free shapes'
/** Below this a copy takes less than binding another array. */
const SHARED_BYTES = 65536
/** Arrays of the caller's, for each input, that stay known: buffers that are filled by turns are bound without making a tensor. */
const MOST_ARRAYS = 4
/** Bytes of them all, but for those that a prediction reads. */
const MOST_SHARED_BYTES = 64e6
/** The C API makes no shape without dimensions, and calls a scalar's a wrong parameter. */
const INVALID_PARAMETER = -14

interface Opened<Output> extends ModelDeclaration<Output> {
  readonly api: OpenvinoApi
  readonly core: Handle
  readonly file: string
  readonly compiling: CompileTarget
  readonly isFree: boolean
  readonly byShapes: Map<string, Compiled>
  /** Those over arrays of the caller's, and which input they are of; the last used at the end. */
  readonly shared: Map<InputTensor, { readonly own: Bound; readonly name: string }>
  /** As it was read, for the first compilation; null once that has changed it. */
  fresh: Handle | null
  closed: boolean
}

/** Tensors that inputs are in, by name. */
type Bound = Map<string, InputTensor>

interface InputTensor {
  readonly tensor: Handle
  readonly key: string
  /** The library's memory; null if the tensor is over the caller's array, which is kept for as long. */
  readonly bytes: Uint8Array | null
  readonly shared: ArrayBufferView | null
}

interface Compiled {
  readonly compiled: Handle
  readonly request: Handle
  /** The bound tensors of `predict`. */
  readonly own: Bound
  /** Whose inputs are in the request. */
  bound: Bound | null
  /** Made by the first `predict`. */
  outputs: readonly (BoundOutput | null)[] | null
}

interface BoundOutput {
  readonly tensor: Handle
  readonly read: () => TensorValue
  /** The results' memory, into which the library writes; null: results are copies. */
  readonly own: Uint8Array<ArrayBuffer> | null
}

interface Use<Output> {
  /** What the model takes and gives. */
  readonly declare: (model: Handle) => ModelDeclaration<Output>
  /** One prediction of a request; throws if the library refuses. */
  readonly infer?: ((request: Handle) => void) | undefined
  /** Outputs of one shape are in the same arrays at every prediction, into which the library writes. */
  readonly reuse?: boolean
}

export function openModel<Output extends { readonly name: string }>(
  api: OpenvinoApi,
  file: string,
  compiling: CompileTarget,
  { declare, infer = (request) => inferOnce(api, request), reuse = false }: Use<Output>,
): OpenvinoModel<Output> {
  const core = api.got('core_create')
  const fresh = readModel(api, core, file)
  const { inputs, outputs } = declare(fresh)
  const isFree = inputs.some(({ shape }) => shape === null || shape.some((size) => typeof size !== 'number'))
  const opened: Opened<Output> = {
    api,
    core,
    file,
    compiling,
    inputs,
    outputs,
    isFree,
    byShapes: new Map(),
    shared: new Map(),
    fresh,
    closed: false,
  }
  // Shapes that all are declared: compiled now, so that what the library refuses is refused when the model is opened.
  if (!isFree) compiledFor(opened, null)
  const prepared: Bound[] = []
  return {
    inputs,
    outputs,
    compiled: () => [...opened.byShapes.values()][0]?.compiled,
    predict(feeds) {
      checkOpen(opened)
      const compiled = compiledFor(opened, feeds)
      attach(api, compiled, compiled.own)
      for (const { name } of inputs) fill(opened, compiled, name, feeds[name]!)
      // Tensors of the caller's would be copied to a device at each prediction.
      compiled.outputs ??= outputs.map((_, i) => (compiling.device === 'CPU' ? boundOutput(api, compiled, i, reuse) : null))
      if (reuse) compiled.outputs = compiled.outputs.map((one, i) => (isGivenAway(one) ? boundAgain(api, compiled, i, one) : one))
      infer(compiled.request)
      const results: Record<string, TensorValue> = {}
      for (const [i, { name }] of outputs.entries())
        results[name] = compiled.outputs[i]?.read() ?? output(api, compiled.request, i)
      return results
    },
    prepare(feeds) {
      checkOpen(opened)
      // In tensors of the library's own, made once: JavaScript may move its own.
      const bound: Bound = new Map(inputs.map(({ name }) => [name, inputTensor(api, name, feeds[name]!, null)]))
      prepared.push(bound)
      let compiled: Compiled | null = null
      return () => {
        checkOpen(opened)
        compiled ??= compiledFor(opened, feeds)
        attach(api, compiled, bound)
        infer(compiled.request)
      }
    },
    close() {
      if (opened.closed) return
      opened.closed = true
      if (opened.fresh !== null) api.free('model', opened.fresh)
      const all = [...opened.byShapes.values()]
      for (const { request } of all) api.free('infer_request', request)
      const tensors = [...prepared, ...all.map(({ own }) => own)].flatMap((bound) => [...bound.values()])
      for (const { tensor } of new Set([...tensors, ...opened.shared.keys()])) api.free('tensor', tensor)
      for (const one of all.flatMap(({ outputs: made }) => made ?? [])) if (one !== null) api.free('tensor', one.tensor)
      for (const { compiled } of all) api.free('compiled_model', compiled)
      api.free('core', core)
    },
  }
}

export function inferOnce(api: OpenvinoApi, request: Handle): void {
  if (api.calls.infer_request_infer(request) !== 0) throw new Error(api.lastError())
}

/** Whether the library has an input of this name: it drops those that nothing reads. */
export function hasInput(api: OpenvinoApi, model: Handle, name: string): boolean {
  const port: OutPointer<Handle> = [null]
  if (api.calls.model_const_input_by_name(model, name, port) !== 0) return false
  api.free('const_port', port[0])
  return true
}

/** Memory that is freed must not be touched: that would end the process. */
function checkOpen({ closed }: { readonly closed: boolean }): void {
  if (closed) throw new Error('the session is closed')
}

/** An error says that it is the model's, in the words that are known of engines: no other inputs would help. */
function readModel(api: OpenvinoApi, core: Handle, file: string): Handle {
  try {
    return api.got('core_read_model', core, file, null)
  } catch (error) {
    const words = firstLineOf(error).replace(/^FrontEnd API failed with \w+: /, '')
    // What cannot be converted is said operator by operator, and summed up at the end.
    throw new Error(`Load model from ${file} failed: ${/ Summary: -- (.*)$/.exec(words)?.[1] ?? words}`)
  }
}

/** `feeds`: null if every shape is declared. */
function compiledFor<Output>(opened: Opened<Output>, feeds: Feeds | null): Compiled {
  const { api, core, file, compiling, byShapes, inputs, isFree } = opened
  const wanted = feeds === null || !isFree ? '' : JSON.stringify(inputs.map(({ name }) => feeds[name]!.shape))
  const key = byShapes.has(wanted) || byShapes.size < MOST_SHAPES ? wanted : FREE
  const known = byShapes.get(key)
  if (known) return known
  const model = opened.fresh ?? readModel(api, core, file)
  opened.fresh = null
  try {
    if (key !== FREE && key !== '') reshape(api, model, inputs, feeds!)
    const properties = Object.entries(compiling.properties).flatMap(([name, value]) => ['str', name, 'str', value])
    const out: OutPointer<Handle> = [null]
    api.call('core_compile_model', core, model, compiling.device, properties.length / 2, out, ...properties)
    const compiled = out[0]
    const request = api.got('compiled_model_create_infer_request', compiled)
    const made: Compiled = { compiled, request, own: new Map(), bound: null, outputs: null }
    byShapes.set(key, made)
    return made
  } finally {
    api.free('model', model)
  }
}

function reshape(api: OpenvinoApi, model: Handle, inputs: readonly InputDeclaration[], feeds: Feeds): void {
  const shapes = inputs.map(({ name }) => {
    const { shape } = feeds[name]!
    return { rankMin: shape.length, rankMax: shape.length, dims: shape.flatMap((size) => [size, size]) }
  })
  const names = inputs.map(({ name }) => name)
  api.call('model_reshape', model, names, shapes, shapes.length)
}

function attach(api: OpenvinoApi, compiled: Compiled, bound: Bound): void {
  if (compiled.bound === bound) return
  for (const [name, { tensor }] of bound) api.call('infer_request_set_tensor', compiled.request, name, tensor)
  compiled.bound = bound
}

/**
 * Small data is copied into a tensor of the library's own, made once for each shape. From SHARED_BYTES on a CPU reads the caller's array:
 * JavaScript does not move the memory of such. A result that is fed back is copied if the library writes the next one over it.
 */
function fill<Output>(opened: Opened<Output>, compiled: Compiled, name: string, value: TensorValue): void {
  const { api, compiling, shared } = opened
  const { request, own, outputs } = compiled
  const data = value.data as ArrayBufferView
  const isResult = outputs?.some((one) => one?.own?.buffer === data.buffer) === true
  const array = compiling.device === 'CPU' && data.byteLength >= SHARED_BYTES && !isResult ? data : null
  const key = value.shape.join()
  const bound = own.get(name)
  const others = () => [...shared].flatMap(([one, input]) => (input.own === own && input.name === name ? [one] : []))
  const isOf = (one: InputTensor) => one.shared === array && one.key === key
  const known = bound !== undefined && isOf(bound) ? bound : array === null ? undefined : others().find(isOf)
  if (known !== undefined) {
    checkRange(name, value)
    known.bytes?.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    if (known === bound) return
  }
  const made = known ?? inputTensor(api, name, value, array)
  try {
    api.call('infer_request_set_tensor', request, name, made.tensor)
  } catch (error) {
    if (known === undefined) api.free('tensor', made.tensor)
    throw error
  }
  own.set(name, made)
  if (bound?.shared === null) api.free('tensor', bound.tensor)
  if (array === null) return
  shared.delete(made)
  shared.set(made, { own, name })
  for (const one of others().slice(0, -MOST_ARRAYS)) forget(opened, one)
  let bytes = [...shared.keys()].reduce((sum, one) => sum + one.shared!.buffer.byteLength, 0)
  for (const [one, input] of [...shared]) {
    if (bytes <= MOST_SHARED_BYTES) break
    if (input.own === own && own.get(input.name) === one) continue
    bytes -= one.shared!.buffer.byteLength
    forget(opened, one)
  }
}

/** A request that still has the tensor gets another before it reads it. */
function forget<Output>({ api, shared }: Opened<Output>, one: InputTensor): void {
  const { own, name } = shared.get(one)!
  shared.delete(one)
  if (own.get(name) === one) own.delete(name)
  api.free('tensor', one.tensor)
}

function inputTensor(api: OpenvinoApi, name: string, value: TensorValue, shared: ArrayBufferView | null): InputTensor {
  const { dtype, shape } = value
  checkRange(name, value)
  const key = shape.join()
  const dims = { rank: shape.length, dims: [...shape] }
  if (shared !== null)
    return { tensor: api.got('tensor_create_from_host_ptr', codeOf(api, dtype), dims, shared), key, bytes: null, shared }
  const tensor = api.got('tensor_create', codeOf(api, dtype), dims)
  const data = value.data as ArrayBufferView
  const bytes = bytesOf(api, tensor)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return { tensor, key, bytes, shared: null }
}

function checkRange(name: string, value: TensorValue): void {
  if (isBeyond32Bits(value))
    throw new RangeError(`the input ${name} has numbers beyond 32 bits, in which OpenVINO computes: its outputs would be wrong`)
}

/** The library's own memory. */
function bytesOf(api: OpenvinoApi, tensor: Handle): Uint8Array<ArrayBuffer> {
  const size = Number(api.got<number | bigint>('tensor_get_byte_size', tensor))
  if (size === 0) return new Uint8Array(0)
  return new Uint8Array(api.koffi.view(api.got('tensor_data', tensor) as never, size))
}

/** A tensor that predictions write this output into, if its shape is always the same; null: it is read again each time. */
function boundOutput(api: OpenvinoApi, { compiled, request }: Compiled, index: number, reuse: boolean): BoundOutput | null {
  const port = api.got('compiled_model_output_by_index', compiled, index)
  try {
    const dtype = givenType(api, api.got<number>('port_get_element_type', port))
    const given: GivenShape = {}
    if (api.calls.const_port_get_shape(port, given) !== 0) return null
    const shape = sizesIn(api, given)
    // The C API makes no tensor without dimensions.
    if (shape.length === 0 || shape.includes(0)) return null
    const dims = { rank: shape.length, dims: shape }
    // Memory of JavaScript's own stays valid for whoever holds a result after close(). That of an ArrayBuffer is not moved, however small.
    const own = reuse ? new Uint8Array(new ArrayBuffer(sizeInBytes({ dtype, shape })!)) : null
    const tensor =
      own === null
        ? api.got('tensor_create', codeOf(api, dtype), dims)
        : api.got('tensor_create_from_host_ptr', codeOf(api, dtype), dims, own)
    if (api.calls.infer_request_set_output_tensor_by_index(request, index, tensor) !== 0) {
      api.free('tensor', tensor)
      return null
    }
    if (own !== null) {
      const data = elementsIn(dtype, own)
      return { tensor, own, read: () => ({ dtype, shape: [...shape], data }) }
    }
    const bytes = bytesOf(api, tensor)
    return { tensor, own, read: () => ({ dtype, shape: [...shape], data: elementsIn(dtype, copyOf(bytes)) }) }
  } finally {
    api.free('const_port', port)
  }
}

/** Whoever had the result has transferred its memory, to another thread perhaps: it is no longer the library's to write into. */
const isGivenAway = (one: BoundOutput | null): one is BoundOutput => one?.own?.byteLength === 0

function boundAgain(api: OpenvinoApi, compiled: Compiled, index: number, { tensor }: BoundOutput): BoundOutput | null {
  const made = boundOutput(api, compiled, index, true)
  api.free('tensor', tensor)
  return made
}

function output(api: OpenvinoApi, request: Handle, index: number): TensorValue {
  const tensor = api.got('infer_request_get_output_tensor_by_index', request, index)
  try {
    const dtype = givenType(api, api.got<number>('tensor_get_element_type', tensor))
    return { dtype, shape: shapeOf(api, tensor), data: elementsIn(dtype, copyOf(bytesOf(api, tensor))) }
  } finally {
    api.free('tensor', tensor)
  }
}

function givenType(api: OpenvinoApi, code: number): DType {
  const dtype = dtypeOf(api, code)
  if (dtype === null) throw new Error("an output is of a type that OpenVINO's C API does not give")
  return dtype
}

function elementsIn(dtype: DType, { buffer, byteLength }: Uint8Array<ArrayBuffer>): TensorValue['data'] {
  const ArrayType = ELEMENT_ARRAYS[dtype]!
  return new ArrayType(buffer, 0, byteLength / ArrayType.BYTES_PER_ELEMENT)
}

interface GivenShape {
  rank?: number | bigint
  dims?: unknown
}

function shapeOf(api: OpenvinoApi, tensor: Handle): number[] {
  const given: GivenShape = {}
  const status = api.calls.tensor_get_shape(tensor, given)
  if (status === INVALID_PARAMETER) return []
  if (status !== 0) throw new Error(api.lastError())
  return sizesIn(api, given)
}

function sizesIn(api: OpenvinoApi, given: GivenShape): number[] {
  if (Number(given.rank) === 0) return []
  const sizes = api.koffi.decode(given.dims as never, 'int64_t', Number(given.rank)) as ArrayLike<number | bigint>
  const shape = Array.from(sizes, Number)
  api.free('shape', given)
  return shape
}
