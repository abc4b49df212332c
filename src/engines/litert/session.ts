// A model opened with LiteRT on the CPU: compiled once, its XNNPACK delegate takes what it can. Sizes that the file leaves free are set
// when a prediction is fed with others than the one before.

import { checkFeedBytes, type Handle, type Out } from '../koffi.ts'
import type { Feeds, InputDeclaration, PreparedRun, Results, Session, TensorValue } from '../types.ts'
import { type CallName, type Layout, type LitertApi, layoutOf, shapeOf, statusInWords, type TensorType } from './c-api.ts'
import { dtypeOf, elementBytes, valueFrom } from './element-types.ts'
import { saying } from './said.ts'

/** kLiteRtHwAcceleratorCpu. */
const CPU = 1
/** Tags of the environment's options, whose values are kLiteRtAnyTypeInt. */
const option = (tag: number, value: number) => ({ tag, pad: 0, value: { type: 2, pad: 0, value } })
/** No library of a GPU or NPU is looked for, and of what it prints errors alone are left. */
const ENVIRONMENT = [option(24, CPU), option(25, 3)]
const READ = 0
const WRITE = 1
/** A file may have several signatures; this is the one that TensorFlow serves. */
const SERVED = 'serving_default'

interface Port extends InputDeclaration {
  readonly element: number
}

interface Opened {
  readonly api: LitertApi
  readonly environment: Handle
  readonly compiled: Handle
  readonly signature: number
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** Shapes of the inputs that the compiled model stands at, as JSON; null: as the file has them. */
  at: string | null
  /** Some shapes of a prediction were accepted. */
  wasSettled: boolean
  closed: boolean
}

/** `cpu`: entries of LiteRT's CPU options. */
export function openSession(api: LitertApi, file: string, cpu: Readonly<Record<string, string>>): Session {
  const environment = api.got('CreateEnvironment', ENVIRONMENT.length, ENVIRONMENT)
  const model = saying(api, `Load model from ${file} failed`, () => api.got('CreateModelFromFile', environment, file))
  const signature = signatureOf(api, model)
  const { inputs, outputs } = portsOf(api, api.got('GetModelSignature', model, signature))
  const compiled = saying(api, `Load model from ${file} failed`, () => compile(api, environment, model, cpu))
  const opened: Opened = { api, environment, compiled, signature, inputs, outputs, at: null, wasSettled: false, closed: false }
  // What it lacks it says when it makes room for what lies between.
  if (!inputs.some(({ shape }) => isFree(shape))) saying(api, `Load model from ${file} failed`, () => outputShapes(opened, true))
  const bound = new Set<Bound>()
  return {
    inputs: inputs.map(declared),
    outputs: outputs.map(declared),
    threads: Number(cpu.num_threads ?? 1),
    async run(feeds) {
      const one = bind(opened, feeds)
      try {
        predict(opened, one)
        return resultsOf(opened, one)
      } finally {
        release(api, one)
      }
    },
    prepare(feeds): PreparedRun {
      const one = bind(opened, feeds)
      bound.add(one)
      return async () => predict(opened, one)
    },
    async close() {
      if (opened.closed) return
      opened.closed = true
      for (const one of bound) release(api, one)
      api.free('CompiledModel', compiled)
      api.free('Model', model)
      api.free('Environment', environment)
    },
  }
}

const declared = ({ name, isTensor, dtype, shape }: Port): InputDeclaration => ({ name, isTensor, dtype, shape })

function signatureOf(api: LitertApi, model: Handle): number {
  const count = Number(api.got<number | bigint>('GetNumModelSignatures', model))
  const keys = Array.from({ length: count }, (_, i) => api.got<string>('GetSignatureKey', api.got('GetModelSignature', model, i)))
  return Math.max(0, keys.indexOf(SERVED))
}

