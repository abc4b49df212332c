// A graph written node by node while a model of another format is read. Values know their type and shape, so that whoever writes the
// next node can ask; constants with the same bytes stand once; nodes remember the layer of the source file that they came from.
// Nodes are written in the layout of the source (channels last): what is transposed to and fro on the way is settled afterwards.
import { createHash } from 'node:crypto'
import type { GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { type AttributeValue, graph, model, type NodeHead, node, valueInfo } from '../build.ts'
import type { Dimension, DType } from '../types.ts'
import { type ConstantData, int64s, tensorOf } from './constant-data.ts'
import { uniqueName } from './unique-name.ts'

/** A tensor of the graph being written: its rank is always known, sizes may be symbols or unknown (null). */
export interface Value {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly Dimension[]
  /** Its content, where it is a constant. */
  readonly constant?: ConstantData
}

/** The type of a value that a node makes. */
export interface ValueType {
  readonly dtype: DType
  readonly shape: readonly Dimension[]
}

/** An input of a node; undefined leaves an optional one out. */
export type Operand = Value | undefined

type Attributes = Readonly<Record<string, AttributeValue>>

/** What the builders of a graph and of the subgraphs in it share. */
interface Shared {
  readonly names: Map<string, number>
  readonly constants: Map<string, Value>
  /** What each initializer holds, by its name. */
  readonly contents: Map<string, ConstantData>
  /** Names of constants that one reader has for itself. */
  readonly alone: Set<string>
  readonly initializers: TensorProto[]
  readonly origins: Map<NodeProto, string>
  /** Opsets of ai.onnx and of other domains that nodes need. */
  readonly opsets: Map<string, number>
  origin: string
}

export interface BuiltGraph {
  readonly proto: ModelProto
  /** Content of the initializers, by name. */
  readonly constants: ReadonlyMap<string, ConstantData>
  readonly origins: ReadonlyMap<NodeProto, string>
}

/** ai.onnx 17 has LayerNormalization and is read by every engine of the last years. */
const OPSET = 17

/** Opsets of other domains; 1 if not listed. ai.onnx.ml 3 has LabelEncoder between words and numbers. */
const OTHER_OPSETS: Readonly<Record<string, number>> = { 'ai.onnx.ml': 3 }

export class GraphBuilder {
  readonly #shared: Shared
  readonly #nodes: NodeProto[] = []
  readonly #inputs: ValueInfoProto[] = []
  readonly #outputs: { readonly name: string; readonly value: Value }[] = []
  readonly #types: ValueInfoProto[] = []

  constructor(opset: number = OPSET, within?: GraphBuilder) {
    this.#shared =
      within !== undefined
        ? within.#shared
        : {
            names: new Map(),
            constants: new Map(),
            contents: new Map(),
            alone: new Set(),
            initializers: [],
            origins: new Map(),
            opsets: new Map([['', opset]]),
            origin: '',
          }
  }

  /** A graph input, with its own name. What is fed if nothing is: `content` (a state's zeros). */
  input(name: string, dtype: DType, shape: readonly Dimension[], content?: ConstantData): Value {
    this.#shared.names.set(name, 1)
    this.#inputs.push(valueInfo(name, dtype, shape))
    if (content !== undefined) this.#shared.initializers.push(tensorOf(name, content))
    return { name, dtype, shape }
  }

  /** Keeps names for graph inputs and outputs that are told later: nothing else is called so. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#shared.names.set(name, 1)
  }

  /** Makes `value` the graph output `name`; outputs stand in the order of these calls. */
  output(name: string, value: Value): void {
    this.#outputs.push({ name, value })
  }

  /** Nodes written meanwhile come from the layer or operator `origin` of the source file. */
  within<Result>(origin: string, write: () => Result): Result {
    const before = this.#shared.origin
    this.#shared.origin = origin
    try {
      return write()
    } finally {
      this.#shared.origin = before
    }
  }

  /** A constant; the same bytes of the same type and shape are one initializer. `name` is a wish. */
  constant(data: ConstantData, name = 'constant'): Value {
    const key = keyOf(data)
    const known = this.#shared.constants.get(key)
    if (known !== undefined) return known
    const value = this.#initializer(data, name)
    this.#shared.constants.set(key, value)
    return value
  }

  /** A constant that nobody else has asked for alone: the first who asks has what `constant` gives, everyone else a copy. */
  constantAlone(data: ConstantData, name = 'constant'): Value {
    const { alone } = this.#shared
    const shared = this.constant(data, name)
    const value = alone.has(shared.name) ? this.#initializer(data, name) : shared
    alone.add(value.name)
    return value
  }

  #initializer(data: ConstantData, name: string): Value {
    const given = this.#unique(this.#shared.origin === '' ? name : `${this.#shared.origin}/${name}`)
    this.#shared.contents.set(given, data)
    this.#shared.initializers.push(tensorOf(given, data))
    return { name: given, dtype: data.dtype, shape: data.shape, constant: data }
  }

  /** Asks for this version of a domain's operators, where what it has without being asked is older. */
  opset(domain: string, version: number): void {
    this.#shared.opsets.set(domain, Math.max(version, this.#shared.opsets.get(domain) ?? 0))
  }

  /** A list of int64, as ONNX wants shapes, axes and pads. */
  ints(values: readonly number[]): Value {
    return this.constant(int64s(values), 'ints')
  }

  /** The one result of a node. */
  op(head: string | NodeHead, inputs: readonly Operand[], result: ValueType, attributes: Attributes = {}): Value {
    return this.ops(head, inputs, [result], attributes)[0]!
  }

  /** All results of a node; undefined leaves an optional one out. */
  ops(
    head: string | NodeHead,
    inputs: readonly Operand[],
    results: readonly (ValueType | undefined)[],
    attributes: Attributes = {},
  ): Value[] {
    const { opType, domain = '' } = typeof head === 'string' ? { opType: head } : head
    if (!this.#shared.opsets.has(domain)) this.#shared.opsets.set(domain, OTHER_OPSETS[domain] ?? 1)
    const values = results.map((type) => this.#value(opType, type))
    const made = node(
      { opType, domain, name: this.#unique(this.#shared.origin === '' ? opType : `${this.#shared.origin}/${opType}`) },
      // An optional input that is left out at the end is not there at all: onnxruntime 1.30 chooses other kernels for an empty name.
      inputs.slice(0, 1 + inputs.findLastIndex((input) => input !== undefined)).map((input) => input?.name ?? ''),
      values.map(({ name }) => name),
      attributes,
    )
    this.#nodes.push(made)
    this.#shared.origins.set(made, this.#shared.origin)
    return values
  }

  /** The body of a Loop, Scan or If, whose nodes may use values of this graph, too. Constants of it are this graph's. */
  subgraph(inputs: readonly ValueType[], write: (body: GraphBuilder, inputs: readonly Value[]) => readonly Value[]): GraphProto {
    const body = new GraphBuilder(OPSET, this)
    const values = inputs.map(({ dtype, shape }) => body.input(this.#unique('body/input'), dtype, shape))
    for (const value of write(body, values)) body.output(this.#unique('body/output'), value)
    return body.#graph('body')
  }

  /** The model that was written. */
  build(name: string): BuiltGraph {
    const { opsets, initializers, origins, contents } = this.#shared
    const built = this.#graph(name)
    const { '': opset = OPSET, ...others } = Object.fromEntries(opsets)
    const proto = model({
      name,
      nodes: built.node,
      inputs: built.input,
      outputs: built.output,
      values: built.valueInfo,
      initializers,
      opset,
      opsets: others,
    })
    return { proto, constants: contents, origins }
  }

  #graph(name: string): GraphProto {
    const outputs = this.#outputs.map(({ name: given, value }) => {
      const nodes = this.#nodes
      // An output is a value of its own: what is named an output keeps its name even where it is an input or a constant, too.
      const identity = node({ opType: 'Identity', name: this.#unique(`${given}/Identity`) }, [value.name], [given])
      nodes.push(identity)
      this.#shared.origins.set(
        identity,
        this.#shared.origins.get(nodes.find(({ output }) => output.includes(value.name))!) ?? given,
      )
      return valueInfo(given, value.dtype, value.shape)
    })
    return graph({ name, nodes: this.#nodes, inputs: this.#inputs, outputs, values: this.#types })
  }

  #value(opType: string, type: ValueType | undefined): Value {
    if (type === undefined) return { name: '', dtype: 'float32', shape: [] }
    const { origin } = this.#shared
    const name = this.#unique(origin === '' ? `${opType}:0` : `${origin}/${opType}:0`)
    this.#types.push(valueInfo(name, type.dtype, type.shape))
    return { name, dtype: type.dtype, shape: type.shape }
  }

  /** `wish`, or with a number behind it if it is taken. */
  #unique(wish: string): string {
    return uniqueName(wish, this.#shared.names)
  }
}

function keyOf(data: ConstantData): string {
  const { dtype, shape } = data
  const hash = createHash('sha256')
  if (ArrayBuffer.isView(data.data)) hash.update(data.data)
  else hash.update(JSON.stringify(data.data))
  return `${dtype} ${shape.join('x')} ${hash.digest('hex')}`
}
