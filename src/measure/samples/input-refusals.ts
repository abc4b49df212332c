// Reads ONNX Runtime's complaints about sizes, and changes guessed sizes as they ask. The texts are those of onnxruntime 1.30
// (core/framework/utils, core/providers/cpu); one that is not known changes nothing.
import { type ResolvedInput, type ResolvedInputs, withSizes } from './resolved.ts'

/** A product of sizes somewhere inside the model: what the guess gave there, and what the weights want. */
export interface Demand {
  readonly got: number
  readonly want: number
}

/** An earlier try: the size of the scaled axes, and what it gave inside the model. */
export interface Observation {
  readonly side: number
  readonly got: number
}

const OUT_OF_RANGE =
  /\b(index|indices|axis|axes|split)\b.*\b(range|bounds|exceeds|outside)|out of range.*\bindex|invalid indice/is
const BATCH_OR_STATE = new Set(['batch', 'state'])

/**
 * The inputs as the message asks for them; `undefined` where it asks for nothing that can be changed. Only guessed sizes change:
 * what the user, the data or a weight says stays. `earlier` tries sharpen the scaling of image sides.
 */
export function adjustFromError(
  message: string,
  resolved: ResolvedInputs,
  earlier: readonly Observation[] = [],
): ResolvedInputs | undefined {
  const direct = invalidDimensions(message, resolved)
  if (direct !== undefined) return direct
  const rows = message.match(/indices element out of data bounds.*\[-\d+,\s*(\d+)\]/s)
  if (rows !== null) return withinTable(resolved, Number(rows[1]) + 1)
  for (const [is, wanted] of pairs(message)) {
    const changed = replaceSize(resolved, is, wanted)
    if (changed !== undefined) return changed
  }
  const demand = demandOf(message)
  if (demand !== undefined) return scaleTo(resolved, demand, earlier)
  // An index beyond what it indexes: 0 and 1 are within nearly everything, 0 within all.
  if (!OUT_OF_RANGE.test(message)) return undefined
  return integersBelow(resolved, 2) ?? integersBelow(resolved, 1)
}

/** The sizes a Gemm or a Reshape complains about, per sample. */
export function demandOf(message: string): Demand | undefined {
  const gemm = message.match(/GEMM: Dimension mismatch, W: \{(\d+),(\d+)\} K: (\d+) N:\s*(\d+)/)
  if (gemm !== null) {
    const [rows, columns, got, n] = gemm.slice(1).map(Number) as [number, number, number, number]
    return { got, want: columns === n ? rows : columns }
  }
  const reshape = message.match(
    /cannot be reshaped to the requested shape. Input shape:\s*\{([\d,]*)\}, requested shape:\s*\{([-\d,]*)\}/,
  )
  if (reshape === null) return undefined
  const [from, to] = reshape.slice(1).map((text) => text!.split(',').filter(Boolean).map(Number)) as [number[], number[]]
  const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * Math.abs(size), 1)
  // With an open axis (-1) the rest must divide the input: the smallest input that does is one sample.
  const got = to.includes(-1) && to[0] === -1 ? product(from.slice(1)) : product(from)
  return { got, want: product(to) }
}

/** The size of the axes that `adjustFromError` scales, for an `Observation`; `undefined` where there are none. */
export function scaledSide(resolved: ResolvedInputs): number | undefined {
  const [first] = scalable(resolved)
  return first === undefined ? undefined : first.input.shape[first.axis]
}

function invalidDimensions(message: string, resolved: ResolvedInputs): ResolvedInputs | undefined {
  const name = message.match(/Got invalid dimensions for input: (.*) for the following indices/)?.[1]
  const input = resolved.inputs.find((candidate) => candidate.name === name)
  if (input === undefined) return undefined
  let changed: ResolvedInputs | undefined
  for (const [, axis, , expected] of message.matchAll(/index: (\d+) Got: (\d+) Expected: (\d+)/g)) {
    const next = setAxis(changed ?? resolved, input, Number(axis), Number(expected))
    if (next === undefined) return undefined
    changed = next
  }
  return changed
}

/** Either the sequence is longer than the table of positions, or the ids go beyond their own. */
function withinTable(resolved: ResolvedInputs, rows: number): ResolvedInputs | undefined {
  for (const { input, axis, meaning } of guessedAxes(resolved)) {
    if (meaning === 'sequence' && input.shape[axis]! > rows) return setAxis(resolved, input, axis, rows)
  }
  return integersBelow(resolved, rows)
}

/** Whole numbers below a bound, where one is not within it yet. */
function integersBelow(resolved: ResolvedInputs, rows: number): ResolvedInputs | undefined {
  const isLoose = (input: ResolvedInput) =>
    /^u?int/.test(input.dtype) && input.values === undefined && (input.below ?? Number.POSITIVE_INFINITY) > rows
  if (!resolved.inputs.some(isLoose)) return undefined
  return { inputs: resolved.inputs.map((input) => (isLoose(input) ? { ...input, below: rows } : input)) }
}

