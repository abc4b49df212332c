// What runs in the page: onnxruntime-web's sessions, and the clock around their predictions. Served by server.ts and called through
// `globalThis.whyslow`. A prediction ends when its outputs can be read in the page.
import { takeSamples } from '../../sampler.ts'
import type { InputDeclaration, OpenOptions, SamplePlan, SampleRun, TensorValue } from '../../types.ts'
import { bindFeeds, type OrtTensor, resultsOf, type TensorType } from '../tensors.ts'
import { webSessionOptions } from '../web-options.ts'
import { decode, encode } from './wire.ts'

/** What is used of the page's surroundings; the compiler is told of Node's only. */
interface Surroundings {
  readonly crossOriginIsolated: boolean
  readonly navigator: { readonly hardwareConcurrency: number; readonly gpu?: Gpu }
  readonly console: { log(...words: unknown[]): void }
  whyslow?: typeof calls
}
interface Gpu {
  requestAdapter(options: { powerPreference: string }): Promise<{ readonly info: Partial<AdapterInfo> } | null>
}

/** What is used of WebGPU: https://developer.mozilla.org/en-US/docs/Web/API/GPUDevice */
interface GpuDevice {
  createBuffer(about: { readonly size: number; readonly usage: number }): GpuBuffer
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView): void
    onSubmittedWorkDone(): Promise<void>
  }
}
interface GpuBuffer {
  destroy(): void
}

/** A tensor that may be on the device. */
interface PageTensor extends OrtTensor {
  getData(): Promise<unknown>
  dispose(): void
}

export interface AdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  readonly isFallbackAdapter: boolean
}

export interface PageFacts {
  readonly isolated: boolean
  readonly cpus: number
  /** null: WebGPU is there and finds no adapter; undefined: there is no WebGPU. */
  readonly adapter: AdapterInfo | null | undefined
}

export interface PageOpen {
  readonly provider: 'wasm' | 'webgpu'
  readonly modelUrl: string
  /** Weight files: the name that the model has for each, and where it is served. */
  readonly external: readonly { readonly path: string; readonly url: string }[]
  readonly options: Pick<OpenOptions, 'threads' | 'graphOptimization' | 'executionMode' | 'configEntries' | 'tensorsOnDevice'>
  readonly profiling: boolean
}

export interface PageSession {
  readonly id: number
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
  readonly threads: number
}

interface WebSession {
  readonly inputMetadata: readonly (InputDeclaration & { readonly type: string })[]
  readonly outputMetadata: readonly (InputDeclaration & { readonly type: string })[]
  run(feeds: Record<string, OrtTensor>, fetches: readonly string[]): Promise<Record<string, PageTensor>>
  endProfiling(): void
  release(): Promise<void>
}

interface Opened {
  readonly session: WebSession
  readonly ort: Ort
  /** Where tensors stay between predictions; null: with the CPU. */
  readonly device: GpuDevice | null
  readonly buffers: GpuBuffer[]
  readonly fetches: readonly string[]
  readonly loadMs: number
  firstMs: number | null
}

const page = globalThis as unknown as Surroundings
const now = () => performance.now()
const opened = new Map<number, Opened>()
const bound = new Map<number, { readonly by: Opened; readonly feeds: Record<string, OrtTensor> }>()
let ids = 0
let runtime: Promise<Ort> | undefined

interface Ort {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: string }; readonly webgpu: { readonly device: GpuDevice } }
  readonly Tensor: TensorType & {
    fromGpuBuffer(buffer: GpuBuffer, about: { readonly dataType: string; readonly dims: readonly number[] }): OrtTensor
  }
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<WebSession> }
}

async function load(provider: PageOpen['provider']): Promise<Ort> {
  const folder = new URL('./ort/', import.meta.url).href
  const ort = (await import(`${folder}ort.${provider}.min.mjs`)) as Ort
  ort.env.wasm.wasmPaths = folder
  return ort
}

