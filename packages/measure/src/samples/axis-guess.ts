// The stated guess for a free axis: what it represents, judged from what the graph's operators say, the axis's symbol, the
// input's name, type and rank; and the size taken for it. Where the graph fixes the size, that is no guess.
import type { Dimension, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isNameless } from '@whyslow/graph/view.ts'
import { isPlainFloat, isPlainInteger } from './dtype-arrays.ts'
import type { AxisMeaning, InputFacts } from './graph-facts.ts'

/** Sizes taken if nothing says better: what users of such models mostly run. */
const USUAL_SIZE: Readonly<Record<AxisMeaning, number>> = {
  batch: 1,
  channels: 3,
  depth: 16,
  height: 224,
  width: 224,
  sequence: 128,
  past: 128,
  // One second at 16 kHz.
  samples: 16000,
  features: 1,
  state: 1,
  // A small molecule, or a small neighbourhood: four edges a node.
  nodes: 64,
  edges: 256,
  unknown: 1,
}

const SYMBOLS: readonly (readonly [RegExp, AxisMeaning])[] = [
  [/batch|^(n|b|bs)$|num_(samples|rows|examples)/i, 'batch'],
  [/past|cache/i, 'past'],
  [/channel|^c$/i, 'channels'],
  [/height|^(h|rows)$/i, 'height'],
  [/width|^(w|cols)$/i, 'width'],
  [/depth|^d$/i, 'depth'],
  [/samples|audio|wav/i, 'samples'],
  [/seq|token|len|time|frames|steps|^(t|l|s)$/i, 'sequence'],
  [/feature|embed|hidden|^f$/i, 'features'],
]
const STATE_NAME = /state|hidden|cache|past|memory|^(h|c|hx|cx)_?\d*$/i
/** The past of a forecast is data, [batch, time, values]; caches of keys and values have more axes. */
const FORECAST_NAME = /past_?(values|time|target|observed|covariat|feat)/i
const AUDIO_NAME = /audio|wav|speech|signal|pcm|input_values/i

/** True for inputs that carry a state from one prediction to the next, by their name or their use. */
export const isStateInput = (input: ValueDeclaration, facts: InputFacts): boolean =>
  facts.isState ||
  (input.dtype !== null &&
    isPlainFloat(input.dtype) &&
    STATE_NAME.test(input.name) &&
    !/hidden_states$/.test(input.name) &&
    !(FORECAST_NAME.test(input.name) && (input.shape?.length ?? 0) < 4))

/** A dimension's symbol where it has a telling one. Negative sizes are an old way of saying free. */
function symbolOf(dimension: Dimension): string | null {
  return typeof dimension === 'string' && !isNameless(dimension) ? dimension : null
}

/** The dimensions of an input as numbers and symbols, null if free; a guess of the rank where the model says none. */
export function dimensionsOf(input: ValueDeclaration, facts: InputFacts): readonly Dimension[] {
  const shape = input.shape ?? Array<null>(facts.rank ?? 2).fill(null)
  return shape.map((size) => (typeof size === 'number' && size >= 0 ? size : typeof size === 'number' ? null : symbolOf(size)))
}

/** What each axis represents; the fixed ones too, for they tell the layout. */
export function meaningsOf(input: ValueDeclaration, dimensions: readonly Dimension[], facts: InputFacts): readonly AxisMeaning[] {
  const byPlace = meaningsByPlace(input, dimensions, facts)
  const said = dimensions.map((dimension, axis): AxisMeaning | undefined => {
    const told = facts.axes[axis]?.meaning
    if (told !== undefined && told !== 'features') return told
    const symbol = symbolOf(dimension)
    return (symbol === null ? undefined : SYMBOLS.find(([pattern]) => pattern.test(symbol))?.[1]) ?? told
  })
  // The place is the last resort, and no second axis of a meaning that another bears by its own right.
  const bySpare = (axis: number): AxisMeaning => {
    const meaning = byPlace[axis] ?? 'unknown'
    if (!said.includes(meaning) || meaning === 'state') return meaning
    return meaning === 'sequence' ? 'features' : 'unknown'
  }
  return said.map((meaning, axis) => meaning ?? bySpare(axis))
}

/** The size of a free axis when nothing but its meaning is known; `facts` cap a sequence at the longest position. */
export function usualSize(meaning: AxisMeaning, facts: InputFacts): number {
  if (meaning === 'sequence') return Math.min(USUAL_SIZE.sequence, facts.maxLength ?? Number.POSITIVE_INFINITY)
  return USUAL_SIZE[meaning]
}

function meaningsByPlace(
  input: ValueDeclaration,
  dimensions: readonly Dimension[],
  facts: InputFacts,
): readonly (AxisMeaning | undefined)[] {
  const rank = dimensions.length
  const isColour = (axis: number) => [1, 3, 4].includes(dimensions[axis] as number)
  const isFree = (axis: number) => typeof dimensions[axis] !== 'number'
  if (isStateInput(input, facts)) {
    // Keys and values of past positions are [batch, heads, positions, size]; a recurrent state is [layers, batch, size].
    if (rank === 4) return ['batch', 'state', 'past', 'state']
    if (isFree(0)) return ['batch', 'state', 'state']
    return ['state', 'batch', 'state']
  }
  if (input.dtype !== null && (isPlainInteger(input.dtype) || input.dtype === 'bool') && rank <= 2 && input.dtype !== 'uint8') {
    if (rank === 1) return /len|batch|size/i.test(input.name) ? ['batch'] : ['sequence']
    return ['batch', 'sequence']
  }
  switch (rank) {
    case 1:
      return AUDIO_NAME.test(input.name) ? ['samples'] : ['batch']
    case 2:
      return ['batch', AUDIO_NAME.test(input.name) ? 'samples' : 'features']
    case 3:
      if (isColour(0) && isFree(1) && isFree(2)) return ['channels', 'height', 'width']
      if (isColour(2) && isFree(0) && isFree(1) && dimensions[2] !== 1) return ['height', 'width', 'channels']
      if (dimensions[2] === 1 || dimensions[1] === 1)
        return dimensions[2] === 1 ? ['batch', 'samples', 'channels'] : ['batch', 'channels', 'samples']
      return ['batch', 'sequence', 'features']
    case 4:
      return isColour(3) && !isColour(1) ? ['batch', 'height', 'width', 'channels'] : ['batch', 'channels', 'height', 'width']
    case 5:
      return isColour(4) && !isColour(1)
        ? ['batch', 'depth', 'height', 'width', 'channels']
        : ['batch', 'channels', 'depth', 'height', 'width']
    default:
      return ['batch']
  }
}
