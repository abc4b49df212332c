// What a shipped folder predicts with on onnxruntime-node, in the caller's thread: bundled as its onnxruntime.mjs. Models take as little as 8 µs,
// so what predict() does for tensors is one check per input.
import { createRequire } from 'node:module'
import type { DType } from '@whyslow/graph/types.ts'
import type * as Ort from 'onnxruntime-node'
import { checkNames, checkTensor, type PlainTensor } from '../folder-predictions.ts'
import { openDirectSession } from './ort-direct.ts'
import { type OrtTensor, type TensorType, tensorLike, toOrt } from './tensors.ts'

/** What options.json says of the session. */
export interface FolderSession {
  readonly session: Ort.InferenceSession.SessionOptions
  readonly reuseOutputs?: boolean
  readonly directCall?: boolean
}

interface Input {
  readonly name: string
  readonly type: string
}
type Feeds = Readonly<Record<string, OrtTensor>>
type Results = Readonly<Record<string, OrtTensor>>

export async function loadHere(options: FolderSession, modelFile: string, afterClose: () => Error) {
  // The engine sends usage data from Linux unless this is set before it is loaded.
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const module = await import('onnxruntime-node')
  const { InferenceSession, Tensor } = (module.InferenceSession === undefined ? module.default : module) as typeof Ort
  const session = await InferenceSession.create(modelFile, options.session)
  const inputs = session.inputMetadata as readonly Input[]
  const names = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const direct = options.directCall ? openDirect(modelFile, options.session) : null
  if (direct) await session.release()
  const plain = (feeds: Feeds) => session.run(feeds as never, names) as Promise<Results>
  const own = options.reuseOutputs ? reusing(session, names, Tensor as never) : plain
  const run = (direct?.run as typeof plain | undefined) ?? own
  let closed: Promise<void> | null = null

  const converted = (feeds: Feeds): Promise<Results> => {
    try {
      return run(tensorsOf(feeds, inputs, Tensor as never))
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return {
    inputs,
    predict(feeds: Feeds): Promise<Results> {
      if (closed) return Promise.reject(afterClose())
      let count = 0
      for (const name in feeds) {
        if (!(feeds[name] instanceof Tensor)) return converted(feeds)
        count++
      }
      return count === inputs.length ? run(feeds) : converted(feeds)
    },
    close(): Promise<void> {
      // The engine starts a prediction in the next turn of the event loop: those asked for before come first.
      closed ??= new Promise((resolve) => setImmediate(resolve)).then(() => (direct ? direct.close() : session.release()))
      return closed
    },
  }
}

/** null: the package is not the pinned one. */
function openDirect(modelFile: string, options: unknown) {
  try {
    return openDirectSession(createRequire(import.meta.url).resolve('onnxruntime-node'), modelFile, options)
  } catch {
    return null
  }
}

/** Gives the engine tensors to write into, as long as the inputs' shapes are those that the tensors were made for. */
function reusing(session: Ort.InferenceSession, names: readonly string[], Tensor: TensorType) {
  let shapes: Readonly<Record<string, readonly number[]>> | null = null
  let kept: Readonly<Record<string, OrtTensor | null>> | null = null
  let fails = false
  const run = (feeds: Feeds, fetches: unknown) => session.run(feeds as never, fetches as never) as Promise<Results>
  return (feeds: Feeds): Promise<Results> => {
    if (fails) return run(feeds, names)
    if (kept && Object.keys(shapes!).every((name) => sameShape(shapes![name]!, feeds[name]?.dims))) {
      return run(feeds, kept).catch(() => {
        // If shapes of outputs depend on values, the engine refuses the tensors.
        fails = true
        return run(feeds, names)
      })
    }
    return run(feeds, names).then((results) => {
      shapes = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, [...dims]]))
      kept = Object.fromEntries(names.map((name) => [name, tensorLike(Tensor, results[name]!)]))
      return results
    })
  }
}

const sameShape = (a: readonly number[], b: readonly number[] | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((size, axis) => size === b[axis])

/** Feeds as the engine's tensors; a TypeError says which input is wrong and how. */
function tensorsOf(feeds: Feeds, inputs: readonly Input[], Tensor: TensorType): Feeds {
  checkNames(feeds, inputs)
  const tensors: Record<string, OrtTensor> = {}
  for (const { name, type } of inputs) tensors[name] = tensorOf(name, type, feeds[name], Tensor)
  return tensors
}

function tensorOf(name: string, type: string, value: PlainTensor | undefined, Tensor: TensorType): OrtTensor {
  if (value instanceof Tensor) return value
  checkTensor(name, type, value)
  try {
    return toOrt(Tensor, { dtype: type as DType, data: value.data as never, shape: value.dims })
  } catch (error) {
    throw new TypeError(`input '${name}': ${(error as Error).message}`, { cause: error })
  }
}
