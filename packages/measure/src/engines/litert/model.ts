// A model opened with LiteRT on the CPU, by the engine and by the litert.mjs of a shipped folder: compiled once, its XNNPACK delegate takes
// what it can. Sizes that the file leaves free are set when a prediction is fed with others than the one before.
import { elementCount } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import { copyOf } from '../copy-of.ts'
import type { Handle, OutPointer } from '../koffi.ts'
import type { Feeds, InputDeclaration, Results, TensorValue } from '../types.ts'
import { type CallName, type Layout, type LitertApi, layoutOf, shapeOf, statusInWords, type TensorType } from './c-api.ts'
import { dtypeOf } from './element-types.ts'

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

export interface Port extends InputDeclaration {
  readonly element: number
}

/** Feeds are taken as they are: the caller checks types and shapes. */
export interface LitertModel {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** One prediction, in memory of the library's that stays as long as the shapes do. */
  predict(feeds: Feeds): Results
  /** Feeds that are written once; gives what predicts with them. */
  prepare(feeds: Feeds): () => void
  close(): void
}

/** Does the work. What it throws may be replaced by an error that begins with `what`. */
export type Explain = <T>(what: string, work: () => T) => T

interface Opened extends Pick<LitertModel, 'inputs' | 'outputs'> {
  readonly api: LitertApi
  readonly environment: Handle
  readonly compiled: Handle
  readonly signature: number
  readonly explain: Explain
  readonly isFree: boolean
  /** Shapes of the inputs that the compiled model is set to; null: as the file has them. */
  at: string | null
  /** Some shapes of a prediction were accepted. */
  wasSettled: boolean
  closed: boolean
}

interface Use {
  readonly explain?: Explain
  /** Outputs are in the same arrays at every prediction, as long as the shapes are the same. */
  readonly reuse?: boolean
}

/** `cpu`: entries of LiteRT's CPU options. */
export function openModel(
  api: LitertApi,
  file: string,
  cpu: Readonly<Record<string, string>>,
  { explain = (_, work) => work(), reuse = false }: Use = {},
): LitertModel {
  const failed = `Load model from ${file} failed`
  const environment = api.got('CreateEnvironment', ENVIRONMENT.length, ENVIRONMENT)
  const model = explain(failed, () => api.got('CreateModelFromFile', environment, file))
  const signature = signatureOf(api, model)
  const { inputs, outputs } = portsOf(api, api.got('GetModelSignature', model, signature))
  const compiled = explain(failed, () => compile(api, environment, model, cpu))
  const isFree = inputs.some(({ shape }) => hasFreeSize(shape))
  const state = { at: null, wasSettled: false, closed: false }
  const opened: Opened = { api, environment, compiled, signature, inputs, outputs, explain, isFree, ...state }
  // What it lacks it says when it makes room for what is between.
  if (!isFree) explain(failed, () => outputShapes(opened, true))
  const prepared = new Set<Room>()
  let last: Room | null = null
  return {
    inputs,
    outputs,
    predict(feeds) {
      checkOpen(opened)
      if (last === null || last.shapes !== shapesOf(opened, feeds)) {
        if (last !== null) release(api, last)
        last = null
        last = roomFor(opened, feeds)
      }
      fill(opened, last, feeds)
      infer(opened, last)
      return resultsOf(opened, last, reuse)
    },
    prepare(feeds) {
      checkOpen(opened)
      const room = roomFor(opened, feeds)
      prepared.add(room)
      fill(opened, room, feeds)
      return () => infer(opened, room)
    },
    close() {
      if (opened.closed) return
      opened.closed = true
      for (const room of [...prepared, ...(last === null ? [] : [last])]) release(api, room)
      api.free('CompiledModel', compiled)
      api.free('Model', model)
      api.free('Environment', environment)
    },
  }
}

