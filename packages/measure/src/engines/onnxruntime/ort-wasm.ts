// ONNX Runtime compiled to WebAssembly, in Node: what a page gets on the CPU, without the browser. Its one build uses SIMD and threads.
// The thread count belongs to the process: the first session decides (ort.env.wasm.numThreads), and by default it is half the CPUs, four
// at most. https://onnxruntime.ai/docs/tutorials/web/env-flags-and-session-options.html
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { DType } from '@whyslow/graph/types.ts'
import type * as Ort from 'onnxruntime-web'
import type { Availability, Engine, EngineOptions, InputDeclaration, OpenOptions, Session } from '../types.ts'
import { findWeb, INSTALL_WEB, WEB_PACKAGE, webNotInstalled } from './ort-web.ts'
import { bindFeeds, type OrtTensor, resultsOf, type TensorType } from './tensors.ts'
import { webSessionOptions } from './web-options.ts'

async function load(packageFrom: string | null): Promise<typeof Ort> {
  const found = findWeb(packageFrom)
  if (!found) throw new Error(`${WEB_PACKAGE} was not found; ${INSTALL_WEB}`)
  const module = await import(pathToFileURL(found.entry).href)
  return (module.InferenceSession ? module : module.default) as typeof Ort
}

async function available({ packageFrom }: Pick<EngineOptions, 'packageFrom'>): Promise<Availability> {
  const found = findWeb(packageFrom)
  if (!found) return webNotInstalled(packageFrom)
  return {
    ok: true,
    version: found.version,
    device: 'cpu',
    deviceKind: 'cpu',
    from: found.folder,
    accelerators: [],
  }
}

async function open(modelFile: string, options: OpenOptions): Promise<Session> {
  const ort = await load(options.packageFrom)
  const { wasm } = ort.env
  if (options.threads !== null) {
    if (started !== null && started !== options.threads)
      throw new Error(`this process's WebAssembly runs on ${started} threads; another count needs another process`)
    wasm.numThreads = options.threads
  }
  const { loadModel } = await import('./external-data.ts')
  const { bytes, externalData } = loadModel(modelFile)
  const session = await ort.InferenceSession.create(bytes, {
    ...webSessionOptions(options, 'wasm', options.profilePrefix !== undefined),
    ...(externalData.length > 0 ? { externalData } : {}),
  })
  started = wasm.numThreads ?? 1
  const Tensor = ort.Tensor as unknown as TensorType
  const outputs = declarations(session.outputMetadata)
  const fetches = outputs.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const predict = (bound: Record<string, OrtTensor>) =>
    session.run(bound as never, fetches) as unknown as Promise<Record<string, OrtTensor>>
  return {
    inputs: declarations(session.inputMetadata),
    outputs,
    threads: started,
    run: async (feeds) => resultsOf(await predict(bindFeeds(Tensor, feeds))),
    prepare(feeds) {
      const bound = bindFeeds(Tensor, feeds)
      return () => predict(bound)
    },
    async endProfiling() {
      if (options.profilePrefix === undefined) return null
      const file = `${options.profilePrefix}wasm.json`
      fs.writeFileSync(
        file,
        printedBy(() => session.endProfiling()),
      )
      return file
    },
    close: () => session.release(),
  }
}

/** Threads of this process's WebAssembly; null before the first session. */
let started: number | null = null

function declarations(metadata: readonly Ort.InferenceSession.ValueMetadata[]): InputDeclaration[] {
  return metadata.map((value) =>
    value.isTensor
      ? { name: value.name, isTensor: true, dtype: value.type as DType, shape: value.shape }
      : { name: value.name, isTensor: false, dtype: null, shape: null },
  )
}

/** What the engine prints while `work` runs. Without a file system, it prints its profile: to file descriptor 1, past `console`. */
function printedBy(work: () => void): string {
  const texts: string[] = []
  const { writeSync } = fs
  fs.writeSync = ((fd: number, text: string, ...rest: never[]) => {
    if (fd !== 1) return writeSync(fd, text, ...rest)
    texts.push(text)
    return text.length
  }) as typeof fs.writeSync
  try {
    work()
  } finally {
    fs.writeSync = writeSync
  }
  return texts.join('')
}

export const ortWasm: Engine = {
  id: 'ort-wasm',
  title: 'ONNX Runtime in WebAssembly, in Node',
  formats: ['onnx'],
  runs: 'graph',
  package: WEB_PACKAGE,
  offers: ['process-threads', 'node-times', 'webassembly'],
  available,
  open,
}
