// LightGBM's text model as blocks of keys: the header, then one for each tree. Read by keys and blank lines, since `tree_sizes` counts bytes
// that other line ends change. src/boosting/gbdt_model_text.cpp
import { InputError } from '@whyslow/graph/input-error.ts'

/** One block: what stands behind each key. Keys without a value ('average_output') are empty texts. */
export class TextBlock {
  readonly #values: ReadonlyMap<string, string>
  /** As messages say it: 'model.txt: tree 3'. */
  readonly where: string

  constructor(values: ReadonlyMap<string, string>, where: string) {
    this.#values = values
    this.where = where
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  text(key: string): string {
    const value = this.#values.get(key)
    if (value === undefined)
      throw new InputError(`${this.where}: ${key} is missing; the file is damaged or cut off, save the model again`)
    return value
  }

  /** A whole number from 0 to `most`. */
  count(key: string, most: number): number {
    const text = this.text(key)
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > most)
      throw new InputError(
        `${this.where}: ${key} is '${text.slice(0, 40)}', not a number from 0 to ${most}; the file is damaged, save the model again`,
      )
    return value
  }

  /** Numbers between blanks; as many as `length`, if it is given. */
  numbers(key: string, length?: number): Float64Array {
    const text = this.text(key)
    const numbers: number[] = []
    // No list of words: a model of a thousand trees has millions.
    for (let at = 0; at < text.length; ) {
      const blank = text.indexOf(' ', at)
      const end = blank < 0 ? text.length : blank
      if (end > at) numbers.push(this.#number(key, text.slice(at, end)))
      at = end + 1
    }
    if (length !== undefined && numbers.length !== length)
      throw new InputError(
        `${this.where}: ${key} has ${numbers.length} numbers, not ${length}; the file is damaged or cut off, save the model again`,
      )
    return Float64Array.from(numbers)
  }

  #number(key: string, word: string): number {
    const value = numberOf(word)
    if (value === undefined)
      throw new InputError(
        `${this.where}: ${key} has '${word.slice(0, 40)}', no number; the file is damaged, save the model again`,
      )
    return value
  }
}

export interface TextModel {
  readonly header: TextBlock
  readonly trees: readonly TextBlock[]
}

/** C++ writes 'inf', '-inf' and 'nan'. */
function numberOf(word: string): number | undefined {
  const value = Number(word)
  if (!Number.isNaN(value)) return value
  const inf = /^([+-]?)inf(inity)?$/i.exec(word)
  if (inf !== null) return inf[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[+-]?nan$/i.test(word) ? Number.NaN : undefined
}

/** What stands behind the trees; before 2.2 there is no mark of their end. */
const BEHIND_TREES = 'feature importances:'

/** Trees in the order of their numbers. Throws InputError if it ends before 'end of trees', or has fewer trees than it says. */
export function parseTextModel(text: string, file: string): TextModel {
  const trees: TextBlock[] = []
  let header: TextBlock | undefined
  let values = new Map<string, string>()
  let where = file
  const close = (): void => {
    if (header === undefined) header = new TextBlock(values, where)
    else trees.push(new TextBlock(values, where))
  }
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(at, text.charCodeAt(end - 1) === 13 ? end - 1 : end)
    at = end + 1
    if (line === '') continue
    if (line === 'end of trees' || (line === BEHIND_TREES && isComplete(header, trees.length + 1))) {
      close()
      return { header: header!, trees }
    }
    const equals = line.indexOf('=')
    const key = equals < 0 ? line : line.slice(0, equals)
    if (key === 'Tree' && equals > 0) {
      close()
      if (line.slice(equals + 1).trim() !== String(trees.length))
        throw new InputError(
          `${file}: tree ${trees.length} is called '${line.slice(equals + 1, equals + 40)}'; the file is damaged, save the model again`,
        )
      values = new Map()
      where = `${file}: tree ${trees.length}`
      continue
    }
    values.set(key, equals < 0 ? '' : line.slice(equals + 1))
  }
  throw new InputError(`${file} ends before its 'end of trees': it is cut off; download or copy it again`)
}

/** Whether this many trees are all that the header lists. */
const isComplete = (header: TextBlock | undefined, trees: number): boolean =>
  header?.has('tree_sizes') === true && header.text('tree_sizes').split(' ').length === trees
