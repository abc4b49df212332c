// A layer's configuration as it stands in the file, asked by key: what has the wrong type is said with the layer's name.
import { InputError } from '@whyslow/graph/input-error.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonRecord
export type JsonRecord = { readonly [key: string]: Json }

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export class LayerConfig {
  readonly #file: string
  readonly #layer: string
  readonly #values: JsonRecord

  /** `file` and `layer` begin every message: 'model.h5', "layer 'dense_1' (Dense)". */
  constructor(file: string, layer: string, values: JsonRecord) {
    this.#file = file
    this.#layer = layer
    this.#values = values
  }

  /** The configuration of a layer in this one, of the same file. */
  inner(className: string, name: string, values: JsonRecord): LayerConfig {
    return new LayerConfig(this.#file, `layer '${name}' (${className})`, values)
  }

  /** The same layer with other values. */
  with(values: JsonRecord): LayerConfig {
    return new LayerConfig(this.#file, this.#layer, { ...this.#values, ...values })
  }

  /** As it is in the file; undefined if the key is absent or null. */
  raw(key: string): Json | undefined {
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined
  }

  get values(): JsonRecord {
    return this.#values
  }

  number(key: string, fallback?: number): number {
    const value = this.raw(key) ?? fallback
    return typeof value === 'number' ? value : this.#wrong(key, 'a number')
  }

  flag(key: string, fallback?: boolean): boolean {
    const value = this.raw(key) ?? fallback
    return typeof value === 'boolean' ? value : this.#wrong(key, 'true or false')
  }

  text(key: string, fallback?: string): string {
    const value = this.raw(key) ?? fallback
    return typeof value === 'string' ? value : this.#wrong(key, 'a text')
  }

  /** A list; a value alone is a list of one. */
  numbers(key: string, fallback?: readonly number[]): readonly number[] {
    const value = this.raw(key) ?? fallback
    if (typeof value === 'number') return [value]
    return isNumbers(value) ? value : this.#wrong(key, 'numbers')
  }

  /** A number for each of `count` axes; one number is used for all. */
  perAxis(key: string, count: number, fallback?: number): readonly number[] {
    const value = this.raw(key) ?? fallback
    if (typeof value === 'number') return new Array<number>(count).fill(value)
    if (isNumbers(value) && value.length === count) return value
    return this.#wrong(key, `${count} numbers`)
  }

  /** The error for what this layer asks and cannot be had: '… : layer 'x' (Lambda) says; next'. */
  refuse(says: string): InputError {
    return new InputError(`${this.#file}: ${this.#layer} ${says}`)
  }

  #wrong(key: string, wanted: string): never {
    throw this.refuse(
      `has ${JSON.stringify(this.#values[key] ?? null).slice(0, 200)} for ${key}, not ${wanted}; save the model again`,
    )
  }
}

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number')
