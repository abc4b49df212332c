// Where the event with an id lies: a table of numbers, since a Map of millions takes ten times the memory.

export class IdIndex {
  readonly #keys: Int32Array
  readonly #values: Int32Array
  readonly #mask: number

  /** `most`: how many ids will be added at most. */
  constructor(most: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, most * 2)))
    this.#keys = new Int32Array(size)
    this.#values = new Int32Array(size)
    this.#mask = size - 1
  }

  /** `id` is not 0. Of equal ids the first is kept. */
  add(id: number, value: number): void {
    let at = (Math.imul(id, 0x9e3779b1) >>> 7) & this.#mask
    while (this.#keys[at] !== 0) {
      if (this.#keys[at] === id) return
      at = (at + 1) & this.#mask
    }
    this.#keys[at] = id
    this.#values[at] = value
  }

  /** -1: none. */
  get(id: number): number {
    if (id === 0) return -1
    let at = (Math.imul(id, 0x9e3779b1) >>> 7) & this.#mask
    while (this.#keys[at] !== 0) {
      if (this.#keys[at] === id) return this.#values[at]!
      at = (at + 1) & this.#mask
    }
    return -1
  }
}
