// Runs the model with LiteRT's library, called through koffi, in the caller's thread: compiled once, its XNNPACK delegate takes what it
// can. The functions are those of litert/c: https://github.com/google-ai-edge/LiteRT/tree/main/litert/c
import { bytesOf, openLibrary, predictor, tensorsOf } from './native-library.mjs'

/** How it comes to a machine. */
export const LIBRARY = {
  title: 'LiteRT',
  variable: 'LITERT_LIBRARY',
  files: {
    linux: [/^libLiteRt\.so$/, 'libLiteRt.so'],
    darwin: [/^libLiteRt\.dylib$/, 'libLiteRt.dylib'],
    win32: [/^(lib)?LiteRt\.dll$/, 'LiteRt.dll'],
  },
  wheel: 'ai_edge_litert',
  below: ['ai_edge_litert', 'lib'],
  places: 'in the Python of this environment or among the libraries of the system',
}
/** Numbers of element types, and their arrays. */
export const TYPES = {
  float32: [1, Float32Array],
  int32: [2, Int32Array],
  uint8: [3, Uint8Array],
  int64: [4, BigInt64Array],
  bool: [6, Uint8Array],
  int16: [7, Int16Array],
  int8: [9, Int8Array],
  float16: [10, Uint16Array],
  float64: [11, Float64Array],
  uint64: [13, BigUint64Array],
  uint32: [16, Uint32Array],
  uint16: [17, Uint16Array],
  bfloat16: [19, Uint16Array],
}
/** kLiteRtHwAcceleratorCpu. */
const CPU = 1
/** Tags of the environment's options, whose values are kLiteRtAnyTypeInt. */
const option = (tag, value) => ({ tag, pad: 0, value: { type: 2, pad: 0, value } })
/** No library of a GPU or NPU is looked for, and of what it prints errors alone are left. */
const ENVIRONMENT = [option(24, CPU), option(25, 3)]
const READ = 0
const WRITE = 1
/** A file may have several signatures; this is the one that TensorFlow serves. */
const SERVED = 'serving_default'
const MOST_DIMENSIONS = 8
/** A layout's rank is the low seven bits of its first word; a size below zero is free. */
const RANK_BITS = 0x7f
/** By the numbers of litert_common.h: the library has no function that says it, and prints what it has to say. */
const STATUSES = {
  1: 'invalid argument',
  2: 'memory could not be allocated',
  3: 'it failed while it ran',
  5: 'not supported',
  500: 'the file could not be read',
  501: 'the file is no valid FlatBuffer',
  504: 'it could not be compiled',
}

/** `options`: what options.json says of LiteRT. Errors say in one line what is missing. */
export async function loadHere(options, modelFile, afterClose) {
  const api = await openLibrary(LIBRARY, options, (koffi, file) => bound(koffi, koffi.load(file)))
  return predictor(openModel(api, options, modelFile), afterClose)
}

function openModel(api, { properties, inputs, outputs }, file) {
  const environment = api.got('CreateEnvironment', ENVIRONMENT.length, ENVIRONMENT)
  const model = api.got('CreateModelFromFile', environment, file)
  const signature = signatureOf(api, model)
  const takes = portsOf(api, model, signature, 'Input')
  const gives = portsOf(api, model, signature, 'Output')
  const compiled = compile(api, environment, model, properties)
  /** The place of each of the file's inputs among those that predict() takes, and of each result among the file's. */
  const fedBy = takes.map(({ name }) => placeOf(inputs, name))
  const givenBy = outputs.map((name) => placeOf(gives, name))
  const isFree = takes.some(({ shape }) => shape.some((size) => size < 0))
  let at = null

  const room = (kind, index, { element }, dims) => {
    const [type, Typed] = typeOf(element)
    const needs = api.got(`GetCompiledModel${kind}BufferRequirements`, compiled, signature, index)
    const buffer = api.got('CreateManagedTensorBufferFromRequirements', environment, { element, layout: layoutOf(dims) }, needs)
    const size = dims.reduce((product, one) => product * one, Typed.BYTES_PER_ELEMENT)
    return { buffer, size, type, Typed, dims, address: null, bytes: null }
  }

  /** Room for tensors of these shapes; sizes that the file leaves free are set where they are others than before. */
  function settledAt(shapes) {
    const key = shapes.join(';')
    if (at?.key === key) return at
    const before = at
    at = null
    if (before !== null) release(api, before)
    for (const [index, { shape }] of takes.entries()) {
      if (!shape.some((size) => size < 0)) continue
      const dims = Int32Array.from(shapes[index])
      api.call('CompiledModelResizeInputTensor', compiled, signature, index, dims, dims.length)
    }
    const made = api.outputShapes(compiled, signature, gives.length)
    const ins = takes.map((port, index) => room('Input', index, port, shapes[index]))
    const outs = gives.map((port, index) => room('Output', index, port, made[index]))
    at = { key, ins, outs, lists: [ins, outs].map(api.listOf) }
    return at
  }
  // What it lacks it says when it makes room for what lies between.
  if (!isFree) settledAt(takes.map(({ shape }) => shape))

  return {
    predict(feeds) {
      const tensors = tensorsOf(feeds, inputs, TYPES)
      const { ins, outs, lists } = isFree ? settledAt(fedBy.map((place) => tensors[place].dims)) : at
      for (const [index, place] of fedBy.entries()) write(api, ins[index], tensors[place])
      const status = api.run(compiled, signature, ins.length, lists[0], outs.length, lists[1])
      if (status !== 0) throw new Error(inWords(status))
      return Object.fromEntries(outputs.map((name, index) => [name, read(api, outs[givenBy[index]])]))
    },
    free() {
      if (at !== null) release(api, at)
      api.free('CompiledModel', compiled)
      api.free('Model', model)
      api.free('Environment', environment)
    },
  }
}

