// A WebAssembly module's bytes. Sections and numbers: https://webassembly.github.io/spec/core/binary/modules.html
// What is written is what the compilers and the kernels need: functions of one module, one memory, data that is in it at the start.

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

export interface WasmFunction {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
  /** After the parameters, numbered on from them. */
  readonly locals: readonly ValueType[]
  /** Instructions, without the `end` of the function. */
  readonly body: readonly number[]
  /** Absent: only other functions call it. */
  readonly exportedAs?: string
}

export interface WasmData {
  /** Address in the memory. */
  readonly at: number
  readonly bytes: Uint8Array
}

export interface WasmModule {
  readonly functions: readonly WasmFunction[]
  /** The size of its own memory, bytes, exported as `memory`; null: it imports `host.memory`. */
  readonly memoryBytes: number | null
  readonly data: readonly WasmData[]
}

export const PAGE_BYTES = 65_536

const TYPE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }
const SECTION = { type: 1, import: 2, function: 3, memory: 5, export: 7, code: 10, data: 11, dataCount: 12 } as const
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/** An unsigned number, seven bits a byte. */
export function unsignedLeb128(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

/** A signed number of at most 32 bits. */
export function signedLeb128(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low)
      return bytes
    }
    bytes.push(low | 0x80)
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsignedLeb128(items.length), ...items.flat()]
const text = (name: string): number[] => [...unsignedLeb128(name.length), ...[...name].map((letter) => letter.charCodeAt(0))]
const section = (id: number, content: readonly number[]): number[] => [id, ...unsignedLeb128(content.length), ...content]

/** The module's bytes. Data is copied once, since it may be megabytes. */
export function encodeModule({ functions, memoryBytes, data }: WasmModule): Uint8Array<ArrayBuffer> {
  const exported = functions.flatMap(({ exportedAs }, index) =>
    exportedAs === undefined ? [] : [[...text(exportedAs), 0, ...unsignedLeb128(index)]],
  )
  const head = [
    ...MAGIC,
    ...section(SECTION.type, vector(functions.map(({ params, results }) => [0x60, ...types(params), ...types(results)]))),
    ...(memoryBytes === null ? section(SECTION.import, vector([[...text('host'), ...text('memory'), 2, 0, 1]])) : []),
    ...section(SECTION.function, vector(functions.map((_, index) => unsignedLeb128(index)))),
    ...(memoryBytes === null ? [] : section(SECTION.memory, vector([[0, ...unsignedLeb128(pagesOf(memoryBytes))]]))),
    ...section(SECTION.export, vector([...(memoryBytes === null ? [] : [[...text('memory'), 2, 0]]), ...exported])),
    ...section(SECTION.code, vector(functions.map(code))),
  ]
  return withData(head, data)
}

const pagesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE_BYTES))

const types = (of: readonly ValueType[]): number[] => vector(of.map((type) => [TYPE[type]]))

function code({ locals, body }: WasmFunction): number[] {
  const declared = vector(locals.map((type) => [1, TYPE[type]]))
  const size = declared.length + body.length + 1
  return [...unsignedLeb128(size), ...declared, ...body, 0x0b]
}

function withData(head: readonly number[], data: readonly WasmData[]): Uint8Array<ArrayBuffer> {
  const headers = data.map(({ at, bytes }) => [0, 0x41, ...signedLeb128(at), 0x0b, ...unsignedLeb128(bytes.length)])
  const count = unsignedLeb128(data.length)
  const contentBytes = count.length + data.reduce((sum, { bytes }, k) => sum + headers[k]!.length + bytes.length, 0)
  const start = [...head, SECTION.data, ...unsignedLeb128(contentBytes), ...count]
  const whole = new Uint8Array(start.length + contentBytes - count.length)
  whole.set(start)
  let at = start.length
  data.forEach(({ bytes }, k) => {
    whole.set(headers[k]!, at)
    at += headers[k]!.length
    whole.set(bytes, at)
    at += bytes.length
  })
  return whole
}
