// TensorFlow.js in Node: the parts of `@tensorflow/tfjs` that a prediction needs, from the user's packages. They share what they register
// (backends, kernels, tensors) through one @tensorflow/tfjs-core. https://js.tensorflow.org/api/latest/
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { findPackage, findPartOf, installCommand, placesOf } from '../find-package.ts'
import type { Availability } from '../types.ts'

export type Backend = 'cpu' | 'wasm'

/** The part of a tensor that is used here. */
export interface Tensor {
  readonly dtype: string
  readonly shape: readonly number[]
  dataSync(): ArrayBufferView | string[]
  dispose(): void
}
export type TfjsOutputs = Tensor | Tensor[] | Readonly<Record<string, Tensor>>

export interface Core {
  readonly version_core: string
  readonly io: { fromMemory(artifacts: unknown): unknown }
  ready(): Promise<void>
  setBackend(name: string): Promise<boolean>
  tensor(data: unknown, shape: readonly number[], dtype: string): Tensor
  tidy<T>(work: () => T): T
  memory(): { readonly numTensors: number; readonly numBytes: number }
}

/** A graph model's `TensorInfo`, or a layers model's symbolic tensor; a size below 0 or null is free. */
export interface Port {
  readonly name: string
  readonly dtype?: string
  readonly shape?: readonly (number | null)[]
}

export interface TfjsModel {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  predict(inputs: unknown): TfjsOutputs
  dispose(): void
}
export interface LayersModel extends TfjsModel {
  readonly inputNames?: readonly string[]
  readonly outputNames?: readonly string[]
}
export interface GraphModel extends TfjsModel {
  readonly inputNodes: readonly string[]
  readonly outputNodes: readonly string[]
  execute(inputs: unknown, outputs: readonly string[]): Tensor | Tensor[]
  executeAsync(inputs: unknown, outputs: readonly string[]): Promise<Tensor | Tensor[]>
}

export interface Tfjs {
  readonly core: Core
  loadGraphModel(handler: unknown): Promise<GraphModel>
  loadLayersModel(handler: unknown): Promise<LayersModel>
  /** A layers model of these ends. */
  model(ends: { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] }): LayersModel
}

export const PACKAGE = '@tensorflow/tfjs'
const WASM_PACKAGE = '@tensorflow/tfjs-backend-wasm'
const INSTALL: Readonly<Record<Backend, string>> = {
  cpu: installCommand(PACKAGE),
  wasm: installCommand(PACKAGE, WASM_PACKAGE),
}
export const installOf = (backend: Backend): string => INSTALL[backend]

interface FoundParts {
  readonly version: string
  readonly folder: string
  /** Main files, by what they are. */
  readonly core: string
  readonly converter: string
  readonly layers: string
  readonly backend: string
}

/** Those that `@tensorflow/tfjs` brings, which may be in its own folder; what it does not bring is a package of its own. */
function findParts(backend: Backend): FoundParts | { readonly missing: string } {
  const whole = findPackage(PACKAGE, null)
  const partOf = (name: string) => (whole && findPartOf(whole, name)) ?? findPackage(name, null)
  const names = {
    core: '@tensorflow/tfjs-core',
    converter: '@tensorflow/tfjs-converter',
    layers: '@tensorflow/tfjs-layers',
    backend: backend === 'wasm' ? WASM_PACKAGE : '@tensorflow/tfjs-backend-cpu',
  }
  const found = Object.entries(names).map(([part, name]) => [part, name, partOf(name)] as const)
  const missing = found.find(([, , one]) => one === null)
  if (missing !== undefined) return { missing: missing[1] }
  const { version, folder } = partOf(names.core)!
  const entries = Object.fromEntries(found.map(([part, , one]) => [part, one!.entry])) as Record<keyof typeof names, string>
  return { version, folder, ...entries }
}

/** Nothing is loaded. */
export function availabilityOf(backend: Backend): Availability {
  const found = findParts(backend)
  if ('missing' in found)
    return { ok: false, reason: `${found.missing} was not found ${placesOf(found.missing, null)}`, fix: installOf(backend) }
  const other = coreOf(found.backend)
  if (other !== null && other !== found.core)
    return {
      ok: false,
      reason: `the backend is for another ${PACKAGE}-core (${path.dirname(other)}) than the one in use (${found.folder})`,
      fix: `${installOf(backend)}, both of one version`,
    }
  const { version, folder } = found
  return { ok: true, version, device: 'cpu', deviceKind: 'cpu', from: folder, accelerators: [] }
}

/** The core that a backend registers its kernels with. */
function coreOf(backend: string): string | null {
  try {
    return createRequire(backend).resolve('@tensorflow/tfjs-core')
  } catch {
    return null
  }
}

/** Throws if a part is absent, or the backend does not start. */
export async function loadTfjs(backend: Backend): Promise<Tfjs> {
  const found = findParts(backend)
  if ('missing' in found) throw new Error(`${found.missing} was not found; ${installOf(backend)}`)
  const load = async (entry: string) => (await import(pathToFileURL(entry).href)).default
  const core: Core = await load(found.core)
  const own = await load(found.backend)
  // Its loader looks for the binaries next to the program otherwise.
  if (backend === 'wasm') own.setWasmPaths(`${path.dirname(found.backend)}${path.sep}`)
  const { loadGraphModel } = await load(found.converter)
  const { loadLayersModel, model } = await load(found.layers)
  if (!(await core.setBackend(backend))) throw new Error(`TensorFlow.js's backend ${backend} does not start`)
  await core.ready()
  return { core, loadGraphModel, loadLayersModel, model }
}