function placeOf(ports, name) {
  const place = ports.findIndex((port) => (port.name ?? port) === name)
  if (place < 0) throw new Error(`model.tflite is another model: it and options.json differ in ${name}`)
  return place
}

function signatureOf(api, model) {
  const count = Number(api.got('GetNumModelSignatures', model))
  const keys = Array.from({ length: count }, (_, k) => api.got('GetSignatureKey', api.got('GetModelSignature', model, k)))
  return Math.max(0, keys.indexOf(SERVED))
}

/** A file without signatures has one made up, with the names of its tensors. */
function portsOf(api, model, index, kind) {
  const signature = api.got('GetModelSignature', model, index)
  const count = Number(api.got(`GetNumSignature${kind}s`, signature))
  return Array.from({ length: count }, (_, k) => {
    const type = {}
    api.call('GetRankedTensorType', api.got(`GetSignature${kind}TensorByIndex`, signature, k), type)
    return { name: api.got(`GetSignature${kind}Name`, signature, k), element: type.element, shape: shapeOf(type.layout) }
  })
}

/** `properties`: entries of LiteRT's CPU options. */
function compile(api, environment, model, properties) {
  const options = api.got('CreateOptions')
  const entries = Object.entries(properties).map(([key, value]) => `${key} = ${/^\d+$/.test(value) ? value : `"${value}"`}\n`)
  const payload = api.textIn(entries.join(''))
  try {
    api.call('SetOptionsHardwareAccelerators', options, CPU)
    // The identifier of its CPU options.
    if (entries.length > 0) api.call('AddOpaqueOptions', options, api.got('CreateOpaqueOptions', 'xnnpack', payload, api.nothing))
    return api.got('CreateCompiledModel', environment, model, options)
  } finally {
    api.free('Options', options)
    api.freeMemory(payload)
  }
}

function release(api, { ins, outs, lists }) {
  for (const { buffer } of [...ins, ...outs]) api.free('TensorBuffer', buffer)
  for (const list of lists) api.freeMemory(list)
}

function write(api, one, { name, data }) {
  if (data.byteLength !== one.size) throw new Error(`input '${name}': ${data.byteLength} bytes, and the model takes ${one.size}`)
  if (one.size === 0) return
  api.locked(one, WRITE).set(bytesOf(data))
  api.call('UnlockTensorBuffer', one.buffer)
}

function read(api, one) {
  const { type, Typed, dims, size } = one
  if (size === 0) return { type, data: new Typed(0), dims: [...dims] }
  const bytes = api.locked(one, READ).slice()
  api.call('UnlockTensorBuffer', one.buffer)
  return { type, data: new Typed(bytes.buffer), dims: [...dims] }
}

function typeOf(element) {
  const found = Object.entries(TYPES).find(([, [code]]) => code === element)
  if (found === undefined) throw new Error(`model.tflite has a tensor of a type that is not read here (${element})`)
  return [found[0], found[1][1]]
}

const inWords = (status) => `LiteRT: ${STATUSES[status] ?? 'failed'} (status ${status})`

const shapeOf = ({ head, dimensions }) => Array.from(dimensions).slice(0, head & RANK_BITS)

const layoutOf = (dims) => ({
  head: dims.length,
  dimensions: Int32Array.from({ length: MOST_DIMENSIONS }, (_, axis) => dims[axis] ?? 0),
  strides: new Uint32Array(MOST_DIMENSIONS),
})

