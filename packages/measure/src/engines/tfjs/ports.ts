// What a model's inputs and outputs are called: as its graph calls them (a signature's names if it has one), since engines are fed with
// those. What TensorFlow.js takes are names of nodes of a graph model, and places of a layers model.
import type { DType } from '@whyslow/graph/types.ts'
import type { InputDeclaration } from '../types.ts'
import type { GraphModel, LayersModel, Port } from './tfjs-package.ts'

export interface NamedPort extends InputDeclaration {
  /** Name of a graph model's node, as `execute` takes it: 'x', 'Identity:0'. */
  readonly node: string
}

export interface Ports {
  readonly inputs: readonly NamedPort[]
  readonly outputs: readonly NamedPort[]
}

interface SignaturePort {
  readonly name?: string
  readonly dtype?: string
  readonly tensorShape?: { readonly dim?: readonly { readonly size?: string | number }[]; readonly unknownRank?: boolean }
}
export interface Signature {
  readonly inputs?: Readonly<Record<string, SignaturePort>>
  readonly outputs?: Readonly<Record<string, SignaturePort>>
}

const DTYPES: Readonly<Record<string, DType>> = {
  float32: 'float32',
  int32: 'int32',
  bool: 'bool',
  string: 'string',
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  // TensorFlow.js has one type of whole numbers.
  DT_INT64: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
}

export const dtypeOf = (dtype: string | undefined): DType | null => DTYPES[dtype ?? ''] ?? null

export function portsOfGraph(model: GraphModel, signature: Signature | undefined): Ports {
  const named = (ports: Signature['inputs'], plain: readonly Port[], nodes: readonly string[]): NamedPort[] => {
    const entries = Object.entries(ports ?? {})
    if (entries.length > 0) return entries.map(([name, port]) => ofSignature(name, port))
    return nodes.map((node, i) => declared(node, plain[i], node))
  }
  return {
    inputs: named(signature?.inputs, model.inputs, model.inputNodes),
    outputs: named(signature?.outputs, model.outputs, model.outputNodes),
  }
}

function ofSignature(name: string, { name: node = name, dtype, tensorShape }: SignaturePort): NamedPort {
  const dims = tensorShape?.unknownRank === true ? undefined : tensorShape?.dim?.map(({ size }) => Number(size ?? -1))
  // A scalar's shape has no list of dimensions.
  const shape = dims ?? (tensorShape !== undefined && tensorShape.unknownRank !== true ? [] : undefined)
  return declared(name, { name, ...(dtype === undefined ? {} : { dtype }), ...(shape === undefined ? {} : { shape }) }, node)
}

export function portsOfLayers({ inputs, outputs, inputNames, outputNames }: LayersModel): Ports {
  const named = (ports: readonly Port[], names: readonly string[] | undefined) =>
    // A sequential model tells no names; those of its tensors are 'layer/tensor', and an input's is the layer's.
    ports.map((port, i) => declared(names?.[i] ?? port.name.split('/')[0]!, port, port.name))
  return { inputs: named(inputs, inputNames), outputs: named(outputs, outputNames) }
}

function declared(name: string, port: Port | undefined, node: string): NamedPort {
  const shape = port?.shape?.map((size) => (size === null || size < 0 ? '' : size)) ?? null
  return { name, node, isTensor: true, dtype: dtypeOf(port?.dtype), shape }
}
