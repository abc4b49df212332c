// Runs the model with OpenVINO's C library, called through koffi, in the caller's thread. The functions are those of openvino/c:
// https://docs.openvino.ai/2026/api/c_cpp_api/group__ov__c__api.html
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { bytesOf, openLibrary, predictor, tensorsOf } from './native-library.mjs'

/** How it comes to a machine. */
export const LIBRARY = {
  title: 'OpenVINO',
  variable: 'OPENVINO_LIBRARY',
  files: {
    linux: [/^libopenvino_c\.so(\.\d+)*$/, 'libopenvino_c.so'],
    darwin: [/^libopenvino_c(\.\d+)*\.dylib$/, 'libopenvino_c.dylib'],
    win32: [/^openvino_c\.dll$/, 'openvino_c.dll'],
  },
  nodePackage: 'openvino-node',
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
}
/** Numbers of element types from 2025.2 on, and their arrays; before, all are one higher. */
export const TYPES = {
  bool: [1, Uint8Array],
  float16: [3, Uint16Array],
  float32: [4, Float32Array],
  float64: [5, Float64Array],
  int8: [7, Int8Array],
  int16: [8, Int16Array],
  int32: [9, Int32Array],
  int64: [10, BigInt64Array],
  uint8: [16, Uint8Array],
  uint16: [17, Uint16Array],
  uint32: [18, Uint32Array],
  uint64: [19, BigUint64Array],
}
/** Below this a copy takes less than binding another array. */
const SHARED_BYTES = 65536
/** The C API calls the shape of a scalar a wrong parameter. */
const INVALID_PARAMETER = -14
/** A model compiled for more shapes is compiled once more, with free ones. */
const MOST_SHAPES = 4
const FREE = 'free shapes'

/** `options`: what options.json says of OpenVINO. Errors say in one line what is missing. */
export async function loadHere(options, modelFile, afterClose) {
  const api = await openLibrary(LIBRARY, options, (koffi, file) => bound(koffi, loadLibrary(koffi, file)))
  return predictor(openModel(api, options, modelFile), afterClose)
}

function openModel(api, { device, properties, inputs, outputs }, file) {
  const core = api.got('core_create')
  const read = () => api.got('core_read_model', core, file, null)
  const compiled = new Map()
  const isFree = inputs.some(({ shape }) => shape === null || shape.some((size) => typeof size !== 'number'))
  let first = read()
  const used = new Set(inputs.map(({ name }) => name).filter((name) => api.hasInput(first, name)))

  /** Compiled at the first prediction with such shapes; where all are declared, now. */
  function compiledFor(tensors) {
    const wanted = isFree ? JSON.stringify(tensors.map(({ dims }) => dims)) : ''
    const key = compiled.has(wanted) || compiled.size < MOST_SHAPES ? wanted : FREE
    if (compiled.has(key)) return compiled.get(key)
    const graph = first ?? read()
    first = null
    try {
      if (isFree && key !== FREE) api.reshape(graph, tensors)
      const model = api.compile(core, graph, device, properties)
      const request = api.got('compiled_model_create_infer_request', model)
      const made = {
        model,
        request,
        bound: new Map(),
        results: outputs.map((_, index) => api.boundOutput(model, request, index)),
      }
      compiled.set(key, made)
      return made
    } finally {
      api.free('model', graph)
    }
  }
  // What the library refuses is refused before the first prediction.
  if (!isFree) compiledFor([])

  return {
    predict(feeds) {
      const tensors = tensorsOf(feeds, inputs, TYPES).filter(({ name }) => used.has(name))
      const { request, bound, results } = compiledFor(tensors)
      for (const tensor of tensors) bind(api, request, bound, tensor)
      api.call('infer_request_infer', request)
      return Object.fromEntries(outputs.map((name, index) => [name, results[index]?.read() ?? api.output(request, index)]))
    },
    free() {
      if (first !== null) api.free('model', first)
      for (const { model, request, bound, results } of compiled.values()) {
        api.free('infer_request', request)
        for (const one of [...bound.values(), ...results]) if (one !== null) api.free('tensor', one.tensor)
        api.free('compiled_model', model)
      }
      api.free('core', core)
    },
  }
}

/**
 * Small data is copied into a tensor of the library's own, made once for each shape. From SHARED_BYTES on the library reads the
 * caller's array: JavaScript does not move the memory of such, and it is kept as long as it is bound.
 */
