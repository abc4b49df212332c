// Do two implementations give the same? Both values are walked side by side: kind, names, shape, type, where numbers are missing, and then the
// numbers. What holds numbers is compared with whatever else holds numbers (a list with an array, a tensor with a typed array): the languages
// have different containers for one thing. Differing types of the same values are told, and are no difference.
import { ROUNDING, scaleOf } from '@whyslow/measure/outputs/scale.ts'
import { encodeValue } from './encode-value.ts'
import { type ArrayTree, type Encoded, elementsOf, numberOf, type ValueTree } from './value.ts'

/** 'identical': every bit; 'close': within the tolerance. 'not-comparable': what cannot be looked into, alone. */
export type ValueAgreement = 'identical' | 'close' | 'different' | 'not-comparable'

export interface Difference {
  /** '.scores[3]'; '' is the value itself. */
  readonly path: string
  readonly reason: string
}

export interface Comparison {
  readonly agreement: ValueAgreement
  /** Numbers that were compared, and how many of them differ at all. */
  readonly numbers: number
  readonly differing: number
  /** The largest ones; 0 if nothing differs, null if one is infinite or no number. */
  readonly maxAbsolute: number | null
  readonly maxRelative: number | null
  /** The first few. */
  readonly differences: readonly Difference[]
  /** All fields that differ beyond the tolerance. */
  readonly far: readonly FarField[]
  /** Numbers, texts and bytes that were compared; 0: both are empty. */
  readonly compared: number
  /** Types that differ though values do not. */
  readonly notes: readonly string[]
  /** For images that differ: the share of their values that is more than two steps away; null: no images. */
  readonly farPixels: number | null
}

export interface FarField {
  /** '.score', '[].score': the path without the places of items. */
  readonly field: string
  /** The largest difference of floats; null: anything else differs, or a difference is not finite. */
  readonly floats: number | null
  /** A single float in both, and not whole in both: no class, no count. */
  readonly isSingleFloat: boolean
}

export interface ValueOptions {
  /** A share of the larger of both numbers, or of the scale of their array (measure/outputs/scale.ts). null: what the coarser of both types has. */
  readonly tolerance: number | null
  /** Both come from one language, so that their types can be distinguished. */
  readonly sameLanguage: boolean
  /** Fields whose single floats are not compared. */
  readonly apart?: ReadonlySet<string>
}

/** Rounding of another order of sums. https://github.com/NVIDIA/TensorRT/tree/main/tools/Polygraphy */
const TOLERANCE = 1e-5
/** Two steps of float16. */
const HALF_TOLERANCE = 2e-3
const MOST_TOLD = 5
/** Steps of 255 that resizing and decoding differ by. */
const NEAR_PIXEL = 2

interface Walk {
  readonly a: readonly Uint8Array[]
  readonly b: readonly Uint8Array[]
  readonly options: ValueOptions
  readonly found: {
    numbers: number
    differing: number
    maxAbsolute: number | null
    maxRelative: number | null
    isClose: boolean
    isOpaque: boolean
    pixels: number
    far: number
    compared: number
    readonly differences: Difference[]
    readonly farFields: FarField[]
    readonly notes: Set<string>
  }
}

/** Compares b with a. Pure. */
export function compareValues(a: Encoded, b: Encoded, options: ValueOptions): Comparison {
  const found = {
    numbers: 0,
    differing: 0,
    maxAbsolute: 0,
    maxRelative: 0,
    isClose: true,
    isOpaque: false,
    pixels: 0,
    far: 0,
    compared: 0,
    differences: [],
    farFields: [],
    notes: new Set<string>(),
  } as Walk['found']
  walk(a.tree, b.tree, '', { a: a.buffers, b: b.buffers, options, found })
  const { differences, isOpaque, isClose, differing, numbers, notes, pixels, far } = found
  const clean = differences.length === 0 && isClose
  const agreement = !clean ? 'different' : isOpaque ? 'not-comparable' : differing === 0 ? 'identical' : 'close'
  const { maxAbsolute, maxRelative } = found
  const told = differences.slice(0, MOST_TOLD)
  return {
    agreement,
    numbers,
    differing,
    maxAbsolute,
    maxRelative,
    differences: told,
    far: found.farFields,
    compared: numbers + found.compared,
    notes: [...notes].slice(0, MOST_TOLD),
    farPixels: pixels === 0 ? null : far / pixels,
  }
}

