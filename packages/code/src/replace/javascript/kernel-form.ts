// Loops over pixels that compute what a kernel of whyslow/kernels computes with SIMD: bytes or floats times a factor plus another, channels last to
// channels first. Which kernel it is, and with which numbers, is found by running the loop on zeros, on ones and on numbers that say where they
// were, and not by reading it: so it may be written in any way. What is found is compared with the loop on the values that it saw, on every byte
// that there is, and on floats made to tell them apart; single precision rounds otherwise, within a bound that its terms give.
import { affineKernel, bytesKernel, hasSimd, layoutKernel, tensorKernel } from '@whyslow/compile/kernels/index.ts'
import { type Atom, ReplacementRefusal } from './fragment.ts'
import { copyArrays, isTyped, type Run, TELLING_NUMBERS, type Values } from './prove.ts'

export interface KernelForm {
  /** Runs on the values that the loop takes; gives what it changed. */
  readonly run: Run
  readonly code: readonly string[]
  readonly equal: 'bits' | 'rounding'
}

type Picture = Uint8Array | Uint8ClampedArray | Float32Array

/** Which of the atoms is read, and which is written. */
interface Places {
  readonly source: number
  readonly out: number
}

/** out[to] = source[from(to)] * factor + offset, by planes of as many elements. */
interface Mapping {
  readonly planes: readonly { readonly factor: number; readonly offset: number }[]
  readonly elements: number
}

interface Kernel {
  readonly input: { set(values: ArrayLike<number>): void }
  run(): Float32Array
}

interface Written {
  readonly kernel: Kernel
  readonly name: string
  /** The call that makes it, and what is given to `run`. */
  readonly made: string
  readonly given: string
  /** The loop's own names that are part of it. */
  readonly keeps: readonly string[]
}

/** Fewer elements are done before a kernel is called; and bytes of every value fit. */
const LEAST_ELEMENTS = 768
const CHANNELS = 3
/** Error of probes in double precision. */
const PROBE_ERROR = 1e-9
/** Rounding of the terms of a sum in single precision: a factor, a product, an offset and a sum, each rounded once. */
const ROUNDING = 4 * 2 ** -24
const LEAST_FLOAT = 2 ** -149
/** How much of the root mean square of what was seen an element may be off by: if terms cancel each other, little is left of their digits. */
const OF_LARGEST = 1e-5
/** Orders in which bytes stand. */
const STEPS = [1, 37, 101]

/** Throws ReplacementRefusal if no kernel computes what the loop does. `seen`: the values of its calls. */
export function kernelForm(atoms: readonly Atom[], seen: readonly Values[], loop: Run): KernelForm {
  const [first] = seen
  if (first === undefined) throw new ReplacementRefusal('it was not reached')
  if (!hasSimd()) throw new ReplacementRefusal('there is no WebAssembly with SIMD')
  const places = placesOf(atoms, first)
  const source = first[places.source] as Picture
  if (seen.some((values) => (values[places.source] as Picture).length !== source.length))
    throw new ReplacementRefusal('its images have several sizes')
  const mapping = mappingOf(places, first, loop)
  const { kernel, name, made, given, keeps } = written(mapping, source, { atoms, values: first, places })
  const isMove = name === 'layoutKernel'
  checkOthers({ atoms, seen, places, loop, keeps })
  const run: Run = (...values) => {
    kernel.input.set(values[places.source] as Picture)
    const out = values[places.out] as Float32Array
    out.set(kernel.run())
    return [out]
  }
  const compared = { places, mapping, loop, run, isMove }
  for (const values of seen) compare(values, { ...compared, ofLargest: OF_LARGEST })
  for (const values of adversaries(first, places)) compare(values, { ...compared, ofLargest: Number.POSITIVE_INFINITY })
  const [from, to] = [atoms[places.source]!.text, atoms[places.out]!.text]
  const code = [
    `import { ${name} } from 'whyslow/kernels'`,
    `const kernel = ${made} // once`,
    `kernel.input.set(${from}) // not needed if it is decoded into kernel.input`,
    `${to}.set(kernel.run(${given}))`,
  ]
  return { run, code, equal: isMove ? 'bits' : 'rounding' }
}

// What it computes -----------------------------------------------------------------------------------------------------------------------

/** Throws ReplacementRefusal if it does not write one Float32Array of one typed array of its length. */
function placesOf(atoms: readonly Atom[], values: Values): Places {
  if (atoms.some(({ role }) => role === 'state')) throw new ReplacementRefusal('it carries a number on')
  const written = atoms.flatMap((atom, at) => (atom.written ? [at] : []))
  const [out] = written
  if (out === undefined || written.length > 1) throw new ReplacementRefusal('it does not write one array')
  const made = values[out]
  if (!(made instanceof Float32Array) || made.length < LEAST_ELEMENTS)
    throw new ReplacementRefusal('it does not write a Float32Array of some size')
  const isSource = (value: unknown, at: number) => at !== out && isPicture(value) && value.length === made.length
  const sources = values.flatMap((value, at) => (isSource(value, at) ? [at] : []))
  const [source] = sources
  if (source === undefined || sources.length > 1)
    throw new ReplacementRefusal('it does not read one typed array of the length that it writes')
  if ((values[source] as Picture).buffer === made.buffer) throw new ReplacementRefusal('it reads what it writes')
  return { source, out }
}

