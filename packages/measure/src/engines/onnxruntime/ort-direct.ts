// onnxruntime-node's native binding, called without the package's wrapper: that one checks names again, makes a promise and waits for a
// turn of the event loop before it predicts, about 3 µs together (js/node/lib/backend.ts of microsoft/onnxruntime). The binding is no
// public API: whoever ships this pins the version.
import { createRequire } from 'node:module'
import path from 'node:path'
import { inTurns } from '../folder-predictions.ts'

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

export interface DirectSession {
  readonly inputs: readonly NativeValue[]
  readonly outputs: readonly NativeValue[]
  /** One prediction; `feeds` are the package's tensors. */
  run(feeds: unknown): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

/** `entry`: the package's main file. Throws if its binding is not as it is known, or refuses the model. */
export function openDirectSession(entry: string, modelFile: string, options: unknown): DirectSession {
  const { binding, initOrt } = createRequire(entry)(path.join(path.dirname(entry), 'binding.js')) as Partial<Binding>
  if (typeof binding?.InferenceSession !== 'function' || typeof initOrt !== 'function')
    throw new Error('this version of onnxruntime-node has no binding that can be called directly')
  initOrt()
  const session = new binding.InferenceSession()
  session.loadModel(modelFile, options)
  const fetches = Object.fromEntries(session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => [name, null]))
  const none = {}
  return {
    inputs: session.inputMetadata,
    outputs: session.outputMetadata,
    run: inTurns((feeds: unknown) => session.run(feeds, fetches, none)),
    close: () => session.dispose(),
  }
}
