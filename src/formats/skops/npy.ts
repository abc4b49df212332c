// NumPy's file of one array, as it stands in a .skops file: numbers, booleans, texts, and records of numbers.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { InputError } from '../../graph/input-error.ts'

export interface NpyArray {
  readonly shape: readonly number[]
  /** Row-major; empty where the elements are texts or records. */
  readonly numbers: Float64Array
  readonly texts?: readonly string[]
  readonly isBoolean?: boolean
  /** Of records: the numbers of each field. */
  readonly fields?: ReadonlyMap<string, Float64Array>
}

type Element = (view: DataView, at: number) => number

/** Element types by NumPy's code: kind and bytes. */
const ELEMENTS: Readonly<Record<string, Element>> = {
  f8: (view, at) => view.getFloat64(at, true),
  f4: (view, at) => view.getFloat32(at, true),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  i4: (view, at) => view.getInt32(at, true),
  i2: (view, at) => view.getInt16(at, true),
  i1: (view, at) => view.getInt8(at),
  u8: (view, at) => Number(view.getBigUint64(at, true)),
  u4: (view, at) => view.getUint32(at, true),
  u2: (view, at) => view.getUint16(at, true),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at),
}

/** The array. Throws InputError where the header claims more than there is, or a type that is not read. */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const refuse = (what: string) => new InputError(`${where} ${what}; the file is damaged, save the model again`)
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== '\x93NUMPY') throw refuse('is no NumPy array')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length))
  const shape = shapeOf(header)
  if (shape === undefined) throw refuse('has no shape')
  const count = shape.reduce((product, size) => product * size, 1)
  const isFortran = /'fortran_order':\s*True/.test(header) && shape.length > 1
  const source: Source = { view, at: start + length, count, refuse }
  const simple = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(header)
  if (simple !== null) {
    if (simple[1] === '>') throw refuse('is big-endian')
    if (simple[2] === 'U') return { shape, numbers: new Float64Array(0), texts: textsAt(source, Number(simple[3])) }
    const numbers = numbersAt(source, `${simple[2]}${simple[3]}`)
    return { shape, numbers: isFortran ? rowMajor(numbers, shape) : numbers, isBoolean: simple[2] === 'b' }
  }
  return { shape, numbers: new Float64Array(0), fields: fieldsAt(source, header) }
}

function shapeOf(header: string): number[] | undefined {
  const text = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]
  return text
    ?.split(',')
    .filter((one) => one.trim() !== '')
    .map(Number)
}

interface Source {
  readonly view: DataView
  readonly at: number
  readonly count: number
  readonly refuse: (what: string) => InputError
}

function atLeast({ view, at, count, refuse }: Source, width: number): void {
  if (!(count * width <= view.byteLength - at)) throw refuse(`claims ${count} elements and has ${view.byteLength - at} bytes`)
}

function numbersAt(source: Source, type: string): Float64Array {
  const element = ELEMENTS[type]
  if (element === undefined) throw source.refuse(`holds elements of type ${type}, which are not read`)
  const width = Number(type.slice(1))
  atLeast(source, width)
  return Float64Array.from({ length: source.count }, (_, k) => element(source.view, source.at + k * width))
}

/** UCS-4, zeros at the end. */
function textsAt(source: Source, characters: number): string[] {
  atLeast(source, 4 * characters)
  return Array.from({ length: source.count }, (_, k) => {
    let text = ''
    for (let c = 0; c < characters; c++) {
      const code = source.view.getUint32(source.at + 4 * (k * characters + c), true)
      if (code === 0 || code > 0x10ffff) break
      text += String.fromCodePoint(code)
    }
    return text
  })
}

/** [('value', '<f8'), …], or a dictionary of names, formats, offsets and itemsize where there are gaps. */
function fieldsAt(source: Source, header: string): ReadonlyMap<string, Float64Array> {
  const layout = layoutOf(header)
  if (layout === undefined) throw source.refuse('holds elements of a type that is not read')
  atLeast(source, layout.width)
  return new Map(
    layout.fields.map(({ name, type, offset }) => {
      const element = ELEMENTS[type]
      if (element === undefined || offset + Number(type.slice(1)) > layout.width)
        throw source.refuse(`has a field of type ${type}, which is not read`)
      return [
        name,
        Float64Array.from({ length: source.count }, (_, k) => element(source.view, source.at + k * layout.width + offset)),
      ]
    }),
  )
}

interface Layout {
  readonly width: number
  readonly fields: readonly { readonly name: string; readonly type: string; readonly offset: number }[]
}

function layoutOf(header: string): Layout | undefined {
  const gaps = /'names':\s*\[([^\]]*)\].*'formats':\s*\[([^\]]*)\].*'offsets':\s*\[([^\]]*)\].*'itemsize':\s*(\d+)/.exec(header)
  const words = (text: string): string[] => [...text.matchAll(/'([^']*)'/g)].map((match) => match[1]!)
  if (gaps !== null) {
    const [names, types, offsets] = [words(gaps[1]!), words(gaps[2]!), gaps[3]!.split(',').map(Number)]
    const fields = names.map((name, k) => ({ name, type: types[k]?.replace(/^[<|=]/, '') ?? '', offset: offsets[k] ?? 0 }))
    return { width: Number(gaps[4]), fields }
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

function rowMajor(numbers: Float64Array, shape: readonly number[]): Float64Array {
  if (shape.length !== 2) return numbers
  const [rows, columns] = shape as [number, number]
  return Float64Array.from(numbers, (_, k) => numbers[Math.floor(k / columns) + (k % columns) * rows]!)
}