const isPicture = (value: unknown): value is Picture =>
  value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof Float32Array

/** Throws ReplacementRefusal if it is no factor and no offset by plane, or moves elements otherwise. */
function mappingOf(places: Places, values: Values, loop: Run): Mapping {
  const { length } = values[places.out] as Float32Array
  const probe = (at: (k: number) => number) =>
    probed(
      Float64Array.from({ length }, (_, k) => at(k)),
      { places, values, loop },
    )
  const [zeros, ones, where] = [probe(() => 0), probe(() => 1), probe((k) => k)]
  const factors = ones.map((one, k) => one - zeros[k]!)
  for (const count of [1, CHANNELS]) {
    const elements = length / count
    if (!Number.isInteger(elements)) continue
    const planes = Array.from({ length: count }, (_, c) => ({ factor: factors[c * elements]!, offset: zeros[c * elements]! }))
    const isSo = where.every((value, to) => {
      const c = Math.floor(to / elements)
      const { factor, offset } = planes[c]!
      const from = (to - c * elements) * count + c
      const error = PROBE_ERROR * (Math.abs(factor) * from + Math.abs(offset))
      return (
        Math.abs(value - (from * factor + offset)) <= error && Math.abs(zeros[to]! - offset) <= PROBE_ERROR * Math.abs(offset)
      )
    })
    if (isSo && planes.every(({ factor }) => factor !== 0)) return { planes, elements }
  }
  throw new ReplacementRefusal('no kernel computes it: other arithmetic, or another order')
}

interface Probing {
  readonly places: Places
  readonly values: Values
  readonly loop: Run
}

/** What it writes, in double precision. Throws ReplacementRefusal if that is not every element. */
function probed(source: Float64Array, { places, values, loop }: Probing): Float64Array {
  const out = new Float64Array(source.length).fill(Number.NaN)
  const own = copyArrays(values)
  own[places.source] = source
  own[places.out] = out
  loop(...own)
  if (out.some(Number.isNaN)) throw new ReplacementRefusal('it does not write every element')
  return out
}

interface Others {
  readonly atoms: readonly Atom[]
  readonly seen: readonly Values[]
  readonly places: Places
  readonly loop: Run
  readonly keeps: readonly string[]
}

/** Numbers that the loop takes become the kernel's, once. Throws ReplacementRefusal if they may be others with the next image. */
function checkOthers({ atoms, seen, places, loop, keeps }: Others): void {
  const [first] = seen
  const source = first![places.source] as Picture
  if (seen.some((values) => !isEqual(values[places.source] as Picture, source))) return
  for (const [at, { text }] of atoms.entries()) {
    if (at === places.source || at === places.out || keeps.includes(text)) continue
    if (matters(at, first!, { places, loop }))
      throw new ReplacementRefusal(`${text} may change with the image, and only one was seen`)
  }
}

/** Whether the loop gives something else, or nothing, where this value is another. */
function matters(at: number, values: Values, { places, loop }: Pick<Others, 'places' | 'loop'>): boolean {
  const [plain, other] = [copyArrays(values), copyArrays(values)]
  const value = other[at]
  if (typeof value === 'number') other[at] = value * 1.5 + 1
  else if (Array.isArray(value) || isTyped(value))
    for (let k = 0; k < value.length; k++) value[k] = (value[k] as number) * 1.5 + 1
  else return true
  try {
    loop(...plain)
    loop(...other)
  } catch {
    return true
  }
  return !isEqual(plain[places.out] as Float32Array, other[places.out] as Float32Array)
}

const isEqual = (a: Picture, b: Picture): boolean => a.length === b.length && a.every((value, k) => Object.is(value, b[k]))

// The kernel -----------------------------------------------------------------------------------------------------------------------------

interface Naming {
  readonly atoms: readonly Atom[]
  readonly values: Values
  readonly places: Places
}