/** A file without signatures has one made up, with the names of its tensors. */
function portsOf(api: LitertApi, signature: Handle): { inputs: Port[]; outputs: Port[] } {
  const of = (kind: 'Input' | 'Output'): Port[] => {
    const count = Number(api.got<number | bigint>(`GetNumSignature${kind}s` as CallName, signature))
    return Array.from({ length: count }, (_, i) => {
      const type: Partial<TensorType> = {}
      api.call('GetRankedTensorType', api.got(`GetSignature${kind}TensorByIndex` as CallName, signature, i), type)
      const { element, layout } = type as TensorType
      const shape = shapeOf(layout).map((size) => (size < 0 ? '' : size))
      return {
        name: api.got<string>(`GetSignature${kind}Name` as CallName, signature, i),
        isTensor: true,
        dtype: dtypeOf(element),
        shape,
        element,
      }
    })
  }
  return { inputs: of('Input'), outputs: of('Output') }
}

function compile(api: LitertApi, environment: Handle, model: Handle, cpu: Readonly<Record<string, string>>): Handle {
  const options = api.got('CreateOptions')
  api.call('SetOptionsHardwareAccelerators', options, CPU)
  const entries = Object.entries(cpu).map(
    ([key, value]) => `${key} = ${/^\d+$|^(true|false)$/.test(value) ? value : `"${value}"`}\n`,
  )
  const payload = textIn(api, entries.join(''))
  // The identifier of its CPU options.
  if (entries.length > 0) api.call('AddOpaqueOptions', options, api.got('CreateOpaqueOptions', 'xnnpack', payload, api.nothing))
  try {
    return api.got('CreateCompiledModel', environment, model, options)
  } finally {
    api.free('Options', options)
    api.koffi.free(payload)
  }
}

function textIn({ koffi }: LitertApi, text: string) {
  const bytes = Buffer.byteLength(text) + 1
  const memory = koffi.alloc('char', bytes)
  koffi.encode(memory, 'char', text, bytes)
  return memory
}

/** Feeds in the library's memory, and room for the outputs. */
interface Bound {
  readonly shapes: string
  readonly feeds: Feeds
  readonly buffers: readonly Handle[]
  readonly outputs: readonly { readonly buffer: Handle; readonly shape: readonly number[] }[]
  /** Arrays of handles in native memory. */
  readonly lists: { readonly in: Handle; readonly out: Handle }
}

function bind(opened: Opened, feeds: Feeds): Bound {
  const { api, environment, compiled, signature, inputs, outputs } = opened
  if (opened.closed) throw new Error('the session is closed')
  checkFeeds(inputs, feeds)
  const shapes = JSON.stringify(inputs.map(({ name }) => feeds[name]!.shape))
  const shapesOut = settledShapes(opened, shapes, feeds)
  const bufferFor = (kind: 'Input' | 'Output', i: number, element: number, shape: readonly number[]) => {
    const needs = api.got(`GetCompiledModel${kind}BufferRequirements` as CallName, compiled, signature, i)
    return api.got('CreateManagedTensorBufferFromRequirements', environment, { element, layout: layoutOf(shape) }, needs)
  }
  const buffers = inputs.map(({ name, element }, i) => bufferFor('Input', i, element, feeds[name]!.shape))
  const results = outputs.map(({ element }, i) => ({
    buffer: bufferFor('Output', i, element, shapesOut[i]!),
    shape: shapesOut[i]!,
  }))
  for (const [i, { name }] of inputs.entries()) {
    const { data } = feeds[name]! as { data: ArrayBufferView }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    writeInto(api, buffers[i], bytes)
  }
  const lists = {
    in: listOf(api, buffers),
    out: listOf(
      api,
      results.map(({ buffer }) => buffer),
    ),
  }
  return { shapes, feeds, buffers, outputs: results, lists }
}

function listOf({ koffi }: LitertApi, handles: readonly Handle[]): Handle {
  const memory = koffi.alloc('void *', Math.max(1, handles.length))
  koffi.encode(memory, 'void *', [...handles], handles.length)
  return memory
}

function release({ koffi, free }: LitertApi, { buffers, outputs, lists }: Bound): void {
  for (const buffer of [...buffers, ...outputs.map(({ buffer }) => buffer)]) free('TensorBuffer', buffer)
  koffi.free(lists.in as never)
  koffi.free(lists.out as never)
}

/**
 * As `settle`. What the library prints of shapes that it refuses is caught for the first ones alone: a server goes on logging while it
 * answers requests of other shapes.
 */
function settledShapes(opened: Opened, shapes: string, feeds: Feeds): number[][] {
  const settled = () => settle(opened, shapes, feeds)
  if (opened.wasSettled) return settled()
  const found = saying(opened.api, 'LiteRT refuses these shapes', settled)
  opened.wasSettled = true
  return found
}