/** Pairs of (size as guessed, size asked for) that a message states, likeliest first. */
function pairs(message: string): readonly (readonly [number, number])[] {
  const numbers = (match: RegExpMatchArray | null): number[] => match?.slice(1).map(Number) ?? []
  const [channels, kernel, group] = numbers(message.match(/C: (\d+) kernel channels: (\d+) group: (\d+)/))
  if (channels !== undefined) return [[channels, kernel! * group!]]
  const [left, right] = numbers(message.match(/dimension other than 1\. (\d+) by (\d+)/))
  if (left !== undefined) return bothWays(right!, left)
  const [first, second] = numbers(message.match(/mismatched dimensions of (\d+) and (\d+)/))
  if (first !== undefined) return bothWays(first, second!)
  const split = message.match(/Axis=(\d+) Input shape=\{([\d,]+)\}.* was (\d+)$/s)
  if (split !== null) return [[Number(split[2]!.split(',')[Number(split[1])]), Number(split[3])]]
  const gemm = demandOf(message)
  if (gemm !== undefined && /GEMM/.test(message)) return [[gemm.got, gemm.want]]
  const shapes = message.match(/must have shape \{([\d,]+)\}\.? Actual:\s*\{([\d,]+)\}/)
  if (shapes === null) return []
  const [wanted, actual] = shapes.slice(1).map((text) => text!.split(',').map(Number)) as [number[], number[]]
  const differing = wanted.map((size, axis) => [size, actual[axis] ?? size] as const).filter(([a, b]) => a !== b)
  return differing.flatMap(([a, b]) => bothWays(a, b))
}

/** Where a message does not say which of the two sizes is the guess. */
const bothWays = (a: number, b: number): readonly (readonly [number, number])[] => [
  [a, b],
  [b, a],
]

function replaceSize(resolved: ResolvedInputs, is: number, wanted: number): ResolvedInputs | undefined {
  const axes = guessedAxes(resolved).filter(({ input, axis }) => input.shape[axis] === is)
  // A batch of 1 and a broadcast 1 look alike: others first.
  const found = axes.find(({ meaning }) => !BATCH_OR_STATE.has(meaning)) ?? axes.find(() => is !== 1)
  return found === undefined ? undefined : setAxis(resolved, found.input, found.axis, wanted)
}

/** Changes the sides of an image (the length of a signal) so that the product inside the model comes out as wanted. */
function scaleTo(resolved: ResolvedInputs, { got, want }: Demand, earlier: readonly Observation[]): ResolvedInputs | undefined {
  const axes = scalable(resolved)
  const side = scaledSide(resolved)
  if (side === undefined || got === want || got <= 0 || want <= 0) return undefined
  const distinct = new Set(axes.map(({ input, axis, symbol }) => symbol ?? `${input.name} ${axis}`)).size
  const root = (product: number) => product ** (1 / Math.min(distinct, axes[0]!.ofInput))
  // Inside, a side is stride and offset: one try gives the stride, a second the offset too.
  const before = earlier.findLast((observation) => observation.side !== side && observation.got !== got)
  const slope = before === undefined ? root(got) / side : (root(got) - root(before.got)) / (side - before.side)
  const target = Math.round(side + (root(want) - root(got)) / slope)
  if (!Number.isFinite(target) || target < 1 || target === side) return undefined
  return withSizes(
    resolved,
    axes.map(({ input, axis }) => ({
      input: input.name,
      axis,
      size: Math.max(1, Math.round((input.shape[axis]! * target) / side)),
      from: 'engine' as const,
    })),
  )
}

interface GuessedAxis {
  readonly input: ResolvedInput
  readonly axis: number
  readonly meaning: string
  readonly symbol: string | null
}

const isGuessed = (from: string): boolean => from === 'guess' || from === 'engine'

const guessedAxes = (resolved: ResolvedInputs): readonly GuessedAxis[] =>
  resolved.inputs.flatMap((input) =>
    input.freeAxes.filter(({ from }) => isGuessed(from)).map(({ axis, meaning, symbol }) => ({ input, axis, meaning, symbol })),
  )

function scalable(resolved: ResolvedInputs): readonly (GuessedAxis & { readonly ofInput: number })[] {
  const axes = guessedAxes(resolved)
  const sides = axes.filter(({ meaning }) => meaning === 'height' || meaning === 'width' || meaning === 'depth')
  const chosen = sides.length > 0 ? sides : axes.filter(({ meaning }) => meaning === 'samples' || meaning === 'sequence')
  return chosen.map((own) => ({ ...own, ofInput: chosen.filter(({ input }) => input === own.input).length }))
}

/** Sets a guessed axis, with every axis of its symbol; `undefined` where it is not a guess. */
function setAxis(resolved: ResolvedInputs, input: ResolvedInput, axis: number, size: number): ResolvedInputs | undefined {
  const own = input.freeAxes.find((free) => free.axis === axis)
  if (own === undefined || !isGuessed(own.from)) return undefined
  const same = own.symbol === null ? [{ input, axis }] : guessedAxes(resolved).filter(({ symbol }) => symbol === own.symbol)
  return withSizes(
    resolved,
    same.map((target) => ({ input: target.input.name, axis: target.axis, size, from: 'engine' })),
  )
}
