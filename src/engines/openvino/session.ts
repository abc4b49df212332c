// A model opened with OpenVINO. It is compiled for the shapes that it is fed with: where all are declared when it is opened, else at the
// first prediction with such shapes, so that its time lies in that prediction. Beyond a few shapes it is compiled once more with free ones.
import { firstLineOf } from '../../graph/input-error.ts'
import { checkFeedBytes, type Handle, type Out } from '../koffi.ts'
import type { Feeds, InputDeclaration, OpenOptions, PreparedRun, Results, Session, TensorValue } from '../types.ts'
import type { CallName, OpenvinoApi } from './c-api.ts'
import { codeOf, dtypeOf, valueFrom } from './element-types.ts'
import { declaredNames } from './onnx-names.ts'
import { type ProfiledRun, profiledNodes, writeTrace } from './profile.ts'
import { isBeyond32Bits } from './wide-numbers.ts'

export interface Compiling {
  /** 'CPU', 'GPU', 'NPU'. */
  readonly device: string
  /** Properties by their names, as strings. */
  readonly properties: Readonly<Record<string, string>>
}

/** A model compiled for more shapes is compiled with free ones, which are slower and need no further compiling. */
const MOST_SHAPES = 4
const FREE = 'free shapes'

interface Compiled {
  readonly compiled: Handle
  readonly request: Handle
  /** Whose inputs lie in the request. */
  bound: object | null
}

interface Opened {
  readonly api: OpenvinoApi
  readonly core: Handle
  readonly file: string
  readonly compiling: Compiling
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
  readonly byShapes: Map<string, Compiled>
  /** As it was read, for the first compilation; null once that has changed it. */
  fresh: Handle | null
  closed: boolean
}

export function openSession(api: OpenvinoApi, file: string, compiling: Compiling, options: OpenOptions): Session {
  const core = api.got('core_create')
  const { model, inputs, outputs } = declarations(api, core, file)
  const opened: Opened = { api, core, file, compiling, inputs, outputs, byShapes: new Map(), fresh: model, closed: false }
  // Shapes that all are declared: compiled now, so that what the library refuses is refused when the model is opened.
  if (!isFree(inputs)) compiledFor(opened, null)
  const runs: ProfiledRun[] = []
  const prepared = (feeds: Feeds) => preparedRun(opened, feeds, options.profilePrefix === undefined ? null : runs)
  return {
    inputs,
    outputs,
    get threads() {
      return threadsOf(opened)
    },
    async run(feeds) {
      const { predict, free } = prepared(feeds)
      try {
        return outputsOf(opened, predict())
      } finally {
        free()
      }
    },
    prepare(feeds): PreparedRun {
      const { predict } = prepared(feeds)
      return async () => void predict()
    },
    async endProfiling() {
      return options.profilePrefix === undefined ? null : writeTrace(options.profilePrefix, runs, file)
    },
    async close() {
      if (opened.closed) return
      opened.closed = true
      if (opened.fresh !== null) api.free('model', opened.fresh)
      for (const { compiled, request } of opened.byShapes.values()) {
        api.free('infer_request', request)
        api.free('compiled_model', compiled)
      }
      opened.byShapes.clear()
      api.free('core', core)
    },
  }
}

/** A text of the library's own, freed. */
export function textOf(api: OpenvinoApi, name: CallName, ...given: readonly unknown[]): string {
  const pointer = api.got(name, ...given)
  const text = api.koffi.decode(pointer as never, 'char', -1) as string
  api.free('text', pointer)
  return text
}

/** An error says that it is the model's, in the words that are known of engines: no other inputs would help. */
function readModel({ api, core, file }: Pick<Opened, 'api' | 'core' | 'file'>): Handle {
  try {
    return api.got('core_read_model', core, file, null)
  } catch (error) {
    const words = firstLineOf(error).replace(/^FrontEnd API failed with \w+: /, '')
    // What cannot be converted is said operator by operator, and summed up at the end.
    throw new Error(`Load model from ${file} failed: ${/ Summary: -- (.*)$/.exec(words)?.[1] ?? words}`)
  }
}