/** Sets the sizes that the file leaves free, makes room for all that lies between, and gives the shapes of the outputs. */
function settle(opened: Opened, shapes: string, feeds: Feeds): number[][] {
  const { api, compiled, signature, inputs } = opened
  const moved = opened.at !== shapes
  opened.at = null
  for (const [i, { name, shape }] of inputs.entries()) {
    if (!moved || !isFree(shape)) continue
    const size = feeds[name]!.shape
    api.call('CompiledModelResizeInputTensor', compiled, signature, i, Int32Array.from(size), size.length)
  }
  const found = outputShapes(opened, moved)
  opened.at = shapes
  return found
}

/** `update`: after sizes have changed. */
function outputShapes({ api, compiled, signature, outputs }: Opened, update: boolean): number[][] {
  const layouts = api.koffi.alloc('whyslow_litert_layout', Math.max(1, outputs.length))
  try {
    api.call('GetCompiledModelOutputTensorLayouts', compiled, signature, outputs.length, layouts, update)
    return (api.koffi.decode(layouts, 'whyslow_litert_layout', outputs.length) as Layout[]).map(shapeOf)
  } finally {
    api.koffi.free(layouts)
  }
}

const isFree = (shape: InputDeclaration['shape']): boolean => shape!.includes('')

function predict(opened: Opened, bound: Bound): void {
  // Memory that is freed must not be touched: that would end the process.
  if (opened.closed) throw new Error('the session is closed')
  if (opened.at !== bound.shapes) settle(opened, bound.shapes, bound.feeds)
  const { api, compiled, signature, inputs, outputs } = opened
  const status = api.run(compiled, signature, inputs.length, bound.lists.in, outputs.length, bound.lists.out)
  if (status !== 0) throw new Error(statusInWords(status))
}

function resultsOf({ api, outputs }: Opened, bound: Bound): Results {
  return Object.fromEntries(
    outputs.map(({ name, dtype }, i): [string, TensorValue] => {
      if (dtype === null) throw new Error(`the output ${name} is of a type that LiteRT's C API does not give`)
      const { buffer, shape } = bound.outputs[i]!
      const bytes = shape.reduce((all, size) => all * size, elementBytes(dtype))
      return [name, { dtype, shape, data: valueFrom(dtype, readFrom(api, buffer, bytes)) }]
    }),
  )
}

function writeInto(api: LitertApi, buffer: Handle, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  locked(api, buffer, WRITE, bytes.length).set(bytes)
  api.call('UnlockTensorBuffer', buffer)
}

function readFrom(api: LitertApi, buffer: Handle, size: number): Uint8Array<ArrayBuffer> {
  if (size === 0) return new Uint8Array(0)
  const bytes = locked(api, buffer, READ, size).slice()
  api.call('UnlockTensorBuffer', buffer)
  return bytes
}

/** The library's own memory, until it is unlocked. */
function locked(api: LitertApi, buffer: Handle, mode: number, size: number): Uint8Array<ArrayBuffer> {
  const out: Out<Handle> = [null]
  api.call('LockTensorBuffer', buffer, out, mode)
  return new Uint8Array(api.koffi.view(out[0] as never, size))
}

/** The library takes another size than the declared one, and reads beyond the buffer's end. */
function checkFeeds(inputs: readonly Port[], feeds: Feeds): void {
  for (const { name, shape, dtype } of inputs) {
    const fed = feeds[name]
    if (fed === undefined) throw new Error(`no value for the input ${name}`)
    if (!ArrayBuffer.isView(fed.data)) throw new Error("LiteRT's C API is not fed with strings here")
    if (dtype !== fed.dtype) throw new Error(`the input ${name} is ${dtype ?? 'of another type'}, not ${fed.dtype}`)
    const fits = shape!.length === fed.shape.length && shape!.every((size, axis) => size === '' || size === fed.shape[axis])
    const wanted = shape!.map((size) => (size === '' ? '?' : size)).join('x')
    if (!fits) throw new Error(`the input ${name} is declared as ${wanted}, not ${fed.shape.join('x')}`)
    checkFeedBytes(name, fed)
  }
}