/** How a replacement agrees with what it replaces: to the bit, or up to rounding of a model's outputs. */
export function equalOf(a: unknown, b: unknown): 'bits' | 'rounding' | 'different' {
  const { agreement } = compareValues(encodeValue(a), encodeValue(b), { tolerance: ROUNDING, sameLanguage: true })
  return agreement === 'identical' ? 'bits' : agreement === 'close' ? 'rounding' : 'different'
}

function differ({ found }: Walk, path: string, reason: string, far?: FarField): undefined {
  found.differences.push({ path, reason })
  found.farFields.push(far ?? { field: fieldOf(path), floats: null, isSingleFloat: false })
}

const fieldOf = (path: string): string => path.replace(/\[\d+\]/g, '[]')

function walk(a: ValueTree, b: ValueTree, path: string, at: Walk): undefined {
  if (a.kind === 'opaque' || b.kind === 'opaque') return walkOpaque(a, b, path, at)
  if ((a.kind === 'bytes') !== (b.kind === 'bytes')) return walk(asArray(a, at.a), asArray(b, at.b), path, at)
  const [left, right] = [asNumbers(a, at.a), asNumbers(b, at.b)]
  // Whole numbers have no tolerance, whatever stands next to them in a tuple.
  const areMixed = left?.dtype === MIXED && right?.dtype === MIXED
  if (left !== null && right !== null && !areMixed) return walkNumbers(left, right, path, at)
  const [listA, listB] = [asList(a, at.a), asList(b, at.b)]
  if (listA !== null && listB !== null) return walkLists(listA, listB, path, at)
  if (a.kind === 'map' && b.kind === 'map') return walkMaps(a, b, path, at)
  if (a.kind === b.kind && (a.kind === 'text' || a.kind === 'bytes')) at.found.compared++
  if (a.kind === 'text' && b.kind === 'text') {
    if (a.value !== b.value) differ(at, path, `${said(a.value)} and ${said(b.value)}`)
    return
  }
  if (a.kind === 'bytes' && b.kind === 'bytes') {
    const same = Buffer.compare(at.a[a.buffer]!, at.b[b.buffer]!) === 0
    if (!same) differ(at, path, `bytes differ (${at.a[a.buffer]!.length} and ${at.b[b.buffer]!.length})`)
    return
  }
  if (a.kind === 'nothing' && b.kind === 'nothing') return
  // An empty list has no numbers to tell what it holds.
  if (isEmpty(a) && isEmpty(b)) return
  differ(at, path, `${a.type} and ${b.type}`)
}

const isEmpty = (tree: ValueTree): boolean =>
  (tree.kind === 'list' && tree.items.length === 0) || (tree.kind === 'array' && tree.shape.length === 1 && tree.shape[0] === 0)

/** Bytes paired with an array are an array of uint8: a Buffer with bytes of Python. */
const asArray = (tree: ValueTree, buffers: readonly Uint8Array[]): ValueTree =>
  tree.kind === 'bytes'
    ? { kind: 'array', type: tree.type, dtype: 'uint8', shape: [buffers[tree.buffer]!.length], buffer: tree.buffer }
    : tree

function walkOpaque(a: ValueTree, b: ValueTree, path: string, at: Walk): undefined {
  at.found.isOpaque = true
  if (a.type !== b.type && at.options.sameLanguage) differ(at, path, `${a.type} and ${b.type}`)
  else at.found.notes.add(`${path === '' ? 'the result' : path} is of type ${a.type}, which cannot be compared`)
}

/** A list of numbers travels as an array; next to a list of anything else it is one of numbers again. */
function asList(tree: ValueTree, buffers: readonly Uint8Array[]): ListTree | null {
  if (tree.kind === 'list') return tree
  if (tree.kind !== 'array' || tree.shape.length !== 1) return null
  const elements = elementsOf(tree, buffers)
  if (elements === null) return null
  const items = Array.from(elements, (value): ValueTree => ({ kind: 'number', type: tree.dtype, value: Number(value) }))
  return { kind: 'list', type: tree.type, items }
}

