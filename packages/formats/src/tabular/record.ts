// A document of objects and lists, as it comes from a stranger's file: what is asked for is there and of its kind, or one line says where
// it is not.
import { InputError } from '@whyslow/graph/input-error.ts'

type Numbers = ArrayLike<number>

/** No array of a file has more; a longer one would not fit into memory as numbers of 8 bytes. */
const MOST = 2 ** 31

export class DocumentRecord {
  readonly #value: Readonly<Record<string, unknown>>
  /** As messages say it: 'model.json: learner.objective'. */
  readonly where: string

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
      throw new InputError(`${where} is not an object; the file is damaged, save the model again`)
    this.#value = value as Readonly<Record<string, unknown>>
    this.where = where
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] !== null && this.#value[key] !== undefined
  }

  keys(): string[] {
    return Object.keys(this.#value)
  }

  record(key: string): DocumentRecord {
    return new DocumentRecord(this.#at(key), this.#place(key))
  }

  /** A list of objects. */
  records(key: string): DocumentRecord[] {
    return this.list(key).map((one, k) => new DocumentRecord(one, `${this.#place(key)}[${k}]`))
  }

  list(key: string): readonly unknown[] {
    const value = this.#at(key)
    if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Numbers)
    if (!Array.isArray(value)) throw this.#wrong(key, 'no list')
    return value
  }

  /** A list of numbers; NaN if a number is null. Numbers in words ("1.5") are numbers, true and false are 1 and 0. */
  numbers(key: string): Numbers {
    const value = this.#at(key)
    if (ArrayBuffer.isView(value)) return value as unknown as Numbers
    if (!Array.isArray(value)) throw this.#wrong(key, 'no list')
    if (value.length > MOST) throw this.#wrong(key, 'too long a list')
    return Float64Array.from(value, (one) => {
      if (typeof one === 'number') return one
      if (one === null) return Number.NaN
      const number = typeof one === 'boolean' || typeof one === 'string' ? Number(one) : Number.NaN
      if (Number.isNaN(number)) throw this.#wrong(key, 'no list of numbers')
      return number
    })
  }

  text(key: string): string {
    const value = this.#at(key)
    if (typeof value !== 'string') throw this.#wrong(key, 'no text')
    return value
  }

  texts(key: string): string[] {
    return this.list(key).map((one) => {
      if (typeof one !== 'string') throw this.#wrong(key, 'no list of texts')
      return one
    })
  }

  /** A number, or a text that is one. */
  number(key: string): number {
    const value = this.#at(key)
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || Number.isNaN(number)) throw this.#wrong(key, 'no number')
    return number
  }

  /** A whole number from 0 to `most`. */
  count(key: string, most = MOST): number {
    const number = this.number(key)
    if (!Number.isInteger(number) || number < 0 || number > most)
      throw this.#wrong(key, `${number}, not a number from 0 to ${most}`)
    return number
  }

  raw(key: string): unknown {
    return this.#value[key]
  }

  #at(key: string): unknown {
    if (!this.has(key)) throw new InputError(`${this.#place(key)} is missing; the file is damaged, save the model again`)
    return this.#value[key]
  }

  #place(key: string): string {
    return this.where.includes(': ') ? `${this.where}.${key}` : `${this.where}: ${key}`
  }

  #wrong(key: string, what: string): InputError {
    return new InputError(`${this.#place(key)} is ${what}; the file is damaged, save the model again`)
  }
}