function declarations(api: OpenvinoApi, core: Handle, file: string) {
  const model = readModel({ api, core, file })
  const names = declaredNames(file)
  const has = (name: string): boolean => {
    try {
      api.free('const_port', api.got('model_const_input_by_name', model, name))
      return true
    } catch {
      return false
    }
  }
  // Weights that are listed as inputs are constants here.
  const inputNames = names.inputs.filter(has)
  const inputs = inputNames.map((name) => declared(api, api.got('model_const_input_by_name', model, name), name))
  const outputs = names.outputs.map((name, i) => declared(api, api.got('model_const_output_by_index', model, i), name))
  return { model, inputs, outputs }
}

function declared(api: OpenvinoApi, port: Handle, name: string): InputDeclaration {
  const dtype = dtypeOf(api, api.got<number>('port_get_element_type', port))
  const shape: { rankMin?: bigint | number; rankMax?: bigint | number; dims?: unknown } = {}
  api.call('port_get_partial_shape', port, shape)
  const rank = Number(shape.rankMin)
  const known = rank === Number(shape.rankMax)
  const limits =
    known && rank > 0 ? (api.koffi.decode(shape.dims as never, 'int64_t', 2 * rank) as ArrayLike<number | bigint>) : []
  api.free('partial_shape', shape)
  api.free('const_port', port)
  const sizes = Array.from({ length: known ? rank : 0 }, (_, axis) => {
    const [low, high] = [Number(limits[2 * axis]), Number(limits[2 * axis + 1])]
    return low === high ? low : ''
  })
  return { name, isTensor: true, dtype, shape: known ? sizes : null }
}

/** `feeds`: null where every shape is declared. */
function compiledFor(opened: Opened, feeds: Feeds | null): Compiled {
  const { api, core, compiling, byShapes, inputs } = opened
  const wanted = feeds === null || !isFree(inputs) ? '' : JSON.stringify(inputs.map(({ name }) => feeds[name]?.shape))
  const key = byShapes.has(wanted) || byShapes.size < MOST_SHAPES ? wanted : FREE
  const known = byShapes.get(key)
  if (known) return known
  const model = opened.fresh ?? readModel(opened)
  opened.fresh = null
  try {
    if (key !== FREE && key !== '') reshape(api, model, inputs, feeds!)
    const properties = Object.entries(compiling.properties).flatMap(([name, value]) => ['str', name, 'str', value])
    const out: Out<Handle> = [null]
    api.call('core_compile_model', core, model, compiling.device, properties.length / 2, out, ...properties)
    const compiled = out[0]
    const made: Compiled = { compiled, request: api.got('compiled_model_create_infer_request', compiled), bound: null }
    byShapes.set(key, made)
    return made
  } finally {
    api.free('model', model)
  }
}

const isFree = (inputs: readonly InputDeclaration[]): boolean =>
  inputs.some(({ shape }) => shape === null || shape.some((size) => typeof size !== 'number'))

function reshape(api: OpenvinoApi, model: Handle, inputs: readonly InputDeclaration[], feeds: Feeds): void {
  const fed = inputs.filter(({ name }) => feeds[name] !== undefined)
  const shapes = fed.map(({ name }) => {
    const { shape } = feeds[name]!
    return { rankMin: shape.length, rankMax: shape.length, dims: shape.flatMap((size) => [size, size]) }
  })
  api.call(
    'model_reshape',
    model,
    fed.map(({ name }) => name),
    shapes,
    shapes.length,
  )
}

/** undefined where the device takes no thread count, and before the model is compiled. */
function threadsOf({ api, byShapes }: Opened): number | undefined {
  const [first] = byShapes.values()
  try {
    return (first && Number(textOf(api, 'compiled_model_get_property', first.compiled, 'INFERENCE_NUM_THREADS'))) || undefined
  } catch {
    return undefined
  }
}

interface Prepared {
  /** One prediction; its outputs lie in the request. */
  readonly predict: () => Compiled
  readonly free: () => void
}

