// What a user may say of the inputs on the command line, and how it is checked against what the model declares.
import { InputError } from '@whyslow/graph/input-error.ts'
import { quoteWord } from '@whyslow/graph/shell-word.ts'
import type { DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isPlainFloat, isPlainInteger } from './dtype-arrays.ts'
import type { KnownValues } from './known.ts'

/** Given by the user; empty if nothing was said. */
export interface InputFlags {
  /** Whole shapes by input name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Values by input name: one for every element, or a comma list of all. */
  readonly values: ReadonlyMap<string, string>
  /** Size of the batch axis; null leaves it at 1. */
  readonly batch: number | null
  /** Most that one sample of all inputs may take, bytes; no limit where absent. */
  readonly limitBytes?: number
  /** What the model reports about the values of its inputs; not read before their sizes are known to be small enough. */
  readonly known?: () => ReadonlyMap<string, KnownValues>
}

export const NO_FLAGS: InputFlags = { shapes: new Map(), values: new Map(), batch: null }

/** How many inputs a message lists. */
const LISTED_INPUTS = 5

/**
 * The numbers (bigints for 64-bit integers, strings for strings) of a `--value`.
 * Throws an InputError if one is not of the dtype.
 */
export function parseElements(text: string, dtype: DType, name: string): readonly (number | bigint | string)[] {
  return text.split(',').map((part) => {
    const word = part.trim()
    if (dtype === 'string') return part
    const element = parseElement(word, dtype)
    if (element === undefined)
      throw new InputError(`--value ${name}=${shorten(text)}: '${shorten(word)}' is not ${article(dtype)}`)
    return element
  })
}

/** The same flags with every name one of the model's. Throws an InputError that lists the inputs if one is not. */
export function checkFlagNames(flags: InputFlags, declared: readonly ValueDeclaration[]): InputFlags {
  const named = <T>(flag: string, given: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map(
      [...given].map(([name, value]) => {
        if (declared.some((input) => input.name === name)) return [name, value]
        const only = declared.length === 1 ? declared[0] : undefined
        if (name === '' && only !== undefined) return [only.name, value]
        const missing = name === '' ? 'says no input' : `the model has no input '${shorten(name)}'`
        throw new InputError(`${flag}: ${missing}; its inputs: ${listInputs(declared)}`)
      }),
    )
  return { ...flags, shapes: named('--shape', flags.shapes), values: named('--value', flags.values) }
}

/** `x float32 [batch,3,?,?], mask int64 [batch,seq] and 3 more`: at most five inputs. */
export function listInputs(declared: readonly ValueDeclaration[]): string {
  if (declared.length === 0) return 'none'
  const listed = declared.slice(0, LISTED_INPUTS).map(describeInput).join(', ')
  return declared.length > LISTED_INPUTS ? `${listed} and ${declared.length - LISTED_INPUTS} more` : listed
}

export function describeInput({ name, kind, dtype, shape }: ValueDeclaration): string {
  if (kind !== 'tensor') return `${name} (${kind})`
  const sizes = shape === null ? 'any shape' : `[${shape.map((size) => size ?? '?').join(',')}]`
  return `${name} ${dtype ?? 'of unknown type'} ${sizes}`
}

/** `--shape x=1x3x224x224`, in quotes where the name is not for a shell. */
export function flagOf(flag: '--shape' | '--value', name: string, value: string): string {
  const word = `${name}=${value}`
  return `${flag} ${quoteWord(name) === name ? word : quoteWord(word)}`
}

/** A shape as flags write it: 1x3x224x224; 'a scalar' for one. */
export const formatShape = (shape: readonly number[]): string => (shape.length === 0 ? 'a scalar' : shape.join('x'))

/** Shortens a text that came from outside to one line of 60 characters at most. */
export function shorten(text: string, length = 60): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}

function parseElement(word: string, dtype: DType): number | bigint | undefined {
  if (dtype === 'bool') return { true: 1, false: 0, '1': 1, '0': 0 }[word.toLowerCase()]
  if (isPlainInteger(dtype)) {
    if (!/^[+-]?\d+$/.test(word)) return undefined
    return dtype === 'int64' || dtype === 'uint64' ? BigInt(word.replace(/^\+/, '')) : Number(word)
  }
  if (!isPlainFloat(dtype) || word === '') return undefined
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const number = Number(word)
  return Number.isNaN(number) && word.toLowerCase() !== 'nan' ? undefined : number
}

const article = (dtype: DType): string => (/^[aeiou]/.test(dtype) && !dtype.startsWith('u') ? `an ${dtype}` : `a ${dtype}`)