function bind(api, request, bound, { name, type, dims, data }) {
  if (isBeyond32Bits({ type, data })) {
    throw new RangeError(`input '${name}' has numbers beyond 32 bits, in which OpenVINO computes: the outputs would be wrong`)
  }
  const key = dims.join()
  const known = bound.get(name)
  const shared = data.byteLength >= SHARED_BYTES ? data : null
  if (known?.key === key && known.shared === shared) {
    if (shared === null) known.bytes.set(bytesOf(data))
    return
  }
  const tensor = shared === null ? api.tensor(type, dims) : api.tensorOver(type, dims, shared)
  const bytes = shared === null ? api.bytesOf(tensor) : null
  bytes?.set(bytesOf(data))
  try {
    api.call('infer_request_set_tensor', request, name, tensor)
  } catch (error) {
    api.free('tensor', tensor)
    throw error
  }
  bound.set(name, { key, tensor, bytes, shared })
  if (known) api.free('tensor', known.tensor)
}

/** OpenVINO computes numbers of 64 bits in 32, and unsigned ones of 32 as signed. */
export function isBeyond32Bits({ type, data }) {
  if (type !== 'int64' && type !== 'uint64' && type !== 'uint32') return false
  const halves = new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4)
  if (type === 'uint32') return halves.some((x) => x < 0)
  // Little-endian.
  if (type === 'int64') return halves.some((half, k) => k % 2 === 1 && half !== halves[k - 1] >> 31)
  return halves.some((half, k) => (k % 2 === 1 ? half !== 0 : half < 0))
}

/** An archive keeps the library of its thread pool elsewhere, and has a script that sets the path to it. */
function loadLibrary(koffi, file) {
  try {
    return koffi.load(file)
  } catch (error) {
    const folder = path.resolve(path.dirname(file), '../../3rdparty/tbb/lib')
    if (!existsSync(folder)) throw error
    for (const name of readdirSync(folder).filter((one) => /^libtbb\.(so\.\d+|\d+\.dylib)$/.test(one)))
      koffi.load(path.join(folder, name), { global: true })
    return koffi.load(file)
  }
}

/** The library's functions. Each throws with the library's own words where it says no. */
function bound(koffi, library) {
  const shape = koffi.struct({ rank: 'int64_t', dims: 'int64_t *' })
  // A rank is a dimension: its lower and its upper limit.
  const partial = koffi.struct({ rankMin: 'int64_t', rankMax: 'int64_t', dims: 'int64_t *' })
  const handle = 'void *'
  const out = (type) => koffi.out(koffi.pointer(type))
  const made = out(handle)
  const status = (name, parameters) => library.func(`ov_${name}`, 'int', parameters)
  const calls = {
    core_create: status('core_create', [made]),
    core_read_model: status('core_read_model', [handle, 'str', 'str', made]),
    core_compile_model: status('core_compile_model', [handle, handle, 'str', 'size_t', made, '...']),
    model_const_input_by_name: status('model_const_input_by_name', [handle, 'str', made]),
    model_reshape: status('model_reshape', [handle, 'str *', koffi.pointer(partial), 'size_t']),
    compiled_model_create_infer_request: status('compiled_model_create_infer_request', [handle, made]),
    infer_request_infer: status('infer_request_infer', [handle]),
    infer_request_set_tensor: status('infer_request_set_tensor', [handle, 'str', handle]),
    infer_request_set_output_tensor_by_index: status('infer_request_set_output_tensor_by_index', [handle, 'size_t', handle]),
    infer_request_get_output_tensor_by_index: status('infer_request_get_output_tensor_by_index', [handle, 'size_t', made]),
    tensor_create: status('tensor_create', ['int', shape, made]),
    tensor_create_from_host_ptr: status('tensor_create_from_host_ptr', ['int', shape, handle, made]),
    compiled_model_output_by_index: status('compiled_model_output_by_index', [handle, 'size_t', made]),
    const_port_get_shape: status('const_port_get_shape', [handle, out(shape)]),
    port_get_element_type: status('port_get_element_type', [handle, out('int')]),
    tensor_data: status('tensor_data', [handle, made]),
    tensor_get_byte_size: status('tensor_get_byte_size', [handle, out('size_t')]),
    tensor_get_shape: status('tensor_get_shape', [handle, out(shape)]),
    tensor_get_element_type: status('tensor_get_element_type', [handle, out('int')]),
  }
  const freed = ['core', 'model', 'compiled_model', 'infer_request', 'tensor', 'output_const_port']
  const frees = Object.fromEntries(freed.map((name) => [name, library.func(`ov_${name}_free`, 'void', [handle])]))
  const freeShape = library.func('ov_shape_free', 'int', [koffi.pointer(shape)])
  const lastError = library.func('ov_get_last_err_msg', 'str', [])
  const call = (name, ...given) => {
    if (calls[name](...given) !== 0) throw new Error(pointOf(lastError()))
  }
  const got = (name, ...given) => {
    const result = [null]
    call(name, ...given, result)
    return result[0]
  }
  const free = (name, one) => frees[name](one)
  return {
    call,
    got,
    free,
    ...tensorCalls({ koffi, calls, got, free, freeShape, lastError }),
    hasInput(model, name) {
      const port = [null]
      if (calls.model_const_input_by_name(model, name, port) !== 0) return false
      free('output_const_port', port[0])
      return true
    },
    reshape(model, tensors) {
      const limits = tensors.map(({ dims: { length }, dims }) => ({
        rankMin: length,
        rankMax: length,
        dims: dims.flatMap((size) => [size, size]),
      }))
      const names = tensors.map(({ name }) => name)
      call('model_reshape', model, names, limits, limits.length)
    },
    compile(core, model, device, properties) {
      const given = Object.entries(properties).flatMap(([key, value]) => ['str', key, 'str', value])
      const result = [null]
      call('core_compile_model', core, model, device, given.length / 2, result, ...given)
      return result[0]
    },
  }
}

