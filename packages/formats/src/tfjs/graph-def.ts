// TensorFlow's GraphDef as JSON: nodes with their attributes, and a library of functions. 64-bit integers are texts, texts are base64
// (lists of byte values in old files), types are names or numbers; an empty list has no key at all.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/{graph,node_def,attr_value,function}.proto

import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { isRecord, type Json, type JsonRecord } from '../layers/layer-config.ts'
import { entry, shapeOf } from './model-json.ts'

/** An input of a node: the output `index` of `node`; `argument` names it in functions ('node:output:0'). */
export interface TensorRef {
  readonly node: string
  readonly index: number
  readonly argument?: string
}

/** A list of nodes by name: the graph, or the body of a function. */
export type NodeTable = ReadonlyMap<string, NodeDef>

export interface FunctionDef {
  readonly name: string
  /** Names of its parameters, with their types. */
  readonly inputs: readonly { readonly name: string; readonly dtype: DType | undefined }[]
  /** What it returns, in the order of its signature. */
  readonly outputs: readonly TensorRef[]
  readonly nodes: NodeTable
}

export interface GraphDef {
  readonly nodes: NodeTable
  readonly functions: ReadonlyMap<string, FunctionDef>
}

/** A node of the file, its attributes asked by name; what has the wrong type is said with the node's name. */
export class NodeDef {
  readonly name: string
  readonly op: string
  /** Excludes control inputs. */
  readonly inputs: readonly TensorRef[]
  /** What must run before it. */
  readonly controls: readonly TensorRef[]
  readonly #file: string
  readonly #attributes: JsonRecord

  constructor(given: Json, file: string) {
    const name = isRecord(given) ? entry(given, 'name') : undefined
    const op = isRecord(given) ? entry(given, 'op') : undefined
    if (!isRecord(given) || typeof name !== 'string' || typeof op !== 'string')
      throw new InputError(`${file} has a node without a name or an operator; save or convert the model again`)
    const [inputs, attributes] = [entry(given, 'input') ?? [], entry(given, 'attr') ?? {}]
    this.name = name
    this.op = op
    this.#file = file
    this.#attributes = isRecord(attributes) ? attributes : {}
    if (!Array.isArray(inputs) || !inputs.every((one) => typeof one === 'string'))
      throw this.refuse('has inputs that are not names')
    const [before, read] = [true, false].map((isControl) =>
      (inputs as string[]).filter((one) => one.startsWith('^') === isControl),
    )
    this.inputs = read!.map(refOf)
    this.controls = before!.map((one) => refOf(one.slice(1)))
  }

  number(key: string, fallback?: number): number {
    const value = this.#value(key)
    const given = isRecord(value) ? (entry(value, 'i') ?? entry(value, 'f')) : undefined
    const number = given === undefined ? fallback : Number(given)
    return number !== undefined && !Number.isNaN(number) ? number : this.#wrong(key, 'a number')
  }

  flag(key: string, fallback = false): boolean {
    const value = this.#value(key)
    const given = isRecord(value) ? (entry(value, 'b') ?? fallback) : fallback
    return typeof given === 'boolean' ? given : this.#wrong(key, 'true or false')
  }

  text(key: string, fallback = ''): string {
    const value = this.#value(key)
    const given = isRecord(value) ? entry(value, 's') : undefined
    return given === undefined ? fallback : (decoded(given) ?? this.#wrong(key, 'a text'))
  }

  numbers(key: string, fallback: readonly number[] = []): readonly number[] {
    const list = this.#list(key)
    const given = list === undefined ? undefined : (entry(list, 'i') ?? entry(list, 'f'))
    if (given === undefined) return fallback
    const numbers = Array.isArray(given) ? given.map(Number) : []
    return Array.isArray(given) && numbers.every((one) => !Number.isNaN(one)) ? numbers : this.#wrong(key, 'a list of numbers')
  }

  texts(key: string): readonly string[] {
    const list = this.#list(key)
    const given = list === undefined ? [] : (entry(list, 's') ?? [])
    const texts = Array.isArray(given) ? given.map(decoded) : [undefined]
    return texts.every((one) => one !== undefined) ? texts : this.#wrong(key, 'a list of texts')
  }

  /** As TensorFlow.js holds it: all integers as int32, all floats as float32. Undefined: not said. */
  type(key: string): DType | undefined {
    const value = this.#value(key)
    const given = isRecord(value) ? entry(value, 'type') : undefined
    return given === undefined ? undefined : typeOf(given)
  }

  /** Undefined: not said, or of a rank that is not known. */
  shape(key: string): readonly (number | null)[] | undefined {
    const value = this.#value(key)
    return isRecord(value) ? shapeOf(entry(value, 'shape')) : undefined
  }

  /** Shapes of a list, such as `_output_shapes`. */
  shapes(key: string): readonly (readonly (number | null)[] | undefined)[] {
    const list = this.#list(key)
    const given = list === undefined ? undefined : entry(list, 'shape')
    return Array.isArray(given) ? given.map(shapeOf) : []
  }

  /** The name of a function. */
  function(key: string): string {
    const value = this.#value(key)
    const func = isRecord(value) ? entry(value, 'func') : undefined
    const name = isRecord(func) ? entry(func, 'name') : undefined
    return typeof name === 'string' ? name : this.#wrong(key, 'a function')
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined
  }

  /** The error for what this node asks and cannot be had: "model.json: node 'x' (While) says". */
  refuse(says: string): InputError {
    return new InputError(`${this.#file}: node '${this.name}' (${this.op}) ${says}`)
  }

  #value(key: string): Json | undefined {
    return entry(this.#attributes, key)
  }

  #list(key: string): JsonRecord | undefined {
    const value = this.#value(key)
    const list = isRecord(value) ? entry(value, 'list') : undefined
    return isRecord(list) ? list : undefined
  }

