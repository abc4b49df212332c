// A model opened with onnxruntime-node, on any of its execution providers:
// https://onnxruntime.ai/docs/get-started/with-javascript/node.html
// Package and session; what is special to a provider is in its engine's file.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DType } from '@whyslow/graph/types.ts'
import type * as Ort from 'onnxruntime-node'
import { type FoundPackage, findPackage, installCommand } from '../find-package.ts'
import type { Feeds, InputDeclaration, OpenOptions, Session, TensorValue } from '../types.ts'
import { openDirectSession } from './ort-direct.ts'
import { type Provider, sessionOptions } from './ort-options.ts'
import { bindFeeds, fromOrt, resultsOf, type TensorType, tensorLike } from './tensors.ts'

export const PACKAGE = 'onnxruntime-node'
/** Whether its install script is to skip CUDA's libraries: on Linux x64 npm installs nothing if they cannot be reached. The CPU needs none. */
const SKIP_CUDA = process.platform === 'linux' && process.arch === 'x64' && !process.env.WHYSLOW_INSTALL
export const INSTALL = `${SKIP_CUDA ? 'ONNXRUNTIME_NODE_INSTALL=skip ' : ''}${installCommand(PACKAGE)}`

export const findOrt = (packageFrom: string | null): FoundPackage | null => findPackage(PACKAGE, packageFrom)

/** The module itself. Throws if it is absent or its native binary does not load. */
export async function loadOrt(packageFrom: string | null): Promise<typeof Ort> {
  const found = findOrt(packageFrom)
  if (!found) throw new Error(`${PACKAGE} was not found; ${INSTALL}`)
  const module = await import(pathToFileURL(found.entry).href)
  return (module.InferenceSession ? module : module.default) as typeof Ort
}

/** `providers`: execution providers in order of preference, as the binding takes them; nodes that none takes run on the CPU. */
export async function openNodeSession(
  modelFile: string,
  options: OpenOptions,
  providers: readonly Provider[] = ['cpu'],
): Promise<Session> {
  const ort = await loadOrt(options.packageFrom)
  if (options.directCall) return openDirect(ort, findOrt(options.packageFrom)!.entry, modelFile, options)
  const session = await ort.InferenceSession.create(modelFile, sessionOptions(options, providers))
  const inputs = declarations(session.inputMetadata, session.inputNames)
  const outputs = declarations(session.outputMetadata, session.outputNames)
  const fetches = outputs.filter((o) => o.isTensor).map((o) => o.name)
  const Tensor = ort.Tensor as unknown as TensorType
  const bind = (feeds: Feeds) => bindFeeds(Tensor, feeds) as Record<string, Ort.Tensor>
  const likeOutputs = reusedTensors(ort)
  const prepare = (feeds: Feeds): (() => Promise<Fetched>) => {
    const bound = bind(feeds)
    if (!options.reuseOutputs) return () => session.run(bound, fetches)
    let written: Readonly<Record<string, Ort.Tensor | null>> | undefined
    const first = async () => {
      const results = await session.run(bound, fetches)
      written = likeOutputs(results)
      return results
    }
    return () => (written === undefined ? first() : session.run(bound, written))
  }
  return {
    inputs,
    outputs,
    async run(feeds) {
      const predict = prepare(feeds)
      // The second prediction is the first that writes into given tensors; what it writes is the caller's to keep.
      if (options.reuseOutputs) await predict()
      const results = Object.entries(await predict())
      return Object.fromEntries(
        results.map(([name, tensor]) => [name, options.reuseOutputs ? copyOf(fromOrt(tensor)) : fromOrt(tensor)]),
      )
    },
    prepare,
    async endProfiling() {
      session.endProfiling()
      return options.profilePrefix ? newestProfile(options.profilePrefix) : null
    },
    async close() {
      await session.release()
    },
  }
}

function openDirect(ort: typeof Ort, entry: string, modelFile: string, options: OpenOptions): Session {
  const session = openDirectSession(entry, modelFile, sessionOptions(options))
  const prepare = (feeds: Feeds) => {
    const bound = bindFeeds(ort.Tensor as unknown as TensorType, feeds)
    return () => session.run(bound) as Promise<Fetched>
  }
  const declared = ({ name, isTensor }: { readonly name: string; readonly isTensor: boolean }): InputDeclaration => ({
    name,
    isTensor,
    dtype: null,
    shape: null,
  })
  return {
    inputs: session.inputs.map(declared),
    outputs: session.outputs.map(declared),
    prepare,
    async run(feeds) {
      return resultsOf(await prepare(feeds)())
    },
    close: async () => session.close(),
  }
}

function declarations(
  metadata: readonly Ort.InferenceSession.ValueMetadata[] | undefined,
  names: readonly string[],
): InputDeclaration[] {
  if (!metadata) return names.map((name) => ({ name, isTensor: true, dtype: null, shape: null }))
  return metadata.map((m) =>
    m.isTensor
      ? { name: m.name, isTensor: true, dtype: m.type as DType, shape: m.shape }
      : { name: m.name, isTensor: false, dtype: null, shape: null },
  )
}

function copyOf(value: TensorValue): TensorValue {
  return { ...value, data: (value.data as Float32Array).slice() }
}

type Fetched = Readonly<Record<string, Ort.Tensor>>

/**
 * Gives tensors that predictions write into, one for each output and shape. Shapes are those of a first prediction, not the declared
 * ones, which may be free or wrong.
 */
function reusedTensors(ort: typeof Ort): (results: Fetched) => Record<string, Ort.Tensor | null> {
  const made = new Map<string, Ort.Tensor | null>()
  const like = (name: string, tensor: Ort.Tensor): Ort.Tensor | null => {
    const id = JSON.stringify([name, tensor.type, tensor.dims])
    if (!made.has(id)) made.set(id, tensorLike(ort.Tensor as unknown as TensorType, tensor) as Ort.Tensor | null)
    return made.get(id)!
  }
  return (results) => Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, like(name, tensor)]))
}

/** The binding names the profile `<prefix>_<time>.json` and does not say it. */
export function newestProfile(prefix: string): string | null {
  const folder = path.dirname(prefix)
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(path.basename(prefix)) && name.endsWith('.json'))
  const newest = names.sort().at(-1)
  return newest ? path.join(folder, newest) : null
}
