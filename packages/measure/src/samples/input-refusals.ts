// Changes guessed sizes as the engine asks for it when it refuses inputs.
import type { Demand, Refusal } from '../engines/onnxruntime/facts/refusals.ts'
import { type ResolvedInput, type ResolvedInputs, withSizes } from './resolved.ts'

/** An earlier try: the size of the scaled axes, and what it gave inside the model. */
export interface Observation {
  readonly side: number
  readonly got: number
}

const BATCH_OR_STATE = new Set(['batch', 'state'])

/**
 * The inputs as the engine asks for them; `undefined` where it asks for nothing that can be changed. Only guessed sizes change:
 * what the user, the data or a weight says stays. `earlier` tries sharpen the scaling of image sides.
 */
export function adjustTo(
  refusal: Refusal,
  resolved: ResolvedInputs,
  earlier: readonly Observation[] = [],
): ResolvedInputs | undefined {
  const { tableRows, sizes, demand, isOutOfRange } = refusal
  const direct = asDeclared(refusal, resolved)
  if (direct !== undefined) return direct
  if (tableRows !== null) return withinTable(resolved, tableRows)
  for (const [is, wanted] of sizes) {
    const changed = replaceSize(resolved, is, wanted)
    if (changed !== undefined) return changed
  }
  if (demand !== null) return scaleTo(resolved, demand, earlier)
  // An index beyond what it indexes: 0 and 1 are within nearly everything, 0 within all.
  if (!isOutOfRange) return undefined
  return integersBelow(resolved, 2) ?? integersBelow(resolved, 1)
}

/** The size of the axes that `adjustTo` scales, for an `Observation`; `undefined` if there are none. */
export function scaledSide(resolved: ResolvedInputs): number | undefined {
  const [first] = scalable(resolved)
  return first === undefined ? undefined : first.input.shape[first.axis]
}

function asDeclared({ declared }: Refusal, resolved: ResolvedInputs): ResolvedInputs | undefined {
  const input = resolved.inputs.find(({ name }) => name === declared?.input)
  if (declared === null || input === undefined) return undefined
  let changed: ResolvedInputs | undefined
  for (const { axis, size } of declared.axes) {
    const next = setAxis(changed ?? resolved, input, axis, size)
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

/** Whole numbers below a bound, if one is not within it yet. */
function integersBelow(resolved: ResolvedInputs, rows: number): ResolvedInputs | undefined {
  const isLoose = (input: ResolvedInput) =>
    /^u?int/.test(input.dtype) && input.values === undefined && (input.below ?? Number.POSITIVE_INFINITY) > rows
  if (!resolved.inputs.some(isLoose)) return undefined
  return { inputs: resolved.inputs.map((input) => (isLoose(input) ? { ...input, below: rows } : input)) }
}

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

/** Sets a guessed axis, with every axis of its symbol; `undefined` if it is not a guess. */
function setAxis(resolved: ResolvedInputs, input: ResolvedInput, axis: number, size: number): ResolvedInputs | undefined {
  const own = input.freeAxes.find((free) => free.axis === axis)
  if (own === undefined || !isGuessed(own.from)) return undefined
  const same = own.symbol === null ? [{ input, axis }] : guessedAxes(resolved).filter(({ symbol }) => symbol === own.symbol)
  return withSizes(
    resolved,
    same.map((target) => ({ input: target.input.name, axis: target.axis, size, from: 'engine' })),
  )
}