/** What makes and reads tensors. */
function tensorCalls({ koffi, calls, got, free, freeShape, lastError }) {
  const typeOf = (code) => {
    const known = types.get(code)
    if (known === undefined) throw new Error(`an output is of OpenVINO's element type ${code}, for which JavaScript has no array`)
    return known
  }
  const create = (code, dims) => got('tensor_create', code, { rank: dims.length, dims: [...dims] })
  const sizeOf = (tensor) => Number(got('tensor_get_byte_size', tensor))
  const bytesOf = (tensor) => {
    const size = sizeOf(tensor)
    return size === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(got('tensor_data', tensor), size))
  }
  const probe = create(TYPES.float64[0], [1])
  const shift = sizeOf(probe) === Float64Array.BYTES_PER_ELEMENT ? 0 : 1
  free('tensor', probe)
  const types = new Map(Object.entries(TYPES).map(([type, [code, Typed]]) => [code + shift, { type, Typed }]))

  function dimsOf(tensor) {
    const given = {}
    const status = calls.tensor_get_shape(tensor, given)
    if (status === INVALID_PARAMETER) return []
    if (status !== 0) throw new Error(pointOf(lastError()))
    return dimsIn(given)
  }

  function dimsIn(given) {
    if (Number(given.rank) === 0) return []
    const dims = Array.from(koffi.decode(given.dims, 'int64_t', Number(given.rank)), Number)
    freeShape(given)
    return dims
  }

  function output(request, index) {
    const tensor = got('infer_request_get_output_tensor_by_index', request, index)
    try {
      const { type, Typed } = typeOf(got('tensor_get_element_type', tensor))
      return { type, data: new Typed(bytesOf(tensor).slice().buffer), dims: dimsOf(tensor) }
    } finally {
      free('tensor', tensor)
    }
  }

  /** A tensor that predictions write this output into, where its shape is always the same; null: it is asked for each time. */
  function boundOutput(model, request, index) {
    const port = got('compiled_model_output_by_index', model, index)
    const given = {}
    try {
      const { type, Typed } = typeOf(got('port_get_element_type', port))
      if (calls.const_port_get_shape(port, given) !== 0) return null
      const dims = dimsIn(given)
      // The C API makes no tensor without dimensions.
      if (dims.length === 0 || dims.includes(0)) return null
      const tensor = create(TYPES[type][0] + shift, dims)
      if (calls.infer_request_set_output_tensor_by_index(request, index, tensor) !== 0) {
        free('tensor', tensor)
        return null
      }
      const bytes = bytesOf(tensor)
      return { tensor, read: () => ({ type, data: new Typed(bytes.slice().buffer), dims: [...dims] }) }
    } finally {
      free('output_const_port', port)
    }
  }

  return {
    bytesOf,
    output,
    boundOutput,
    tensor: (type, dims) => create(TYPES[type][0] + shift, dims),
    tensorOver: (type, dims, data) =>
      got('tensor_create_from_host_ptr', TYPES[type][0] + shift, { rank: dims.length, dims: [...dims] }, data),
  }
}

/** Messages say first where in the library's source they come from, and the point last. */
function pointOf(message) {
  const lines = (message ?? 'OpenVINO failed').split('\n').map((line) => line.trim())
  const point = lines.filter((line) => line !== '' && !/^(Exception from |Check '.*' failed at )/.test(line))
  return (point.length > 0 ? point : lines).join(' ').replaceAll(/\s+/g, ' ').trim()
}
