// A folder that `fix` ships, opened as its user opens it: through its own predict.mjs, which finds the engine from where it is.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadOrt } from './onnxruntime/ort-node.ts'
import { bindFeeds, type OrtTensor, resultsOf, type TensorType } from './onnxruntime/tensors.ts'
import type { Engine, Feeds, Session } from './types.ts'

export interface ShippedFolder {
  readonly folder: string
  /** predict() takes onnxruntime's tensors as they are, so that feeds are turned into them before a prediction, as for a plain session. */
  readonly takesTensors: boolean
  /** What the folder's code is told by the environment. */
  readonly env: Readonly<Record<string, string>>
  /** The interpreter that predicts through its predict.py; absent: Node does, through its predict.mjs. */
  readonly python?: string
}

type ShippedFeeds = Readonly<Record<string, unknown>>

export interface Predictor {
  predict(feeds: ShippedFeeds): Promise<Readonly<Record<string, OrtTensor>>>
  close(): Promise<void>
}

export interface LoadOptions {
  readonly worker?: boolean
  readonly spinning?: boolean
  /** The next prediction may overwrite results, on OpenVINO and LiteRT. */
  readonly reuseOutputs?: boolean
}

export type LoadPredictor = (options?: LoadOptions) => Promise<Predictor>

/** Its `load()`, in this process. */
export async function importShipped({ folder, env }: Pick<ShippedFolder, 'folder' | 'env'>): Promise<LoadPredictor> {
  Object.assign(process.env, env)
  return ((await import(pathToFileURL(path.join(folder, 'predict.mjs')).href)) as { load: LoadPredictor }).load
}

/** Feeds as plain objects, which every folder takes. */
export const plainFeeds = (feeds: Feeds): ShippedFeeds =>
  Object.fromEntries(Object.entries(feeds).map(([name, { dtype, shape, data }]) => [name, { type: dtype, data, dims: shape }]))

/** What tasks use of an engine. `available` imports what a caller's import statement would. */
export function engineOfFolder(shipped: ShippedFolder): Pick<Engine, 'available' | 'open'> {
  const parts = async () => ({
    load: await importShipped(shipped),
    Tensor: shipped.takesTensors ? ((await loadOrt(shipped.folder)).Tensor as unknown as TensorType) : null,
  })
  return {
    async available() {
      try {
        await parts()
        return { ok: true, version: '', device: '', deviceKind: 'cpu', from: shipped.folder, accelerators: [] }
      } catch (error) {
        return { ok: false, reason: `${shipped.folder} cannot be loaded: ${(error as Error).message}`, fix: 'run it again' }
      }
    },
    async open(_, { configEntries }) {
      const { load, Tensor } = await parts()
      // Folders of before do not know it.
      const quiet = configEntries['session.intra_op.allow_spinning'] === '0'
      return sessionOf(await load(quiet ? { spinning: false } : {}), (feeds) =>
        Tensor === null ? plainFeeds(feeds) : bindFeeds(Tensor, feeds),
      )
    },
  }
}

function sessionOf(model: Predictor, bind: (feeds: Feeds) => ShippedFeeds): Session {
  return {
    inputs: [],
    outputs: [],
    prepare(feeds) {
      const bound = bind(feeds)
      return () => model.predict(bound)
    },
    async run(feeds) {
      const results = Object.entries(resultsOf(await model.predict(bind(feeds))))
      // The next prediction may overwrite what this one gave.
      return Object.fromEntries(results.map(([name, value]) => [name, { ...value, data: (value.data as Float32Array).slice() }]))
    },
    close: () => model.close(),
  }
}
