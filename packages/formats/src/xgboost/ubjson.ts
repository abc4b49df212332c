// Universal Binary JSON as XGBoost writes it (src/common/json.cc, UBJWriter and UBJReader): big-endian, objects without a count, arrays
// always with one and without a closing bracket. General UBJSON readers stumble over it.
import { InputError } from '@whyslow/graph/input-error.ts'

/** Arrays of one type are typed arrays, all others lists. */
export type UbjValue = null | boolean | number | string | NumberArray | UbjValue[] | { [key: string]: UbjValue }

export type NumberArray = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Int32Array

interface TypedArray {
  readonly width: number
  read(view: DataView, at: number, count: number): NumberArray
}

const filled = <Numbers extends NumberArray>(array: Numbers, read: (k: number) => number): Numbers => {
  for (let k = 0; k < array.length; k++) array[k] = read(k)
  return array
}

/** int64 as doubles: indexes of features beyond 2⁵³ there are none. */
const TYPED: Readonly<Record<string, TypedArray>> = {
  d: { width: 4, read: (view, at, count) => filled(new Float32Array(count), (k) => view.getFloat32(at + 4 * k)) },
  D: { width: 8, read: (view, at, count) => filled(new Float64Array(count), (k) => view.getFloat64(at + 8 * k)) },
  i: { width: 1, read: (view, at, count) => filled(new Int8Array(count), (k) => view.getInt8(at + k)) },
  U: { width: 1, read: (view, at, count) => filled(new Uint8Array(count), (k) => view.getUint8(at + k)) },
  I: { width: 2, read: (view, at, count) => filled(new Int16Array(count), (k) => view.getInt16(at + 2 * k)) },
  l: { width: 4, read: (view, at, count) => filled(new Int32Array(count), (k) => view.getInt32(at + 4 * k)) },
  L: { width: 8, read: (view, at, count) => filled(new Float64Array(count), (k) => Number(view.getBigInt64(at + 8 * k))) },
}

/** Objects and lists in each other; XGBoost's own have six. */
const DEEPEST = 64

/** The one value in `bytes`. Throws InputError if it is cut off, nested without end or no UBJSON of XGBoost's. */
export function parseUbjson(bytes: Uint8Array, file: string): UbjValue {
  return new Reader(bytes, file).value(0)
}

class Reader {
  readonly #view: DataView
  readonly #file: string
  #at = 0

  constructor(bytes: Uint8Array, file: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#file = file
  }

  value(depth: number): UbjValue {
    if (depth > DEEPEST) throw this.#damaged(`nested more than ${DEEPEST} deep`)
    const mark = this.#character()
    switch (mark) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case 'S':
        return this.#text()
      case 'C':
        return this.#character()
      case 'Z':
        return null
      case 'T':
      case 'F':
        return mark === 'T'
      default:
        return this.#numbers(mark, 1)[0]!
    }
  }

  #object(depth: number): { [key: string]: UbjValue } {
    const result: { [key: string]: UbjValue } = Object.create(null)
    while (this.#peek() !== '}') {
      const key = this.#text()
      result[key] = this.value(depth + 1)
    }
    this.#at++
    return result
  }

  #array(depth: number): UbjValue[] | NumberArray {
    const typed = this.#peek() === '$'
    if (typed) this.#at++
    const type = typed ? this.#character() : ''
    if (this.#character() !== '#') throw this.#damaged('an array without its length')
    const count = this.#length()
    if (typed) return this.#numbers(type, count)
    // Each value has its mark at least.
    if (count > this.#left()) throw this.#damaged(`an array of ${count} values`)
    return Array.from({ length: count }, () => this.value(depth + 1))
  }

  #numbers(type: string, count: number): NumberArray {
    const kind = TYPED[type]
    if (kind === undefined) throw this.#damaged(`type '${type}', which XGBoost never writes`)
    if (count * kind.width > this.#left()) throw this.#damaged(`an array of ${count} numbers`)
    const numbers = kind.read(this.#view, this.#at, count)
    this.#at += count * kind.width
    return numbers
  }

  #text(): string {
    const length = this.#length()
    if (length > this.#left()) throw this.#damaged(`a text of ${length} bytes`)
    const text = new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, length))
    this.#at += length
    return text
  }

  #length(): number {
    const mark = this.#character()
    const length = TYPED[mark] === undefined || mark === 'd' || mark === 'D' ? -1 : this.#numbers(mark, 1)[0]!
    if (length < 0) throw this.#damaged('a length that is none')
    return length
  }

  #peek(): string {
    if (this.#at >= this.#view.byteLength) throw this.#damaged('its end too early')
    return String.fromCharCode(this.#view.getUint8(this.#at))
  }

  #character(): string {
    const character = this.#peek()
    this.#at++
    return character
  }

  #left(): number {
    return this.#view.byteLength - this.#at
  }

  #damaged(what: string): InputError {
    return new InputError(`${this.#file} is damaged: it has ${what} at byte ${this.#at}; save the model again with save_model`)
  }
}