function walkLists(a: ListTree, b: ListTree, path: string, at: Walk): undefined {
  noteTypes(a.type, b.type, path, at)
  if (a.items.length !== b.items.length) return differ(at, path, `${a.items.length} items and ${b.items.length}`)
  for (const [k, item] of a.items.entries()) walk(item, b.items[k]!, `${path}[${k}]`, at)
}

type ListTree = Extract<ValueTree, { kind: 'list' }>
type MapTree = Extract<ValueTree, { kind: 'map' }>

function walkMaps(a: MapTree, b: MapTree, path: string, at: Walk): undefined {
  noteTypes(a.type, b.type, path, at)
  const places = new Map(b.keys.map((key, k) => [key, k]))
  for (const key of b.keys) if (!a.keys.includes(key)) differ(at, path, `only the second has ${said(key)}`)
  a.keys.forEach((key, k) => {
    const place = places.get(key)
    if (place === undefined) differ(at, path, `only the first has ${said(key)}`)
    else walk(a.values[k]!, b.values[place]!, `${path}.${key}`, at)
  })
}

function noteTypes(a: string, b: string, path: string, { options, found }: Walk): void {
  if (options.sameLanguage && a !== b)
    found.notes.add(`${path === '' ? 'the result' : path} is ${a} in one and ${b} in the other`)
}

interface Numbers {
  readonly type: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly elements: Readonly<ArrayLike<number | bigint>>
}

/** Single numbers, arrays, and lists that are made of such of one shape; null for anything else. */
function asNumbers(tree: ValueTree, buffers: readonly Uint8Array[]): Numbers | null {
  if (tree.kind === 'number') return { type: tree.type, dtype: tree.type, shape: [], elements: [numberOf(tree.value)] }
  if (tree.kind === 'truth') return { type: tree.type, dtype: 'bool', shape: [], elements: [tree.value ? 1 : 0] }
  if (tree.kind === 'integer') {
    const number = Number(tree.value)
    return { type: tree.type, dtype: 'int', shape: [], elements: [Number.isSafeInteger(number) ? number : BigInt(tree.value)] }
  }
  if (tree.kind === 'array') return fromArray(tree, buffers)
  if (tree.kind !== 'list' || tree.items.length === 0) return null
  const items = tree.items.map((item) => asNumbers(item, buffers))
  const [first] = items
  if (first == null || !items.every((item) => item !== null && String(item.shape) === String(first.shape))) return null
  const elements = items.flatMap((item) => Array.from(item!.elements))
  const isMixed = items.some((item) => isWhole(item!.dtype) !== isWhole(first.dtype))
  return { type: tree.type, dtype: isMixed ? MIXED : first.dtype, shape: [items.length, ...first.shape], elements }
}

function fromArray(tree: ArrayTree, buffers: readonly Uint8Array[]): Numbers | null {
  const elements = elementsOf(tree, buffers)
  if (elements === null) return null
  const isComplex = tree.dtype.startsWith('complex')
  return { type: tree.type, dtype: tree.dtype, shape: isComplex ? [...tree.shape, 2] : tree.shape, elements }
}

