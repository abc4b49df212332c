// What a tokenizer of the user's gives, read as rows of ids, and a library's rows put into the same containers. Arrays and typed arrays, tensors
// (anything with `data` and `dims`), objects with `input_ids`, `attention_mask` and the like, each for one text or for several.

/** Token ids of one text. */
export interface Row {
  readonly ids?: readonly number[]
  readonly mask?: readonly number[]
  readonly types?: readonly number[]
  readonly tokens?: readonly string[]
}

export type Kind = keyof Row
type Numbers = ArrayLike<number | bigint>

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^((input|token)_?)?ids$/i, 'ids'],
  [/^(attention_?)?mask$/i, 'mask'],
  [/^((token_?)?type|segment)(_?ids)?$/i, 'types'],
  [/^tokens$/i, 'tokens'],
]

/** null: it is nothing of the kind. `count`: of texts. */
export function rowsOf(value: unknown, count: number, kind: Kind = 'ids'): readonly Row[] | null {
  if (typeof value !== 'object' || value === null) return null
  const given = tensorOf(value)
  if (given !== null) {
    const size = given.data.length / count
    if (!Number.isInteger(size)) return null
    return Array.from({ length: count }, (_, at) => ({ [kind]: numbersOf(given.data).slice(at * size, (at + 1) * size) }))
  }
  if (isList(value)) {
    if (value.length === 0 || typeof value[0] !== 'object') {
      if (count > 1) return null
      const isTokens = value.length > 0 && Array.from(value as ArrayLike<unknown>).every((one) => typeof one === 'string')
      if (isTokens) return [{ tokens: Array.from(value as unknown as ArrayLike<string>) }]
      return Array.from(value).every(isNumber) ? [{ [kind]: numbersOf(value) }] : null
    }
    if (value.length !== count) return null
    const rows = Array.from(value as ArrayLike<unknown>).map((one) => rowsOf(one, 1, kind)?.[0])
    return rows.includes(undefined) ? null : (rows as Row[])
  }
  return rowsOfMembers(value, count)
}

function rowsOfMembers(value: object, count: number): readonly Row[] | null {
  const rows: Row[] = Array.from({ length: count }, () => ({}))
  for (const [key, member] of Object.entries(value)) {
    const kind = KINDS.find(([pattern]) => pattern.test(key))?.[1]
    const own = kind === undefined ? null : rowsOf(member, count, kind)
    if (own === null) return null
    for (const [at, row] of own.entries()) Object.assign(rows[at]!, row)
  }
  return rows.every(({ ids, tokens }) => ids !== undefined || tokens !== undefined) ? rows : null
}

/** Rows as the user's `value` has them; a tensor is its data alone. */
export function inPlaceOf(value: unknown, rows: readonly Row[], kind: Kind = 'ids'): unknown {
  if (typeof value !== 'object' || value === null) return null
  const given = tensorOf(value)
  const numbers = (row: Row) => row[kind] as readonly number[]
  if (given !== null) return like(given.data, rows.length === 1 ? numbers(rows[0]!) : rows.flatMap((row) => [...numbers(row)]))
  if (!isList(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, inPlaceOf(member, rows, KINDS.find(([own]) => own.test(key))![1])]),
    )
  }
  if (typeof value[0] === 'object') return rows.map((row, at) => inPlaceOf(value[at], [row], kind))
  return typeof value[0] === 'string' ? rows[0]!.tokens : like(value, numbers(rows[0]!))
}

function like(given: Numbers, numbers: readonly number[]): unknown {
  if (Array.isArray(given)) return typeof given[0] === 'bigint' ? numbers.map(BigInt) : numbers
  const kind = given.constructor as unknown as { from(numbers: readonly number[], map?: unknown): unknown }
  return typeof given[0] === 'bigint' ? kind.from(numbers, BigInt) : kind.from(numbers)
}

const isList = (value: object): value is Numbers =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
const isNumber = (one: unknown): boolean => typeof one === 'bigint' || Number.isInteger(one)
const numbersOf = (list: Numbers): number[] => Array.from(list as ArrayLike<number>, Number)

/** A tensor of onnxruntime, or like it. */
function tensorOf(value: object): { readonly data: Numbers } | null {
  const { data, dims, shape = dims } = value as { data?: unknown; dims?: unknown; shape?: unknown }
  const isOne = typeof data === 'object' && data !== null && isList(data) && Array.isArray(shape)
  return isOne && Array.from(data).every(isNumber) ? { data } : null
}
