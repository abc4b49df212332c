// What ONNX Runtime's refusal of inputs says, as values. The texts are those of onnxruntime 1.30 (core/framework/utils,
// core/providers/cpu); one that is not known says nothing.

/** A product of sizes somewhere inside the model: what the inputs gave there, and what the weights want. */
export interface Demand {
  readonly got: number
  readonly want: number
}

export interface Refusal {
  /** False if no size can help: the model itself is at fault, or a part of the engine is missing. */
  readonly isAboutInputs: boolean
  /** Sizes that an input is declared with. */
  readonly declared: { readonly input: string; readonly axes: readonly { readonly axis: number; readonly size: number }[] } | null
  /** Rows of the table that an index was beyond. */
  readonly tableRows: number | null
  /** Sizes as they were and as they should be, likeliest first. */
  readonly sizes: readonly (readonly [is: number, wanted: number])[]
  /** What a Gemm or a Reshape complains about, per sample. */
  readonly demand: Demand | null
  /** A whole number is beyond what it indexes. */
  readonly isOutOfRange: boolean
}

const NOT_ABOUT_INPUTS =
  /NOT_IMPLEMENTED|Could not find an implementation|is not a registered function|Unrecognized attribute|opset|custom op|Load model .* failed|Protobuf parsing/i
const OUT_OF_RANGE =
  /\b(index|indices|axis|axes|split)\b.*\b(range|bounds|exceeds|outside)|out of range.*\bindex|invalid indice/is

export function readRefusal(message: string): Refusal {
  const rows = message.match(/indices element out of data bounds.*\[-\d+,\s*(\d+)\]/s)
  return {
    isAboutInputs: !NOT_ABOUT_INPUTS.test(message),
    declared: declaredSizes(message),
    tableRows: rows === null ? null : Number(rows[1]) + 1,
    sizes: sizesIn(message),
    demand: demandOf(message),
    isOutOfRange: OUT_OF_RANGE.test(message),
  }
}

function declaredSizes(message: string): Refusal['declared'] {
  const input = message.match(/Got invalid dimensions for input: (.*) for the following indices/)?.[1]
  if (input === undefined) return null
  const axes = [...message.matchAll(/index: (\d+) Got: \d+ Expected: (\d+)/g)]
  return { input, axes: axes.map(([, axis, size]) => ({ axis: Number(axis), size: Number(size) })) }
}

function sizesIn(message: string): Refusal['sizes'] {
  const numbers = (match: RegExpMatchArray | null): number[] => match?.slice(1).map(Number) ?? []
  const [channels, kernel, group] = numbers(message.match(/C: (\d+) kernel channels: (\d+) group: (\d+)/))
  if (channels !== undefined) return [[channels, kernel! * group!]]
  const [left, right] = numbers(message.match(/dimension other than 1\. (\d+) by (\d+)/))
  if (left !== undefined) return bothWays(right!, left)
  const [first, second] = numbers(message.match(/mismatched dimensions of (\d+) and (\d+)/))
  if (first !== undefined) return bothWays(first, second!)
  const split = message.match(/Axis=(\d+) Input shape=\{([\d,]+)\}.* was (\d+)$/s)
  if (split !== null) return [[Number(split[2]!.split(',')[Number(split[1])]), Number(split[3])]]
  const gemm = gemmDemand(message)
  if (gemm !== null) return [[gemm.got, gemm.want]]
  const shapes = message.match(/must have shape \{([\d,]+)\}\.? Actual:\s*\{([\d,]+)\}/)
  if (shapes === null) return []
  const [wanted, actual] = shapes.slice(1).map(sizesOf) as [number[], number[]]
  const differing = wanted.map((size, axis) => [size, actual[axis] ?? size] as const).filter(([a, b]) => a !== b)
  return differing.flatMap(([a, b]) => bothWays(a, b))
}

/** For messages that do not say which of the two sizes is the input's. */
const bothWays = (a: number, b: number): Refusal['sizes'] => [
  [a, b],
  [b, a],
]

const sizesOf = (text: string): number[] => text.split(',').filter(Boolean).map(Number)

function gemmDemand(message: string): Demand | null {
  const gemm = message.match(/GEMM: Dimension mismatch, W: \{(\d+),(\d+)\} K: (\d+) N:\s*(\d+)/)
  if (gemm === null) return null
  const [rows, columns, got, n] = gemm.slice(1).map(Number) as [number, number, number, number]
  return { got, want: columns === n ? rows : columns }
}

function demandOf(message: string): Demand | null {
  const reshape = message.match(
    /cannot be reshaped to the requested shape. Input shape:\s*\{([\d,]*)\}, requested shape:\s*\{([-\d,]*)\}/,
  )
  if (reshape === null) return gemmDemand(message)
  const [from, to] = reshape.slice(1).map(sizesOf) as [number[], number[]]
  const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * Math.abs(size), 1)
  // With an open axis (-1) the rest must divide the input: the smallest input that does is one sample.
  const got = to.includes(-1) && to[0] === -1 ? product(from.slice(1)) : product(from)
  return { got, want: product(to) }
}
