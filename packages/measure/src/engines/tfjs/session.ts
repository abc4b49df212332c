// A model opened with TensorFlow.js. A prediction is what its users call, `predict` within `tidy` (`executeAsync` where the graph has control
// flow), and ends when its outputs are read: `dataSync` waits for the work.
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds, PreparedRun, Results, Session, TensorValue } from '../types.ts'
import { readModelFiles } from './model-files.ts'
import { observe } from './observe.ts'
import { dtypeOf, type NamedPort, type Ports, portsOfGraph, portsOfLayers, type Signature } from './ports.ts'
import { type Backend, type Core, loadTfjs, type Tensor, type TfjsModel } from './tfjs-package.ts'

interface Opened extends Ports {
  readonly core: Core
  readonly model: TfjsModel
  /** Predicts. The result is in order of `outputs`, for the caller to dispose. */
  readonly predict: (inputs: readonly Tensor[], tidy?: Core['tidy']) => Promise<readonly Tensor[]> | readonly Tensor[]
  /** The same call of a model whose outputs are its inputs. */
  readonly empty: (inputs: readonly Tensor[]) => readonly Tensor[]
}

/** As if there were no `tidy`. */
const untidy: Core['tidy'] = (work) => work()

export async function openSession(backend: Backend, file: string): Promise<Session> {
  const opened = await open(backend, file)
  const { core, model, inputs, outputs } = opened
  const given = new Set<Tensor>()
  const bind = (feeds: Feeds): readonly Tensor[] => {
    const tensors = inputs.map((input) => tensorFrom(core, input, feeds))
    for (const tensor of tensors) given.add(tensor)
    return tensors
  }
  const dispose = (tensors: readonly Tensor[]) => {
    for (const tensor of tensors) {
      given.delete(tensor)
      tensor.dispose()
    }
  }
  return {
    inputs: inputs.map(plain),
    outputs: outputs.map(plain),
    threads: 1,
    async run(feeds) {
      const bound = bind(feeds)
      try {
        const tensors = await opened.predict(bound)
        const values = tensors.map(readTensor)
        dispose(tensors)
        return Object.fromEntries(outputs.map(({ name }, i) => [name, values[i]!])) as Results
      } finally {
        dispose(bound)
      }
    },
    prepare(feeds): PreparedRun {
      const bound = bind(feeds)
      return async () => {
        const tensors = await opened.predict(bound)
        const read = tensors.map((tensor) => tensor.dataSync())
        dispose(tensors)
        return read
      }
    },
    async observe(feeds) {
      const bound = bind(feeds)
      const calls = { bare: () => opened.predict(bound, untidy), empty: () => opened.empty(bound) }
      return observe(core, calls).finally(() => dispose(bound))
    },
    async close() {
      dispose([...given])
      model.dispose()
    },
  }
}

async function open(backend: Backend, file: string): Promise<Opened> {
  const { core, loadGraphModel, loadLayersModel, model: modelOf } = await loadTfjs(backend)
  const { kind, artifacts } = readModelFiles(file)
  const handler = core.io.fromMemory(artifacts)
  if (kind === 'layers') {
    const model = await loadLayersModel(handler)
    const call = (of: TfjsModel, inputs: readonly Tensor[]) =>
      listed(of.predict(inputs.length === 1 ? inputs[0] : inputs) as Tensor | Tensor[])
    let twin: TfjsModel | null = null
    const empty = (inputs: readonly Tensor[]) => {
      twin ??= modelOf({ inputs: model.inputs, outputs: model.inputs })
      return call(twin, inputs)
    }
    const predict: Opened['predict'] = (inputs, tidy = core.tidy) => tidy(() => call(model, inputs))
    return { core, model, ...portsOfLayers(model), predict, empty }
  }
  const model = await loadGraphModel(handler)
  const ports = portsOfGraph(model, signatureOf(artifacts))
  const names = ports.outputs.map(({ node }) => node)
  const fed = (inputs: readonly Tensor[]) => Object.fromEntries(ports.inputs.map(({ node }, i) => [node, inputs[i]]))
  let isDynamic = false
  const fedNames = ports.inputs.map(({ node }) => node)
  const empty = (inputs: readonly Tensor[]) => listed(model.execute(fed(inputs), fedNames))
  const predict: Opened['predict'] = (inputs, tidy = core.tidy) => {
    if (!isDynamic) {
      try {
        return tidy(() => listed(model.execute(fed(inputs), names)))
      } catch (error) {
        // Told before anything runs.
        if (!String(error).includes('executeAsync')) throw error
        isDynamic = true
      }
    }
    return model.executeAsync(fed(inputs), names).then(listed)
  }
  return { core, model, ...ports, predict, empty }
}

const listed = (tensors: Tensor | Tensor[]): readonly Tensor[] => (Array.isArray(tensors) ? tensors : [tensors])

const plain = ({ name, isTensor, dtype, shape }: NamedPort) => ({ name, isTensor, dtype, shape })

/** Older files keep it among what users may write. */
const signatureOf = ({ signature, userDefinedMetadata }: Readonly<Record<string, unknown>>): Signature | undefined =>
  (signature ?? (userDefinedMetadata as { signature?: unknown } | undefined)?.signature) as Signature | undefined

function tensorFrom(core: Core, { name, dtype: declared }: NamedPort, feeds: Feeds): Tensor {
  const value = feeds[name]
  if (value === undefined) throw new Error(`no value for the input ${name}`)
  const { dtype, shape, data } = value
  // A model of another format may have whole numbers of other widths, which are int32 here.
  if (declared === 'int32' && dtype !== 'int32' && /^u?int(8|16|32|64)$/.test(dtype))
    return core.tensor(int32Of(name, data as ArrayBufferView), [...shape], declared)
  if (dtypeOf(dtype) === null) throw new Error(`TensorFlow.js has no ${dtype}, which the input ${name} is fed with`)
  if (declared !== null && declared !== dtype) throw new Error(`the input ${name} is ${declared}, not ${dtype}`)
  return core.tensor(data, [...shape], dtype)
}

function int32Of(name: string, data: ArrayBufferView): Int32Array {
  return Int32Array.from(data as unknown as ArrayLike<number | bigint>, (given) => {
    const value = Number(given)
    if (value !== (value | 0))
      throw new Error(`the input ${name} is fed with ${given}, and TensorFlow.js has no more than 32 bits`)
    return value
  })
}

function readTensor(tensor: Tensor): TensorValue {
  const dtype = dtypeOf(tensor.dtype)
  if (dtype === null) throw new Error(`an output is ${tensor.dtype}, which is not read here`)
  const data = tensor.dataSync()
  // Its memory is the backend's until the tensor is disposed.
  return { dtype, shape: [...tensor.shape], data: Array.isArray(data) ? data : copyOf(dtype, data as Float32Array) }
}

/** What was cast from booleans still is in bytes in plain JavaScript, whatever type its tensor has. */
function copyOf(dtype: DType, data: ArrayLike<number>): ArrayBufferView {
  if (dtype === 'float32') return Float32Array.from(data)
  return dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data)
}