/** Memory that is freed must not be touched: that would end the process. */
function checkOpen({ closed }: Opened): void {
  if (closed) throw new Error('the session is closed')
}

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
  const entries = Object.entries(cpu).map(
    ([key, value]) => `${key} = ${/^\d+$|^(true|false)$/.test(value) ? value : `"${value}"`}\n`,
  )
  const payload = textIn(api, entries.join(''))
  try {
    api.call('SetOptionsHardwareAccelerators', options, CPU)
    // The identifier of its CPU options.
    if (entries.length > 0) api.call('AddOpaqueOptions', options, api.got('CreateOpaqueOptions', 'xnnpack', payload, api.nothing))
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

/** A tensor in the library's memory. */
interface Room {
  readonly shapes: string
  readonly feeds: Feeds
  readonly inputs: readonly Memory[]
  readonly outputs: readonly Memory[]
  /** Arrays of handles in native memory. */
  readonly lists: { readonly in: Handle; readonly out: Handle }
}

interface Memory {
  readonly buffer: Handle
  readonly shape: readonly number[]
  /** Where the library had it when it was last locked, and the bytes there. */
  at: unknown
  view: Uint8Array<ArrayBuffer>
  /** The array of every result, if results are reused. */
  kept?: Uint8Array<ArrayBuffer>
}

/** What tells predictions apart that the model is set otherwise for. */
const shapesOf = ({ inputs, isFree }: Opened, feeds: Feeds): string =>
  isFree ? inputs.map(({ name }) => feeds[name]!.shape.join()).join(';') : ''

function roomFor(opened: Opened, feeds: Feeds): Room {
  const { api, environment, compiled, signature, inputs, outputs } = opened
  const shapes = shapesOf(opened, feeds)
  const shapesOut = settledShapes(opened, shapes, feeds)
  const memoryFor = (kind: 'Input' | 'Output', i: number, element: number, shape: readonly number[]): Memory => {
    const needs = api.got(`GetCompiledModel${kind}BufferRequirements` as CallName, compiled, signature, i)
    const type = { element, layout: layoutOf(shape) }
    const buffer = api.got('CreateManagedTensorBufferFromRequirements', environment, type, needs)
    return { buffer, shape, at: undefined, view: new Uint8Array(0) }
  }
  const ins = inputs.map(({ name, element }, i) => memoryFor('Input', i, element, feeds[name]!.shape))
  const outs = outputs.map(({ element }, i) => memoryFor('Output', i, element, shapesOut[i]!))
  return { shapes, feeds, inputs: ins, outputs: outs, lists: { in: listOf(api, ins), out: listOf(api, outs) } }
}

function listOf({ koffi }: LitertApi, of: readonly Memory[]): Handle {
  const memory = koffi.alloc('void *', Math.max(1, of.length))
  const handles = of.map(({ buffer }) => buffer)
  koffi.encode(memory, 'void *', handles, handles.length)
  return memory
}

function release({ koffi, free }: LitertApi, { inputs, outputs, lists }: Room): void {
  for (const { buffer } of [...inputs, ...outputs]) free('TensorBuffer', buffer)
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
  const found = opened.explain('LiteRT refuses these shapes', settled)
  opened.wasSettled = true
  return found
}

/** Sets the sizes that the file leaves free, makes room for all that is between, and gives the shapes of the outputs. */
function settle(opened: Opened, shapes: string, feeds: Feeds): number[][] {
  const { api, compiled, signature, inputs } = opened
  const moved = opened.at !== shapes
  opened.at = null
  for (const [i, { name, shape }] of inputs.entries()) {
    if (!moved || !hasFreeSize(shape)) continue
    const size = feeds[name]!.shape
    api.call('CompiledModelResizeInputTensor', compiled, signature, i, Int32Array.from(size), size.length)
  }
  const found = outputShapes(opened, moved)
  opened.at = shapes
  return found
}

/** `update`: after sizes have changed. */
function outputShapes({ api, compiled, signature, outputs }: Opened, update: boolean): number[][] {
  const layouts = api.koffi.alloc(api.types.layout, Math.max(1, outputs.length))
  try {
    api.call('GetCompiledModelOutputTensorLayouts', compiled, signature, outputs.length, layouts, update)
    return (api.koffi.decode(layouts, api.types.layout, outputs.length) as Layout[]).map(shapeOf)
  } finally {
    api.koffi.free(layouts)
  }
}

const hasFreeSize = (shape: InputDeclaration['shape']): boolean => shape!.includes('')

function infer(opened: Opened, { shapes, feeds, inputs, outputs, lists }: Room): void {
  checkOpen(opened)
  if (opened.at !== shapes) settle(opened, shapes, feeds)
  const { api, compiled, signature } = opened
  const status = api.calls.RunCompiledModel(compiled, signature, inputs.length, lists.in, outputs.length, lists.out)
  if (status !== 0) throw new Error(statusInWords(status))
}

function fill({ api, inputs }: Opened, room: Room, feeds: Feeds): void {
  for (const [i, { name, dtype }] of inputs.entries()) {
    const { data } = feeds[name]! as { readonly data: ArrayBufferView }
    const memory = room.inputs[i]!
    const wanted = bytesOf(dtype, memory.shape)
    if (data.byteLength !== wanted)
      throw new Error(`the input ${name} has ${data.byteLength} bytes, and the model takes ${wanted}`)
    if (wanted === 0) continue
    locked(api, memory, WRITE, wanted).set(new Uint8Array(data.buffer, data.byteOffset, wanted))
    api.call('UnlockTensorBuffer', memory.buffer)
  }
}

function resultsOf({ api, outputs }: Opened, room: Room, reuse: boolean): Results {
  const results: Record<string, TensorValue> = {}
  for (const [i, { name, dtype }] of outputs.entries()) {
    const ArrayType = dtype === null ? undefined : ELEMENT_ARRAYS[dtype]
    if (dtype === null || ArrayType === undefined)
      throw new Error(`the output ${name} is of a type that LiteRT's C API does not give`)
    const memory = room.outputs[i]!
    const bytes = copied(api, memory, bytesOf(dtype, memory.shape), reuse)
    results[name] = {
      dtype,
      shape: [...memory.shape],
      data: new ArrayType(bytes.buffer, 0, bytes.length / ArrayType.BYTES_PER_ELEMENT),
    }
  }
  return results
}

const bytesOf = (dtype: Port['dtype'], shape: readonly number[]): number =>
  elementCount(shape) * ((dtype === null ? undefined : ELEMENT_ARRAYS[dtype])?.BYTES_PER_ELEMENT ?? 0)

function copied(api: LitertApi, memory: Memory, size: number, reuse: boolean): Uint8Array<ArrayBuffer> {
  if (size === 0) return new Uint8Array(0)
  const read = locked(api, memory, READ, size)
  try {
    if (!reuse) return copyOf(read)
    // None are left in one whose memory its owner has transferred.
    if (memory.kept?.byteLength !== size) memory.kept = new Uint8Array(size)
    memory.kept.set(read)
    return memory.kept
  } finally {
    api.call('UnlockTensorBuffer', memory.buffer)
  }
}

/** The library's own memory, until it is unlocked. */
function locked(api: LitertApi, memory: Memory, mode: number, size: number): Uint8Array<ArrayBuffer> {
  const out: OutPointer<Handle> = [null]
  api.call('LockTensorBuffer', memory.buffer, out, mode)
  if (memory.at !== out[0]) {
    memory.at = out[0]
    memory.view = new Uint8Array(api.koffi.view(out[0] as never, size))
  }
  return memory.view
}