/** Throws ReplacementRefusal if no kernel takes it. */
function written({ planes, elements }: Mapping, source: Picture, naming: Naming): Written {
  const isBytes = !(source instanceof Float32Array)
  const [{ factor, offset }] = planes as [Mapping['planes'][number]]
  const isMove = planes.every((plane) => plane.factor === 1 && plane.offset === 0)
  if (planes.length === 1) {
    if (isMove && !isBytes) throw new ReplacementRefusal('it copies: set does that')
    const [name, kernel] = isBytes
      ? (['bytesKernel', bytesKernel(source.length)] as const)
      : (['affineKernel', affineKernel(source.length)] as const)
    const made = `${name}(${naming.atoms[naming.places.source]!.text}.length)`
    const given = `${factor}, ${offset}`
    return { kernel: { input: kernel.input, run: () => kernel.run(factor, offset) }, name, made, given, keeps: [] }
  }
  const { size, text, keeps } = sizeOf(elements, naming)
  if (!isBytes) {
    if (!isMove) throw new ReplacementRefusal('no kernel has floats in another order and another scale at once')
    return { kernel: layoutKernel(size), name: 'layoutKernel', made: `layoutKernel(${text})`, given: '', keeps }
  }
  const normalization = {
    mean: planes.map((one) => short(-one.offset / one.factor)),
    std: planes.map((one) => short(1 / one.factor)),
  }
  const { mean, std } = normalization
  const made = `tensorKernel(${text}, { mean: [${mean.join(', ')}], std: [${std.join(', ')}] })`
  return { kernel: tensorKernel(size, normalization), name: 'tensorKernel', made, given: '', keeps }
}

/** The number without the last digits, which are the probe's; -0 is 0. */
const short = (value: number): number => Number(value.toPrecision(12)) + 0

/** Size of the plane, in the loop's own names if two of its numbers make it up. */
function sizeOf(elements: number, { atoms, values }: Naming) {
  const sides = atoms.flatMap(({ role, text }, at) => (role === 'scalar' ? [{ text, value: values[at] as number }] : []))
  const pairs = sides.flatMap((one, k) => sides.slice(k + 1).map((other) => [one, other] as const))
  const pair = pairs.find(([one, other]) => one.value * other.value === elements)
  if (pair === undefined) {
    const size = { height: 1, width: elements, channels: CHANNELS }
    return { size, text: `{ height: 1, width: ${elements}, channels: ${CHANNELS} }`, keeps: [] }
  }
  const [height, width] = /(^|\W)w|width|cols/i.test(pair[0].text) ? [pair[1], pair[0]] : pair
  const size = { height: height.value, width: width.value, channels: CHANNELS }
  const text = `{ ${entry('height', height.text)}, ${entry('width', width.text)}, channels: ${CHANNELS} }`
  return { size, text, keeps: [height.text, width.text] }
}

const entry = (key: string, text: string): string => (key === text ? key : `${key}: ${text}`)

// Whether they are equal -----------------------------------------------------------------------------------------------------------------

/** Bytes in several orders, each value of them at many places; floats at which arithmetic differs. */
function* adversaries(values: Values, { source, out }: Places): Generator<Values> {
  const like = values[source] as Picture
  for (const step of STEPS) {
    const own = copyArrays(values)
    const made = own[source] as Picture
    const telling = (k: number) => TELLING_NUMBERS[(k * step) % TELLING_NUMBERS.length]!
    for (let k = 0; k < made.length; k++) made[k] = like instanceof Float32Array ? telling(k) : (k * step) % 256
    ;(own[out] as Float32Array).fill(0)
    yield own
  }
}

interface Compared extends Omit<Probing, 'values'> {
  readonly mapping: Mapping
  readonly run: Run
  /** Only the same bits are equal. */
  readonly isMove: boolean
  /** Share of the root mean square. */
  readonly ofLargest: number
}

function compare(values: Values, { places, mapping: { planes, elements }, loop, run, isMove, ofLargest }: Compared): void {
  const [plain, own] = [copyArrays(values), copyArrays(values)]
  loop(...plain)
  run(...own)
  for (let at = 0; at < plain.length; at++)
    if (at !== places.out && isTyped(plain[at]) && !isEqual(plain[at] as Picture, own[at] as Picture))
      throw new ReplacementRefusal('it changes more than it writes')
  const [a, b] = [plain[places.out] as Float32Array, own[places.out] as Float32Array]
  const source = values[places.source] as Picture
  const meanSquare = a.reduce((sum, value) => sum + value * value, 0) / a.length
  const limit = Number.isFinite(ofLargest) ? Math.max(ofLargest * Math.sqrt(meanSquare), LEAST_FLOAT) : ofLargest
  for (let to = 0; to < a.length; to++) {
    if (Object.is(a[to], b[to])) continue
    const c = Math.floor(to / elements)
    const { factor, offset } = planes[c]!
    const value = source[(to - c * elements) * planes.length + c]!
    const most = Math.min(limit, ROUNDING * (Math.abs(value * factor) + Math.abs(offset)) + LEAST_FLOAT)
    if (isMove || !(Math.abs(a[to]! - b[to]!) <= most)) throw new ReplacementRefusal('it gives something else than the kernel')
  }
}
