// onnxruntime-node's native binding, called without the package's wrapper: that one checks names again, makes a promise and waits for a
// turn of the event loop before it predicts, about 3 µs together (js/node/lib/backend.ts of microsoft/onnxruntime). The binding is no
// public API: whoever ships this pins the version.
import { createRequire } from 'node:module'
import path from 'node:path'

interface NativeSession {
  readonly inputMetadata: readonly NativeValue[]
  readonly outputMetadata: readonly NativeValue[]
  loadModel(file: string, options: unknown): void
  run(feeds: unknown, fetches: Readonly<Record<string, null>>, options: unknown): Readonly<Record<string, unknown>>
  endProfiling(): void
  dispose(): void
}

interface NativeValue {
  readonly name: string
  readonly isTensor: boolean
}

interface Binding {
  readonly binding: { readonly InferenceSession: new () => NativeSession }
  initOrt(): void
}

/** A turn of the event loop may last so long before a prediction lets timers and sockets have theirs, ms. */
const LONGEST_TURN_MS = 5

export interface DirectSession {
  readonly inputs: readonly NativeValue[]
  readonly outputs: readonly NativeValue[]
  /** One prediction; `feeds` are the package's tensors. */
  run(feeds: unknown): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

/** `entry`: the package's main file. Throws where its binding is not as it is known, or refuses the model. */
export function openDirectSession(entry: string, modelFile: string, options: unknown): DirectSession {
  const { binding, initOrt } = createRequire(entry)(path.join(path.dirname(entry), 'binding.js')) as Partial<Binding>
  if (typeof binding?.InferenceSession !== 'function' || typeof initOrt !== 'function')
    throw new Error('this version of onnxruntime-node has no binding that can be called directly')
  initOrt()
  const session = new binding.InferenceSession()
  session.loadModel(modelFile, options)
  const fetches = Object.fromEntries(session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => [name, null]))
  const none = {}
  let turn: number | null = null
  return {
    inputs: session.inputMetadata,
    outputs: session.outputMetadata,
    // As predict.mjs does it (ship/shipped/predict.mjs).
    run(feeds) {
      const now = performance.now()
      if (turn === null) {
        turn = now
        setImmediate(() => {
          turn = null
        })
      } else if (now - turn > LONGEST_TURN_MS) {
        return new Promise((resolve) => setImmediate(resolve)).then(() => session.run(feeds, fetches, none))
      }
      try {
        return Promise.resolve(session.run(feeds, fetches, none))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    close: () => session.dispose(),
  }
}
