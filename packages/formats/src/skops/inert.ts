// What a .skops file holds, as data: objects with their class and fields, lists, numbers, arrays. Nothing is built or run of it.
// https://github.com/skops-dev/skops/tree/main/skops/io

import type { Archive } from '@whyslow/graph/archives/zip.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, jsonValue } from '@whyslow/graph/json.ts'
import { type NpyArray, readNpy } from './npy.ts'

type Node = Readonly<Record<string, unknown>>

/** Objects in each other; references lead back only in damaged files. */
const DEEPEST = 200

export class InertObject {
  readonly #node: Node
  readonly #file: SkopsFile
  /** As messages say it: 'model.skops: RandomForestClassifier.estimators_'. */
  readonly where: string
  readonly #depth: number

  constructor(node: Node, file: SkopsFile, where: string, depth = 0) {
    if (depth > DEEPEST) throw new InputError(`${where} nests its objects without end; the file is damaged`)
    // What represents an object that was there before.
    this.#node = node.__loader__ === 'CachedNode' ? (file.byId(node.__id__ ?? node.cached) ?? node) : node
    this.#file = file
    this.where = where
    this.#depth = depth
  }

  /** 'RandomForestClassifier'. */
  get className(): string {
    return String(this.#node.__class__ ?? '')
  }

  has(name: string): boolean {
    const field = this.#fields()[name]
    return isNode(field) && !isNone(field)
  }

  /** Whether it is Python's None. */
  isNone(): boolean {
    return isNone(this.#node)
  }

  /** The name of a function of this module; undefined for anything else. */
  nameWithin(module: string): string | undefined {
    return this.#node.__loader__ === 'FunctionNode' && this.#node.__module__ === module ? this.className : undefined
  }

  field(name: string): InertObject {
    const field = this.#fields()[name]
    if (!isNode(field))
      throw new InputError(`${this.where} has no ${name}; its version of scikit-learn is not known, or the model was not fitted`)
    return this.#within(field, name)
  }

  /** The state of what Python reduces: a tree. */
  items(): InertObject[] {
    const { content } = this.#node
    if (!Array.isArray(content)) throw this.#wrong('no list')
    return content.map((one: unknown, k) => {
      if (!isNode(one)) throw this.#wrong('no list of objects')
      return this.#within(one, `[${k}]`)
    })
  }

  /** A number, text or boolean of Python's, or an array of one element. */
  plain(): unknown {
    if (this.#node.__loader__ === 'NdArrayNode') {
      const { numbers, texts } = this.array()
      return texts?.[0] ?? numbers[0]
    }
    if (this.#node.__loader__ !== 'JsonNode') throw this.#wrong('neither number nor text')
    return jsonOf(String(this.#node.content))
  }

  number(): number {
    const value = this.plain()
    if (typeof value !== 'number') throw this.#wrong('no number')
    return value
  }

  text(): string {
    const value = this.plain()
    if (typeof value !== 'string') throw this.#wrong('no text')
    return value
  }

  isArray(): boolean {
    return this.#node.__loader__ === 'NdArrayNode' && this.#node.type === 'numpy'
  }

  isList(): boolean {
    return Array.isArray(this.#node.content)
  }

  array(): NpyArray {
    if (!this.isArray()) throw this.#wrong('no array of numbers')
    return this.#file.array(String(this.#node.file), this.where)
  }

  /** A slice of Python's: its start, stop and step. */
  slice(): readonly (number | null)[] | undefined {
    if (this.#node.__loader__ !== 'SliceNode') return undefined
    const { content } = this.#node
    const part = (name: string): number | null => {
      const value = isNode(content) ? content[name] : undefined
      const plain = isNode(value) ? jsonOf(String(value.content)) : value
      return typeof plain === 'number' ? plain : null
    }
    return [part('start'), part('stop'), part('step')]
  }

  #fields(): Node {
    const { content } = this.#node
    if (!isNode(content)) return {}
    // An object's fields are a dictionary of its own.
    const inner = content.__loader__ === 'CachedNode' ? this.#file.byId(content.__id__) : content
    if (inner?.__loader__ === 'DictNode') return isNode(inner.content) ? inner.content : {}
    return content
  }

  #within(node: Node, name: string): InertObject {
    const place = this.#depth === 0 ? `${this.where}: ${this.className}` : this.where
    return new InertObject(node, this.#file, name.startsWith('[') ? `${place}${name}` : `${place}.${name}`, this.#depth + 1)
  }

  #wrong(what: string): InputError {
    return new InputError(`${this.where} is ${what}; its version of scikit-learn is not known, or the file is damaged`)
  }
}

/** The archive with its index of objects. */
export class SkopsFile {
  readonly #archive: Archive
  readonly #ids = new Map<unknown, Node>()

  constructor(archive: Archive, root: Node) {
    this.#archive = archive
    const open: unknown[] = [root]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (isNode(next) && next.__id__ !== undefined && next.__loader__ !== 'CachedNode') this.#ids.set(next.__id__, next)
      if (typeof next === 'object' && next !== null)
        for (const value of Object.values(next)) if (typeof value === 'object' && value !== null) open.push(value)
    }
  }

  byId(id: unknown): Node | undefined {
    return this.#ids.get(id)
  }

  array(name: string, where: string): NpyArray {
    const bytes = this.#archive.read(name)
    if (bytes === undefined)
      throw new InputError(`${where}: the array '${name}' is missing from the file; it is damaged, save the model again`)
    return readNpy(bytes, where)
  }
}

function isNode(value: unknown): value is Node {
  return isObject(value)
}

const isNone = (node: Node): boolean => node.__loader__ === 'JsonNode' && node.content === 'null'

/** Python writes NaN and Infinity. */
function jsonOf(text: string): unknown {
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity' || text === '-Infinity') return Number(text)
  return jsonValue(text)
}
