// Sets of categories of all trees, while a file is read.

import type { CategorySets } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'

/** Words of all sets together: a file of many sets of far categories must not fill the memory. */
const MOST_WORDS = 2 ** 27
/** Those that a file does not have itself: one far category makes half a million words. */
const MOST_MADE_WORDS = 2 ** 24

export class SetWriter {
  readonly #sets: Uint32Array[] = []
  #words = 0
  #made = 0

  /** The index of the set of these categories, each below `end`. Throws InputError if one is none. */
  add(categories: ArrayLike<number>, end: number, where: string): number {
    let largest = -1
    for (let k = 0; k < categories.length; k++) {
      const category = categories[k]!
      if (!Number.isInteger(category) || category < 0 || category >= end)
        throw new InputError(`${where} has the category ${category}, not a whole number below ${end}; the file is damaged`)
      largest = Math.max(largest, category)
    }
    const count = Math.floor(largest / 32) + 1
    this.#made += count
    if (this.#made > MOST_MADE_WORDS) throw tooLarge(where)
    const words = new Uint32Array(count)
    for (let k = 0; k < categories.length; k++) words[categories[k]! >>> 5]! |= 1 << (categories[k]! & 31)
    return this.addWords(words, where)
  }

  /** The index of the set whose bits these are. */
  addWords(words: Uint32Array, where: string): number {
    this.#words += words.length
    if (this.#words > MOST_WORDS) throw tooLarge(where)
    this.#sets.push(words)
    return this.#sets.length - 1
  }

  sets(): CategorySets {
    const starts = new Int32Array(this.#sets.length + 1)
    const words = new Uint32Array(this.#words)
    for (const [k, set] of this.#sets.entries()) {
      words.set(set, starts[k]!)
      starts[k + 1] = starts[k]! + set.length
    }
    return { starts, words }
  }
}

const tooLarge = (where: string): InputError => new InputError(`${where}: its sets of categories are too large to be read`)
