// Arrays of a .skops file as its readers use them: numbers, booleans, texts, and records of numbers.
import { InputError } from '@whyslow/graph/input-error.ts'
import { firstWords, type NpyFile, npyNumber, npyNumbers, npyTexts, openNpy, rowMajor } from '@whyslow/graph/npy.ts'

export interface NpyArray {
  readonly shape: readonly number[]
  /** Row-major; empty if the elements are texts or records. */
  readonly numbers: Float64Array
  readonly texts?: readonly string[]
  readonly isBoolean?: boolean
  /** The numbers of each field of records, keyed by field. */
  readonly fields?: ReadonlyMap<string, Float64Array>
}

/** The array. Throws InputError if the header claims more than there is, or a type that is not read. */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const npy = openNpy(bytes, (what) => new InputError(`${where}: ${what}; the file is damaged, save the model again`))
  const { shape, element, columnMajor, refuse } = npy
  if (element === undefined) return { shape, numbers: new Float64Array(0), fields: fieldsOf(npy) }
  const { order, kind, width } = element
  if (order === '>') throw refuse('it is big-endian')
  if (kind === 'U') return { shape, numbers: new Float64Array(0), texts: npyTexts(npy) }
  const type = npyNumber(`${kind}${width}`)
  if (type === undefined) throw refuse(`elements of type ${kind}${width} are not read`)
  const numbers = npyNumbers(npy, type, { offset: 0, stride: width })
  return {
    shape,
    numbers: columnMajor ? rowMajor(numbers, shape, new Float64Array(numbers.length)) : numbers,
    isBoolean: kind === 'b',
  }
}

/** [('value', '<f8'), …], or a dictionary of names, formats, offsets and itemsize if there are gaps. */
function fieldsOf(npy: NpyFile): ReadonlyMap<string, Float64Array> {
  const layout = layoutOf(npy.header)
  if (layout === undefined) throw npy.refuse(`arrays of this kind are not read (${firstWords(npy.header)})`)
  if (npy.columnMajor) throw npy.refuse('records in Fortran order are not read')
  const types = layout.fields.map(({ type }) => npyNumber(type))
  const used = types.reduce((sum, type) => sum + (type?.width ?? 0), 0)
  return new Map(
    layout.fields.map(({ name, type, offset }, k) => {
      const element = types[k]
      // Fields do not overlap: else a small file would be many arrays.
      if (element === undefined || !(offset >= 0 && offset + element.width <= layout.width) || used > layout.width)
        throw npy.refuse(`a field of type ${type.slice(0, 20)} is not read`)
      return [name, npyNumbers(npy, element, { offset, stride: layout.width })]
    }),
  )
}

interface Layout {
  readonly width: number
  readonly fields: readonly { readonly name: string; readonly type: string; readonly offset: number }[]
}

function layoutOf(header: string): Layout | undefined {
  const list = (key: string): string | undefined => new RegExp(`'${key}':\\s*\\[([^\\]]*)\\]`).exec(header)?.[1]
  const words = (text: string | undefined): string[] => [...(text ?? '').matchAll(/'([^']*)'/g)].map((match) => match[1]!)
  const [names, offsets] = [list('names'), list('offsets')?.split(',').map(Number)]
  if (names !== undefined && offsets !== undefined) {
    const types = words(list('formats'))
    const fields = words(names).map((name, k) => {
      return { name, type: types[k]?.replace(/^[<|=]/, '') ?? '', offset: offsets[k] ?? 0 }
    })
    return { width: Number(/'itemsize':\s*(\d+)/.exec(header)?.[1]), fields }
  }
  const pairs = [...header.matchAll(/\('([^']*)',\s*'([<|=])([a-zA-Z]\d+)'\)/g)]
  if (pairs.length === 0) return undefined
  let width = 0
  const fields = pairs.map((pair) => {
    const field = { name: pair[1]!, type: pair[3]!, offset: width }
    width += Number(pair[3]!.slice(1))
    return field
  })
  // Gaps are fields of nothing.
  return { width, fields: fields.filter(({ type }) => !type.startsWith('V')) }
}
