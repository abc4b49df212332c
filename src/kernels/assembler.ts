// WebAssembly written by hand: a module with one memory, shared with its importer, and functions of numbers. The instructions that the kernels need and
// no more; fixed-width SIMD is in Node since 16.4 and in every browser since 2023. https://webassembly.github.io/spec/core/binary/index.html

/** Bytes of an instruction, or of several. */
export type Code = readonly number[]

const I32 = 0x7f
const F32 = 0x7d
const V128 = 0x7b
export const TYPES = { i32: I32, f32: F32, v128: V128 } as const
export type ValueType = keyof typeof TYPES

export interface WasmFunction {
  readonly name: string
  readonly parameters: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly body: Code
}

/** LEB128 of a number that is not negative. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) | 0x80)
  }
}

function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f
    if ((rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)]
const memory = (offset: number): number[] => [0, ...unsigned(offset)]

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number): Code => [0x21, ...unsigned(local)]
export const i32 = (value: number): Code => [0x41, ...signed(value)]
export const add: Code = [0x6a]
export const lessThan: Code = [0x48]
export const i32Load8 = (offset = 0): Code => [0x2d, ...memory(offset)]
export const f32Load = (offset = 0): Code => [0x2a, ...memory(offset)]
export const f32Store = (offset = 0): Code => [0x38, ...memory(offset)]
export const f32Mul: Code = [0x94]
export const f32Add: Code = [0x92]
export const f32FromI32: Code = [0xb2]
export const splatF32: Code = simd(0x13)
export const load = (offset = 0): Code => [...simd(0x00), ...memory(offset)]
export const store = (offset = 0): Code => [...simd(0x0b), ...memory(offset)]
export const mul4: Code = simd(0xe6)
export const add4: Code = simd(0xe4)
/** Signed: of unsigned numbers a processor without AVX-512 converts the halves, eight instructions for one. */
export const f4FromI32: Code = simd(0xfa)
/** Lower eight bytes as words of 16 bits, lower four of those as words of 32. */
export const widenLow8: Code = simd(0x89)
export const widenLow16: Code = simd(0xa9)
export const widenHigh8: Code = simd(0x8a)
export const widenHigh16: Code = simd(0xaa)
export const constant = (bytes: readonly number[]): Code => [...simd(0x0c), ...bytes]
/** Bytes of the first by the places that the second names. */
export const swizzle: Code = simd(0x0e)

/** Four lanes of 32 bits of two vectors: 0 to 3 name those of the first, 4 to 7 of the second. */
export const shuffle4 = (lanes: readonly [number, number, number, number]): Code => [
  ...simd(0x0d),
  ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
]

/** local += step */
export const advance = (local: number, step: number): Code => [...get(local), ...i32(step), ...add, ...set(local)]

/** While `local` < `end` (both numbers of locals). */
export const loopWhileBelow = (local: number, end: number, body: Code): Code => [
  0x02,
  0x40, // block
  0x03,
  0x40, // loop
  ...get(local),
  ...get(end),
  ...lessThan,
  0x45, // i32.eqz
  0x0d,
  1, // br_if: out of the block
  ...body,
  0x0c,
  0, // br: again
  0x0b,
  0x0b,
]

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()]
const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content]
const text = (value: string): number[] => [...unsigned(value.length), ...Array.from(value, (letter) => letter.charCodeAt(0))]

/** The module's bytes; it imports its memory as `host.memory`. */
export function moduleOf(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map((one) => [TYPES[one]])), 0])
  const imports = [[...text('host'), ...text('memory'), 0x02, 0x00, 1]]
  const exported = functions.map(({ name }, k) => [...text(name), 0x00, ...unsigned(k)])
  const bodies = functions.map(({ locals, body }) => {
    const code = [...vector(locals.map((one) => [1, TYPES[one]])), ...body, 0x0b]
    return [...unsigned(code.length), ...code]
  })
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector(imports)),
    ...section(3, vector(functions.map((_, k) => unsigned(k)))),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
  ])
}