/** Inputs lie in tensors of the library's own, made once: JavaScript may move its own. */
function preparedRun(opened: Opened, feeds: Feeds, runs: ProfiledRun[] | null): Prepared {
  const { api, inputs } = opened
  checkFeeds(inputs, feeds)
  const tensors = Object.entries(feeds).map(([name, value]) => ({ name, tensor: tensorFrom(api, name, value) }))
  const self = {}
  let compiled: Compiled | null = null
  const predict = (): Compiled => {
    // Memory that is freed must not be touched: that would end the process.
    if (opened.closed) throw new Error('the session is closed')
    compiled ??= compiledFor(opened, feeds)
    const { request } = compiled
    if (compiled.bound !== self) {
      for (const { name, tensor } of tensors) api.call('infer_request_set_tensor', request, name, tensor)
      compiled.bound = self
    }
    const start = runs === null ? 0 : performance.now()
    if (api.infer(request) !== 0) throw new Error(api.lastError())
    if (runs !== null) {
      const durationUs = (performance.now() - start) * 1000
      runs.push({ durationUs, nodes: profiledNodes(api, request) })
    }
    return compiled
  }
  const free = () => {
    for (const { tensor } of tensors) api.free('tensor', tensor)
    if (compiled?.bound === self) compiled.bound = null
  }
  return { predict, free }
}

/** The library takes another shape than the declared one, and reads beyond the tensor's end or gives nonsense. */
function checkFeeds(inputs: readonly InputDeclaration[], feeds: Feeds): void {
  for (const { name, shape, dtype } of inputs) {
    const fed = feeds[name]
    if (fed === undefined) throw new Error(`no value for the input ${name}`)
    if (dtype !== null && fed.dtype !== dtype) throw new Error(`the input ${name} is ${dtype}, not ${fed.dtype}`)
    const fits =
      shape === null ||
      (shape.length === fed.shape.length && shape.every((size, axis) => typeof size !== 'number' || size === fed.shape[axis]))
    if (!fits)
      throw new Error(
        `the input ${name} is declared as ${shape!.map((size) => size || '?').join('x')}, not ${fed.shape.join('x')}`,
      )
    if (isBeyond32Bits(fed))
      throw new Error(`the input ${name} has numbers beyond 32 bits, in which OpenVINO computes: its outputs would be wrong`)
  }
}

function tensorFrom(api: OpenvinoApi, name: string, value: TensorValue): Handle {
  const { dtype, shape, data } = value
  if (!ArrayBuffer.isView(data)) throw new Error("OpenVINO's C API does not take strings")
  checkFeedBytes(name, value)
  const tensor = api.got('tensor_create', codeOf(api, dtype), { rank: shape.length, dims: [...shape] })
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  bytesOf(api, tensor).set(bytes)
  return tensor
}

/** The library's own memory. */
function bytesOf(api: OpenvinoApi, tensor: Handle): Uint8Array {
  const size = Number(api.got<number | bigint>('tensor_get_byte_size', tensor))
  if (size === 0) return new Uint8Array(0)
  return new Uint8Array(api.koffi.view(api.got('tensor_data', tensor) as never, size))
}

function outputsOf({ api, outputs }: Opened, { request }: Compiled): Results {
  return Object.fromEntries(
    outputs.map(({ name }, i) => {
      const tensor = api.got('infer_request_get_output_tensor_by_index', request, i)
      try {
        return [name, copied(api, tensor)]
      } finally {
        api.free('tensor', tensor)
      }
    }),
  )
}

function copied(api: OpenvinoApi, tensor: Handle): TensorValue {
  const dtype = dtypeOf(api, api.got<number>('tensor_get_element_type', tensor))
  if (dtype === null) throw new Error("an output is of a type that OpenVINO's C API does not give")
  return { dtype, shape: shapeOf(api, tensor), data: valueFrom(dtype, bytesOf(api, tensor).slice()) }
}

/** The C API makes no shape without dimensions, and calls a scalar's a wrong parameter. */
const INVALID_PARAMETER = -14

function shapeOf(api: OpenvinoApi, tensor: Handle): number[] {
  const given: { rank?: number | bigint; dims?: unknown } = {}
  const status = api.status('tensor_get_shape', tensor, given)
  if (status === INVALID_PARAMETER) return []
  if (status !== 0) throw new Error(api.lastError())
  if (Number(given.rank) === 0) return []
  const dims = api.koffi.decode(given.dims as never, 'int64_t', Number(given.rank)) as ArrayLike<number | bigint>
  const shape = Array.from(dims, Number)
  api.free('shape', given)
  return shape
}