  #wrong(key: string, wanted: string): never {
    throw this.refuse(
      `has ${JSON.stringify(this.#value(key) ?? null).slice(0, 80)} for ${key}, not ${wanted}; convert the model again`,
    )
  }
}

/** Throws InputError if the topology holds no list of nodes, or two of one name. */
export function readGraphDef(topology: JsonRecord, file: string): GraphDef {
  const library = entry(topology, 'library')
  const given = isRecord(library) ? entry(library, 'function') : undefined
  const functions = (Array.isArray(given) ? given : []).map((one: Json) => functionOf(one, file))
  return {
    nodes: tableOf(entry(topology, 'node'), file),
    functions: new Map(functions.map((one) => [one.name, one])),
  }
}

function tableOf(given: Json | undefined, file: string): NodeTable {
  if (!Array.isArray(given)) throw new InputError(`${file} is a graph model without nodes; save or convert the model again`)
  const nodes = new Map<string, NodeDef>()
  for (const one of given as readonly Json[]) {
    const node = new NodeDef(one, file)
    if (nodes.has(node.name)) throw node.refuse('is not the only one of its name; convert the model again')
    nodes.set(node.name, node)
  }
  return nodes
}

function functionOf(given: Json, file: string): FunctionDef {
  const signature = isRecord(given) ? entry(given, 'signature') : undefined
  const name = isRecord(signature) ? entry(signature, 'name') : undefined
  if (!isRecord(given) || !isRecord(signature) || typeof name !== 'string')
    throw new InputError(`${file} has a function without a name; convert the model again`)
  const returned = entry(given, 'ret')
  const outputs = argumentsOf(entry(signature, 'outputArg')).map((argument) => {
    const ref = isRecord(returned) ? entry(returned, argument.name) : undefined
    if (typeof ref !== 'string')
      throw new InputError(`${file}: function '${name}' does not say what '${argument.name}' is; convert it again`)
    return refOf(ref)
  })
  return { name, inputs: argumentsOf(entry(signature, 'inputArg')), outputs, nodes: tableOf(entry(given, 'nodeDef') ?? [], file) }
}

function argumentsOf(given: Json | undefined): { name: string; dtype: DType | undefined }[] {
  if (!Array.isArray(given)) return []
  return given.filter(isRecord).map((one) => {
    const [name, type] = [entry(one, 'name'), entry(one, 'type')]
    return { name: typeof name === 'string' ? name : '', dtype: type === undefined ? undefined : typeOf(type) }
  })
}

/** 'node', 'node:1', and in functions 'node:output:0'. */
export function refOf(text: string): TensorRef {
  const [node = '', second, third] = text.split(':')
  if (third !== undefined) return { node, index: Number(third) || 0, argument: second! }
  return { node, index: Number(second ?? 0) || 0 }
}

/** Base64, or byte values. */
function decoded(given: Json): string | undefined {
  if (typeof given === 'string') return Buffer.from(given, 'base64').toString('utf8')
  return Array.isArray(given) ? Buffer.from(given.map(Number)).toString('utf8') : undefined
}

/**
 * By name and, as old files write them, by number of tensorflow/core/framework/types.proto.
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/src/operations/operation_mapper.ts (parseDtypeParam)
 */
const TYPES: readonly (readonly [name: string, number: number, dtype: DType])[] = [
  ['DT_FLOAT', 1, 'float32'],
  ['DT_DOUBLE', 2, 'float32'],
  ['DT_INT32', 3, 'int32'],
  ['DT_UINT8', 4, 'int32'],
  ['DT_INT16', 5, 'int32'],
  ['DT_INT8', 6, 'int32'],
  ['DT_STRING', 7, 'string'],
  ['DT_COMPLEX64', 8, 'complex64'],
  ['DT_INT64', 9, 'int32'],
  ['DT_BOOL', 10, 'bool'],
  ['DT_COMPLEX128', 18, 'complex64'],
  ['DT_HALF', 19, 'float32'],
]

const typeOf = (given: Json): DType | undefined => TYPES.find(([name, number]) => given === name || given === number)?.[2]