function walkNumbers(a: Numbers, b: Numbers, path: string, at: Walk): undefined {
  const { options, found } = at
  const field = fieldOf(path)
  const areSingle = [a, b].every(({ dtype, shape }) => shape.length === 0 && isFloat(dtype))
  if (areSingle && options.apart?.has(field)) return
  noteTypes(a.type, b.type, path, at)
  if (options.sameLanguage && a.type === b.type && a.dtype !== b.dtype)
    found.notes.add(`${path === '' ? 'the result' : path} is ${a.dtype} in one and ${b.dtype} in the other`)
  // A typed array of JavaScript has no shape of its own.
  const isFlat =
    !options.sameLanguage && a.elements.length === b.elements.length && (a.shape.length === 1 || b.shape.length === 1)
  if (String(a.shape) !== String(b.shape) && !isFlat)
    return differ(at, path, `shape [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`)
  const own = [a, b].some(({ dtype }) => dtype === 'float16') ? HALF_TOLERANCE : TOLERANCE
  const tolerance = isWhole(a.dtype) && isWhole(b.dtype) ? 0 : (options.tolerance ?? own)
  const told = compareNumbers(a, b, { tolerance, found })
  if (told === null) return
  found.isClose = false
  // JavaScript has one type for all numbers.
  const areCounts = areSingle && Number.isInteger(told.a) && Number.isInteger(told.b)
  const floats = isFloat(a.dtype) && isFloat(b.dtype) && !areCounts ? told.farthest : null
  const isSingleFloat = areSingle && !areCounts
  const reason = `${worded(told.a)} and ${worded(told.b)}`
  differ(at, path + placeOf(told.index, a.shape), reason, { field, floats, isSingleFloat })
}

/** The dtype of a list that has whole numbers and floats. */
const MIXED = 'mixed'

const isWhole = (dtype: string): boolean => /^(u?int|bool)/.test(dtype)
const isFloat = (dtype: string): boolean => dtype !== MIXED && !isWhole(dtype)

const isImage = ({ dtype, shape }: Numbers): boolean =>
  dtype === 'uint8' && (shape.length === 2 || (shape.length === 3 && [1, 3, 4].includes(shape[2]!)))

/** The worst place that is beyond the tolerance; null if none does. */
function compareNumbers(
  a: Numbers,
  b: Numbers,
  { tolerance, found }: { readonly tolerance: number; readonly found: Walk['found'] },
): { readonly index: number; readonly a: number | bigint; readonly b: number | bigint; readonly farthest: number | null } | null {
  const [left, right] = [a.elements, b.elements]
  const isPlain = left instanceof Float32Array || left instanceof Float64Array
  const slack = tolerance * scaleOf([isPlain ? left : Array.from(left, Number)])
  const pictures = isImage(a) && isImage(b)
  let worst = -1
  let worstBy = 0
  let farthest: number | null = 0
  found.numbers += left.length
  if (pictures) found.pixels += left.length
  for (let k = 0; k < left.length; k++) {
    const [x, y] = [left[k]!, right[k]!]
    if (Object.is(x, y)) continue
    const bothBig = typeof x === 'bigint' && typeof y === 'bigint'
    // Next to a number a big integer is rounded to one; two infinities of one sign were equal above.
    const distance = bothBig ? Number(x - y) : Number(x) - Number(y)
    if (typeof x !== typeof y && distance === 0) continue
    found.differing++
    const absolute = Math.abs(distance)
    const larger = Math.max(Math.abs(Number(x)), Math.abs(Number(y)))
    const isNumber = Number.isFinite(absolute)
    if (farthest !== null) farthest = isNumber ? Math.max(farthest, absolute) : null
    if (found.maxAbsolute !== null) found.maxAbsolute = isNumber ? Math.max(found.maxAbsolute, absolute) : null
    // 0 and -0 are no distance apart.
    const relative = larger === 0 ? 0 : absolute / larger
    if (found.maxRelative !== null) found.maxRelative = isNumber ? Math.max(found.maxRelative, relative) : null
    if (pictures && absolute > NEAR_PIXEL) found.far++
    const by = isNumber ? absolute / Math.max(larger * tolerance, slack, Number.MIN_VALUE) : Number.POSITIVE_INFINITY
    if (by > 1 && (by > worstBy || worst < 0)) {
      worst = k
      worstBy = by
    }
  }
  return worst < 0 ? null : { index: worst, a: left[worst]!, b: right[worst]!, farthest }
}

function placeOf(index: number, shape: readonly number[]): string {
  if (shape.length === 0) return ''
  const places: number[] = []
  let rest = index
  for (const size of [...shape].reverse()) {
    places.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  return `[${places.join(', ')}]`
}

const worded = (value: number | bigint): string =>
  typeof value === 'bigint' ? String(value) : String(Number(value.toPrecision(9)))

const said = (text: string): string => `'${text.length > 40 ? `${text.slice(0, 39)}…` : text}'`
