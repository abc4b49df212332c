// Where the event with an id lies, and which number a pair of numbers has: tables of numbers, since a Map of millions takes ten times the
// memory.

/** Ids that count up from 1 are their own places in a table; beyond this many places for each id, one is looked for. */
const PLACES_PER_ID = 4

export class IdIndex {
  /** Places by id; -1: none. undefined: ids are too far apart. */
  readonly #places: Int32Array | undefined
  readonly #hashed: HashedIds | undefined

  /** Maps ids other than 0 to the events that have them; of equal ids the first is kept. */
  constructor(ids: Int32Array, events: Uint32Array) {
    let [low, high] = [0, 0]
    for (const event of events) {
      low = Math.min(low, ids[event]!)
      high = Math.max(high, ids[event]!)
    }
    if (low === 0 && high <= PLACES_PER_ID * events.length) {
      const places = new Int32Array(high + 1).fill(-1)
      for (const event of events) if (ids[event] !== 0 && places[ids[event]!] === -1) places[ids[event]!] = event
      this.#places = places
      return
    }
    this.#hashed = new HashedIds(events.length)
    for (const event of events) if (ids[event] !== 0) this.#hashed.add(ids[event]!, event)
  }

  /** -1: none. */
  get(id: number): number {
    if (id === 0) return -1
    return this.#places === undefined ? this.#hashed!.get(id) : (this.#places[id] ?? -1)
  }
}

class HashedIds {
  readonly #keys: Int32Array
  readonly #values: Int32Array
  readonly #mask: number

  /** `most`: how many ids will be added at most. */
  constructor(most: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, most * 1.5)))
    this.#keys = new Int32Array(size)
    this.#values = new Int32Array(size)
    this.#mask = size - 1
  }

  add(id: number, value: number): void {
    let at = (Math.imul(id, 0x9e3779b1) >>> 7) & this.#mask
    while (this.#keys[at] !== 0) {
      if (this.#keys[at] === id) return
      at = (at + 1) & this.#mask
    }
    this.#keys[at] = id
    this.#values[at] = value
  }

  get(id: number): number {
    let at = (Math.imul(id, 0x9e3779b1) >>> 7) & this.#mask
    while (this.#keys[at] !== 0) {
      if (this.#keys[at] === id) return this.#values[at]!
      at = (at + 1) & this.#mask
    }
    return -1
  }
}

/** Pairs of numbers, none below 0, by the order in which they were first requested: 0, 1, 2. */
export class PairIndex {
  #pairs = new Int32Array(32)
  #table: Int32Array = new Int32Array(64)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The number of a pair, which may be new. */
  of(a: number, b: number): number {
    const mask = this.#table.length - 1
    let at = hashOf(a, b) & mask
    for (let id = this.#table[at]!; id !== 0; id = this.#table[at]!) {
      if (this.#pairs[2 * id - 2] === a && this.#pairs[2 * id - 1] === b) return id - 1
      at = (at + 1) & mask
    }
    if (2 * this.#length + 2 > this.#pairs.length) this.#grow()
    this.#pairs[2 * this.#length] = a
    this.#pairs[2 * this.#length + 1] = b
    this.#put(++this.#length)
    return this.#length - 1
  }

  #put(id: number): void {
    const mask = this.#table.length - 1
    let at = hashOf(this.#pairs[2 * id - 2]!, this.#pairs[2 * id - 1]!) & mask
    while (this.#table[at] !== 0) at = (at + 1) & mask
    this.#table[at] = id
  }

  #grow(): void {
    const pairs = new Int32Array(this.#pairs.length * 2)
    pairs.set(this.#pairs)
    this.#pairs = pairs
    this.#table = new Int32Array(pairs.length * 2)
    for (let id = 1; id <= this.#length; id++) this.#put(id)
  }
}

function hashOf(a: number, b: number): number {
  const mixed = Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
