// A GraphDef while it is written: nodes of the graph and of its functions, and the weights that all of them share. TensorFlow.js finds
// weights by the names of nodes, in functions as in the graph, so that no name means two things in a model.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/src/operations/operation_mapper.ts

import type { ConstantArray, ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Attributes } from './attributes.ts'

/** A result of a node: 'name', or 'name:1' if it is not the first. */
export type Ref = string

export interface NodeJson {
  readonly name: string
  readonly op: string
  readonly input?: readonly Ref[]
  readonly attr: Attributes
}

interface Argument {
  readonly name: string
  readonly type: string
}

export interface FunctionJson {
  readonly signature: { readonly name: string; readonly inputArg: readonly Argument[]; readonly outputArg: readonly Argument[] }
  readonly nodeDef: readonly NodeJson[]
  /** What each output is. */
  readonly ret: Readonly<Record<string, Ref>>
}

/** `data`: float32 and int32 as they are, bool in a byte. */
export interface Weight {
  readonly name: string
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** What the graph and its functions share. */
export class ModelParts {
  readonly file: string
  readonly functions: FunctionJson[] = []
  readonly weights: Weight[] = []
  readonly #names = new Map<string, number>()
  readonly #alike = new Map<string, Weight[]>()

  constructor(file: string) {
    this.file = file
  }

  /** A name that no node has: `wish`, in the letters that TensorFlow takes, with a number behind it where another has it. */
  unique(wish: string): string {
    const plain = wish.replaceAll(/[^A-Za-z0-9_.\\/-]/g, '_').replace(/^[^A-Za-z0-9.]+/, '')
    return uniqueName(plain === '' ? 'node' : plain, this.#names)
  }

  /** The weight's name; of equal contents there is one. */
  weight(constant: ConstantData, wish: string): string {
    const { dtype, data } = storedOf(constant, this.file, wish)
    const { shape } = constant
    const key = `${dtype} ${shape.join()} ${data[0]} ${data.at(-1)}`
    const alike = this.#alike.get(key) ?? []
    const same = alike.find((one) => bytesOf(one).equals(bytesOf({ data })))
    if (same !== undefined) return same.name
    const weight: Weight = { name: this.unique(wish), dtype, shape, data }
    this.#alike.set(key, [...alike, weight])
    this.weights.push(weight)
    return weight.name
  }
}

export const bytesOf = ({ data }: Pick<Weight, 'data'>): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

/** The types that TensorFlow.js has: whole numbers in 32 bits. */
function storedOf({ dtype, shape, data }: ConstantData, file: string, wish: string): Pick<Weight, 'dtype' | 'data'> {
  if (data.length !== elementCount(shape)) throw new RangeError(`${data.length} elements for [${shape}]`)
  if (dtype === 'float32') return { dtype, data: data as Float32Array }
  if (dtype === 'int32') return { dtype, data: data as Int32Array }
  if (dtype === 'bool') return { dtype, data: data as Uint8Array }
  const isWhole = ArrayBuffer.isView(data) && /^u?int(8|16|32|64)$/.test(dtype)
  const numbers = isWhole ? Array.from(data as ConstantArray as ArrayLike<number | bigint>, Number) : undefined
  if (numbers?.every((one) => one === (one | 0))) return { dtype: 'int32', data: Int32Array.from(numbers) }
  const why = numbers === undefined ? `${dtype}, which it does not have` : `${dtype} beyond 32 bits`
  throw new InputError(`${file}: '${wish}' cannot be written as TensorFlow.js: it is ${why}`)
}

/** Nodes of the graph, or of one function. */
export class Nodes {
  readonly parts: ModelParts
  readonly #nodes = new Map<string, NodeJson>()

  constructor(parts: ModelParts) {
    this.parts = parts
  }

  /** A node with one result. */
  op(op: string, wish: string, { inputs, attributes = {} }: { inputs: readonly Ref[]; attributes?: Attributes }): Ref {
    return this.#add({ name: this.parts.unique(wish), op, input: inputs, attr: attributes })
  }

  placeholder(wish: string, attributes: Attributes): Ref {
    return this.#add({ name: this.parts.unique(wish), op: 'Placeholder', attr: attributes })
  }

  constant(constant: ConstantData, wish: string): Ref {
    const name = this.parts.weight(constant, wish)
    const { dtype } = this.parts.weights.find((one) => one.name === name)!
    const type = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' }[dtype]
    return this.#nodes.has(name) ? name : this.#add({ name, op: 'Const', attr: { dtype: { type } } })
  }

  /** Those that `outputs` come from, and all inputs, in the order in which they were written. */
  reached(outputs: readonly Ref[]): NodeJson[] {
    const seen = new Set<string>()
    const open = outputs.map(nodeOf)
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      open.push(...(this.#nodes.get(name)?.input ?? []).map(nodeOf))
    }
    return [...this.#nodes.values()].filter(({ name, op }) => seen.has(name) || op === 'Placeholder')
  }

  #add(node: NodeJson): Ref {
    this.#nodes.set(node.name, node)
    return node.name
  }
}

const nodeOf = (ref: Ref): string => ref.split(':')[0]!

/** The `k`-th result of a node. */
export const resultOf = (node: Ref, k: number): Ref => (k === 0 ? node : `${node}:${k}`)