async function bytesAt(url: string): Promise<Uint8Array> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} is not served (${answer.status})`)
  return new Uint8Array(await answer.arrayBuffer())
}

/** A clock around one prediction: its outputs read, or ready on the device where they stay there. */
async function timed({ session, fetches, device }: Opened, feeds: Record<string, OrtTensor>): Promise<number> {
  const start = performance.now()
  const results = await session.run(feeds, fetches)
  if (device === null) for (const name of fetches) void results[name]!.data
  else await device.queue.onSubmittedWorkDone()
  const ms = performance.now() - start
  if (device !== null) for (const name of fetches) results[name]!.dispose()
  return ms
}

/** GPUBufferUsage: storage, and copies to and from it. */
const STORAGE_AND_COPIES = 0x80 | 0x04 | 0x08
/** The engine copies buffers in units of 16 bytes. */
const BUFFER_UNIT = 16
/** What kernels take; other numbers stay with the CPU. */
const ON_DEVICE: ReadonlySet<string> = new Set(['float32', 'float16', 'int32', 'uint32'])

function onDevice({ ort, buffers }: Opened, device: GpuDevice, { dtype, shape, data }: TensorValue): OrtTensor | null {
  if (!ON_DEVICE.has(dtype) || !ArrayBuffer.isView(data) || data.byteLength === 0) return null
  const padded = new Uint8Array(Math.ceil(data.byteLength / BUFFER_UNIT) * BUFFER_UNIT)
  padded.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  const buffer = device.createBuffer({ size: padded.byteLength, usage: STORAGE_AND_COPIES })
  device.queue.writeBuffer(buffer, 0, padded)
  buffers.push(buffer)
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: dtype, dims: shape })
}

/** What the engine printed. Without a file system it prints its profile, by the `console.log` that it found when it was loaded. */
let printed: string[] | null = null
const { log } = page.console
page.console.log = (...words) => (printed === null ? log.apply(page.console, words) : void printed.push(words.join(' ')))

const calls = {
  async facts(): Promise<PageFacts> {
    const { gpu } = page.navigator
    const adapter = gpu && (await gpu.requestAdapter({ powerPreference: 'high-performance' }))
    const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter = false } = adapter?.info ?? {}
    return {
      isolated: page.crossOriginIsolated,
      cpus: page.navigator.hardwareConcurrency,
      adapter: adapter ? { vendor, architecture, device, description, isFallbackAdapter } : adapter,
    }
  },

  async open({ provider, modelUrl, external, options, profiling }: PageOpen): Promise<PageSession> {
    runtime ??= load(provider)
    const ort = await runtime
    if (options.threads !== null) ort.env.wasm.numThreads = options.threads
    const model = await bytesAt(modelUrl)
    const externalData = await Promise.all(external.map(async ({ path, url }) => ({ path, data: await bytesAt(url) })))
    const start = performance.now()
    const session = await ort.InferenceSession.create(model, {
      ...webSessionOptions(options, provider, profiling),
      ...(options.tensorsOnDevice ? { preferredOutputLocation: 'gpu-buffer' } : {}),
      ...(externalData.length > 0 ? { externalData } : {}),
    })
    const loadMs = performance.now() - start
    const [inputs, outputs] = [session.inputMetadata, session.outputMetadata].map((values) =>
      values.map(({ name, isTensor, type, shape }) => ({
        name,
        isTensor,
        dtype: isTensor ? type : null,
        shape: isTensor ? shape : null,
      })),
    ) as [InputDeclaration[], InputDeclaration[]]
    const fetches = outputs.filter(({ isTensor }) => isTensor).map(({ name }) => name)
    const id = ids++
    const device = options.tensorsOnDevice ? ort.env.webgpu.device : null
    opened.set(id, { session, ort, device, buffers: [], fetches, loadMs, firstMs: null })
    return { id, inputs, outputs, threads: ort.env.wasm.numThreads ?? 1 }
  },

  /** Turns the feeds at `url` into tensors, once; gives their numbers. */
  async bind(id: number, url: string): Promise<number[]> {
    const by = opened.get(id)!
    return decode(await bytesAt(url)).map((feeds) => {
      const number = ids++
      const tensors = bindFeeds(by.ort.Tensor, feeds)
      if (by.device !== null)
        for (const [name, value] of Object.entries(feeds)) tensors[name] = onDevice(by, by.device, value) ?? tensors[name]!
      bound.set(number, { by, feeds: tensors })
      return number
    })
  },

  async predict(number: number): Promise<void> {
    const { by, feeds } = bound.get(number)!
    const ms = await timed(by, feeds)
    by.firstMs ??= ms
  },

  /** One prediction whose outputs go to `url`. */
  async run(number: number, url: string): Promise<void> {
    const { by, feeds } = bound.get(number)!
    const results = await by.session.run(feeds, by.fetches)
    const read: Record<string, OrtTensor> = {}
    for (const [name, tensor] of Object.entries(results)) {
      const { type, dims } = tensor
      read[name] = by.device === null ? tensor : { type, dims, data: await tensor.getData() }
    }
    await fetch(url, { method: 'POST', body: encode([resultsOf(read)]) })
    bound.delete(number)
  },

  async sample(numbers: readonly number[], plan: SamplePlan): Promise<SampleRun> {
    const runs = numbers.map((number) => bound.get(number)!)
    const [{ by }] = runs as [(typeof runs)[number]]
    const asked = now()
    const isLate = () => plan.capMs !== undefined && now() - asked > plan.capMs
    const predict = (k: number) => timed(by, runs[k % runs.length]!.feeds)
    by.firstMs ??= await predict(0)
    return { loadMs: by.loadMs, firstMs: by.firstMs, ...(await takeSamples(predict, { ...plan, isLate }, now)) }
  },

  /** Ends profiling; the raw trace goes to `url`. */
  async endProfiling(id: number, url: string): Promise<void> {
    printed = []
    try {
      opened.get(id)!.session.endProfiling()
    } finally {
      const lines = printed
      printed = null
      await fetch(url, { method: 'POST', body: lines.join('\n') })
    }
  },

  async close(id: number): Promise<void> {
    const by = opened.get(id)
    opened.delete(id)
    for (const [number, feeds] of bound) if (feeds.by === by) bound.delete(number)
    for (const buffer of by?.buffers ?? []) buffer.destroy()
    await by?.session.release()
  },
}

export type PageCalls = typeof calls

page.whyslow = calls
