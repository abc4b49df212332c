// ONNX Runtime's native binding for Node on the CPU: https://onnxruntime.ai/docs/get-started/with-javascript/node.html
// The package is the user's own where their folder has one: the verdict is about their service.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Ort from 'onnxruntime-node'
import { firstLineOf } from '../graph/input-error.ts'
import type { DType } from '../graph/types.ts'
import { openDirectSession } from './ort-direct.ts'
import { sessionOptions } from './ort-options.ts'
import type { Availability, Engine, EngineOptions, Feeds, InputDeclaration, OpenOptions, Session, TensorValue } from './types.ts'

const PACKAGE = 'onnxruntime-node'
const INSTALL = `npm install ${PACKAGE}`

export interface FoundPackage {
  readonly entry: string
  readonly version: string
  readonly folder: string
}

/** Where the package is taken from: the folder asked for, else the current folder's own, else the one that came with whyslow. */
export function findOrt(packageFrom: string | null): FoundPackage | null {
  const bases = packageFrom === null ? [process.cwd(), import.meta.dirname] : [path.resolve(packageFrom)]
  for (const base of bases) {
    const found = resolveFrom(base)
    if (found) return found
  }
  return null
}

function resolveFrom(base: string): FoundPackage | null {
  const own = path.join(base, 'package.json')
  if (fs.existsSync(own) && nameOf(own) === PACKAGE) return describe(createRequire(own).resolve('.'), base)
  try {
    const entry = createRequire(path.join(base, 'noop.js')).resolve(PACKAGE)
    return describe(entry, path.dirname(entry))
  } catch {
    return null
  }
}

function describe(entry: string, start: string): FoundPackage | null {
  for (let folder = start; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    if (fs.existsSync(file) && nameOf(file) === PACKAGE) {
      return { entry, version: String(JSON.parse(fs.readFileSync(file, 'utf8')).version), folder }
    }
  }
  return null
}

function nameOf(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).name
  } catch {
    return null
  }
}

/** The module itself. Throws where it is absent or its native binary does not load. */
export async function loadOrt(packageFrom: string | null): Promise<typeof Ort> {
  const found = findOrt(packageFrom)
  if (!found) throw new Error(`${PACKAGE} was not found; ${INSTALL}`)
  const module = await import(pathToFileURL(found.entry).href)
  return (module.InferenceSession ? module : module.default) as typeof Ort
}

async function available({ packageFrom }: Pick<EngineOptions, 'packageFrom'>): Promise<Availability> {
  const found = findOrt(packageFrom)
  if (!found) {
    const where = packageFrom === null ? 'in the current folder or beside whyslow' : `in ${packageFrom}`
    return { ok: false, reason: `${PACKAGE} was not found ${where}`, fix: INSTALL }
  }
  try {
    const ort = await loadOrt(packageFrom)
    const accelerators = ort.listSupportedBackends?.().flatMap((b) => (b.name === 'cpu' || !b.bundled ? [] : [b.name])) ?? []
    return { ok: true, version: found.version, device: 'cpu', from: found.folder, accelerators }
  } catch (error) {
    return { ok: false, reason: `${PACKAGE} ${found.version} does not load: ${firstLineOf(error)}`, fix: INSTALL }
  }
}

async function open(modelFile: string, options: OpenOptions): Promise<Session> {
  const ort = await loadOrt(options.packageFrom)
  if (options.directCall) return openDirect(ort, findOrt(options.packageFrom)!.entry, modelFile, options)
  const session = await ort.InferenceSession.create(modelFile, sessionOptions(options))
  const inputs = declarations(session.inputMetadata, session.inputNames)
  const outputs = declarations(session.outputMetadata, session.outputNames)
  const fetches = outputs.filter((o) => o.isTensor).map((o) => o.name)
  const bind = (feeds: Feeds) => Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(ort, value)]))
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
      return options.profilePrefix ? newestWithPrefix(options.profilePrefix) : null
    },
    async close() {
      await session.release()
    },
  }
}

function openDirect(ort: typeof Ort, entry: string, modelFile: string, options: OpenOptions): Session {
  const session = openDirectSession(entry, modelFile, sessionOptions(options))
  const prepare = (feeds: Feeds) => {
    const bound = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(ort, value)]))
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
      return Object.fromEntries(Object.entries(await prepare(feeds)()).map(([name, tensor]) => [name, fromOrt(tensor)]))
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

function toOrt(ort: typeof Ort, value: TensorValue): Ort.Tensor {
  const Tensor = ort.Tensor as unknown as new (type: string, data: unknown, dims: readonly number[]) => Ort.Tensor
  return new Tensor(value.dtype, value.data, value.shape)
}

function fromOrt(tensor: Ort.Tensor): TensorValue {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as TensorValue['data'] }
}

function copyOf(value: TensorValue): TensorValue {
  return { ...value, data: (value.data as Float32Array).slice() }
}

type Fetched = Readonly<Record<string, Ort.Tensor>>

/**
 * Gives tensors that predictions write into, one for each output and shape. Shapes are those of a first prediction, not the declared
 * ones, which may be free or wrong. null: strings and types narrower than a byte are made anew by the engine each time.
 */
function reusedTensors(ort: typeof Ort): (results: Fetched) => Record<string, Ort.Tensor | null> {
  const made = new Map<string, Ort.Tensor>()
  const like = (name: string, { type, dims, data }: Ort.Tensor): Ort.Tensor | null => {
    if (!ArrayBuffer.isView(data) || type === 'int4' || type === 'uint4') return null
    const id = JSON.stringify([name, type, dims])
    const tensor = made.get(id) ?? toOrt(ort, copyOf({ dtype: type as DType, shape: dims, data }))
    made.set(id, tensor)
    return tensor
  }
  return (results) => Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, like(name, tensor)]))
}

/** The binding names the profile `<prefix>_<time>.json` and does not say it. */
function newestWithPrefix(prefix: string): string | null {
  const folder = path.dirname(prefix)
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(path.basename(prefix)) && name.endsWith('.json'))
  const newest = names.sort().at(-1)
  return newest ? path.join(folder, newest) : null
}

export const ortCpu: Engine = {
  id: 'ort-cpu',
  title: 'ONNX Runtime for Node, CPU',
  formats: ['onnx'],
  runs: 'graph',
  available,
  open,
}