/** What a payload of options is destroyed with: once a process, which has room for some thousands of such. */
let nothing
const nothingOf = (koffi) => (nothing ??= koffi.register(() => {}, koffi.pointer(koffi.proto('void', ['void *']))))

/** The library's functions, by name without `LiteRt`. Each throws where the library says no. */
function bound(koffi, library) {
  const layout = koffi.struct({
    head: 'uint32_t',
    dimensions: koffi.array('int32_t', MOST_DIMENSIONS),
    strides: koffi.array('uint32_t', MOST_DIMENSIONS),
  })
  const type = koffi.struct({ element: 'int', layout })
  const any = koffi.struct({ type: 'int', pad: 'int', value: 'int64_t' })
  const environmentOption = koffi.struct({ tag: 'int', pad: 'int', value: any })
  const handle = 'void *'
  const out = (of) => koffi.out(koffi.pointer(of))
  const [made, count, text] = [out(handle), out('size_t'), out('str')]
  const part = [handle, 'size_t']
  const signatures = {
    CreateEnvironment: ['int', koffi.pointer(environmentOption), made],
    CreateModelFromFile: [handle, 'str', made],
    GetNumModelSignatures: [handle, count],
    GetModelSignature: [...part, made],
    GetSignatureKey: [handle, text],
    GetNumSignatureInputs: [handle, count],
    GetNumSignatureOutputs: [handle, count],
    GetSignatureInputName: [...part, text],
    GetSignatureOutputName: [...part, text],
    GetSignatureInputTensorByIndex: [...part, made],
    GetSignatureOutputTensorByIndex: [...part, made],
    GetRankedTensorType: [handle, out(type)],
    CreateOptions: [made],
    SetOptionsHardwareAccelerators: [handle, 'int'],
    CreateOpaqueOptions: ['str', handle, handle, made],
    AddOpaqueOptions: [handle, handle],
    CreateCompiledModel: [handle, handle, handle, made],
    CompiledModelResizeInputTensor: [...part, 'size_t', koffi.pointer('int'), 'size_t'],
    GetCompiledModelOutputTensorLayouts: [...part, 'size_t', handle, 'bool'],
    GetCompiledModelInputBufferRequirements: [...part, 'size_t', made],
    GetCompiledModelOutputBufferRequirements: [...part, 'size_t', made],
    CreateManagedTensorBufferFromRequirements: [handle, koffi.pointer(type), handle, made],
    LockTensorBuffer: [handle, made, 'int'],
    UnlockTensorBuffer: [handle],
  }
  const func = (result, name, parameters) => library.func(`LiteRt${name}`, result, parameters)
  const calls = Object.fromEntries(Object.entries(signatures).map(([name, one]) => [name, func('int', name, one)]))
  const freed = ['Environment', 'Model', 'Options', 'CompiledModel', 'TensorBuffer']
  const frees = Object.fromEntries(freed.map((name) => [name, func('void', `Destroy${name}`, [handle])]))
  const call = (name, ...given) => {
    const status = calls[name](...given)
    if (status !== 0) throw new Error(inWords(status))
  }
  return {
    call,
    got(name, ...given) {
      const result = [null]
      call(name, ...given, result)
      return result[0]
    },
    free: (name, one) => frees[name](one),
    run: func('int', 'RunCompiledModel', [...part, 'size_t', handle, 'size_t', handle]),
    nothing: nothingOf(koffi),
    freeMemory: (memory) => koffi.free(memory),
    textIn(given) {
      const length = Buffer.byteLength(given) + 1
      const memory = koffi.alloc('char', length)
      koffi.encode(memory, 'char', given, length)
      return memory
    },
    /** Buffers as an array of handles in native memory. */
    listOf(of) {
      const memory = koffi.alloc(handle, Math.max(1, of.length))
      const handles = of.map(({ buffer }) => buffer)
      koffi.encode(memory, handle, handles, handles.length)
      return memory
    },
    /** After sizes have changed. */
    outputShapes(compiled, signature, length) {
      const layouts = koffi.alloc(layout, Math.max(1, length))
      try {
        call('GetCompiledModelOutputTensorLayouts', compiled, signature, length, layouts, true)
        return koffi.decode(layouts, layout, length).map(shapeOf)
      } finally {
        koffi.free(layouts)
      }
    },
    /** The library's own memory, until it is unlocked. */
    locked(one, mode) {
      const address = [null]
      call('LockTensorBuffer', one.buffer, address, mode)
      if (one.address !== address[0]) {
        one.address = address[0]
        one.bytes = new Uint8Array(koffi.view(address[0], one.size))
      }
      return one.bytes
    },
  }
}
