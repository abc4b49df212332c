// Instructions of WebAssembly that the kernels need, one after another; fixed-width SIMD is in Node since 16.4 and in every browser since
// 2023. https://webassembly.github.io/spec/core/binary/instructions.html
import { signedLeb128, unsignedLeb128 } from '../wasm/bytes.ts'

/** Bytes of an instruction, or of several. */
export type Code = readonly number[]

const simd = (opcode: number): number[] => [0xfd, ...unsignedLeb128(opcode)]
const memory = (offset: number): number[] => [0, ...unsignedLeb128(offset)]

export const get = (local: number): Code => [0x20, ...unsignedLeb128(local)]
export const set = (local: number): Code => [0x21, ...unsignedLeb128(local)]
export const i32 = (value: number): Code => [0x41, ...signedLeb128(value)]
export const add: Code = [0x6a]
const lessThan: Code = [0x48]
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
