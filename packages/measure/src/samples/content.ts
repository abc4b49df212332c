// What an input most likely carries, judged from its name, type, shape and use, and from what the model remembers of its training: what
// synthetic data must look like for a model to do its usual work (ids of words, masks that fit them, images that are smooth, speech).
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isStateInput } from './axis-guess.ts'
import { elementCount, isPlainFloat, isPlainInteger } from './dtype-arrays.ts'
import { type InputFacts, readInputFacts } from './graph-facts.ts'
import type { Likeness } from './likeness.ts'
import type { ResolvedInput } from './resolved.ts'
import { type SignalContent, signalOf, valuesOf } from './signal-content.ts'
import { type TokenContent, tokensOf } from './token-ids.ts'

export type Content = Kind & { readonly likeness: Likeness }

type Kind =
  /** Given by the user: the elements are in `ResolvedInput.values`. */
  | { readonly kind: 'values' }
  /** Whole numbers in `from`..`below`-1. */
  | { readonly kind: 'ids'; readonly from: number; readonly below: number }
  /** 0, 1, 2 … along the last axis, staying below. */
  | { readonly kind: 'positions'; readonly below: number }
  /** The same number everywhere. */
  | { readonly kind: 'fill'; readonly value: number }
  /** A smooth image, scaled to `low`..`high`. */
  | { readonly kind: 'image'; readonly channelsLast: boolean; readonly low: number; readonly high: number }
  /** Columns of rows like those that the model was trained on. */
  | { readonly kind: 'rows' }
  /** 1 where the ids are text, 0 where they are padding. */
  | { readonly kind: 'mask' }
  | { readonly kind: 'words' }
  | SignalContent
  | TokenContent

/** A table of fewer rows is of categories. */
const LEAST_WORDS = 40
/** Ids where the size of the vocabulary is not known: any table has this many rows. */
const UNKNOWN_VOCABULARY = 100

/** The content of each input, in order. */
export function contentsOf(inputs: readonly ResolvedInput[], graph: GraphView): readonly Content[] {
  const declared = inputs.map(({ name, dtype }) => {
    const declaration = graph.inputs.find((input) => input.name === name)
    return declaration ?? { name, kind: 'tensor' as const, dtype, shape: null }
  })
  const facts = readInputFacts(declared, graph)
  const ids = inputs.find(({ name }) => facts.get(name)!.tableRows !== undefined && !/type|segment|position/i.test(name))
  const longest = Math.max(
    1,
    ...inputs.flatMap(({ shape, freeAxes }) =>
      freeAxes.filter(({ meaning }) => meaning === 'sequence' || meaning === 'samples').map(({ axis }) => shape[axis]!),
    ),
    ...(ids === undefined ? [] : [ids.shape.at(-1) ?? 1]),
  )
  return inputs.map((input, index) => {
    const kind = contentOf(input, declared[index]!, facts.get(input.name)!, { ids, longest, graph })
    return 'likeness' in kind ? kind : { ...kind, likeness: likenessOf(kind, input) }
  })
}

/** What the inputs together tell of each. */
interface Companions {
  /** The input that indexes a table of words. */
  readonly ids: ResolvedInput | undefined
  /** Longest sequence or signal. */
  readonly longest: number
  readonly graph: GraphView
}

function contentOf(input: ResolvedInput, declared: ValueDeclaration, facts: InputFacts, companions: Companions): Kind | Content {
  const { name, dtype, shape } = input
  const { graph } = companions
  if (input.values !== undefined) return { kind: 'values' }
  if (input.known?.rows !== undefined && shape.length <= 2) return { kind: 'rows' }
  if (dtype === 'string') return { kind: 'words' }
  if (dtype === 'bool') return { kind: 'fill', value: 1 }
  const image = imageLayout(input)
  if (dtype === 'int8' || dtype === 'uint8') {
    const isOther = image === undefined && facts.tableRows === undefined
    const signal = signalOf(input, facts, graph, image !== undefined) ?? (isOther ? valuesOf(input, facts, graph) : undefined)
    if (signal?.quantized !== undefined) return signal
  }
  if (isPlainInteger(dtype)) return integersOf(input, facts.tableRows, companions)
  if (!isPlainFloat(dtype)) return { kind: 'fill', value: 0 }
  // Some exporters take ids as floats and cast them.
  if (facts.tableRows !== undefined) return idsBelow(input, lowest(facts.tableRows, input.below))
  if (isStateInput(declared, facts) || isReturned(declared, graph)) return { kind: 'fill', value: 0 }
  if (/mask|length/i.test(name)) return { kind: 'fill', value: /length/i.test(name) && shape.length < 2 ? companions.longest : 1 }
  if (elementCount(shape) === 1 && shape.length < 2) return { kind: 'fill', value: /thres|iou|score|conf/i.test(name) ? 0.5 : 1 }
  const signal = signalOf(input, facts, graph, image !== undefined)
  if (signal !== undefined) return signal
  if (image !== undefined) return { kind: 'image', channelsLast: image === 'channels-last', low: 0, high: 1 }
  return valuesOf(input, facts, graph)
}

/** A second input that the model gives back in the same shape is the memory it keeps from one prediction to the next. */
const isReturned = ({ name, shape }: ValueDeclaration, { inputs, outputs }: GraphView): boolean =>
  shape !== null &&
  shape.length > 2 &&
  name !== inputs[0]?.name &&
  outputs
    .slice(1)
    .some(
      (output) =>
        output.shape?.length === shape.length &&
        output.shape.every((size, axis) => typeof size !== 'number' || size === shape[axis]),
    )

function integersOf(input: ResolvedInput, tableRows: number | undefined, { ids, longest }: Companions): Kind | Content {
  const { name, dtype, shape } = input
  const below = lowest(tableRows, input.below)
  const isOneByte = dtype === 'uint8' || dtype === 'int8'
  const image = imageLayout(input)
  if (isOneByte && image !== undefined) {
    return {
      kind: 'image',
      channelsLast: image === 'channels-last',
      ...(dtype === 'int8' ? { low: -128, high: 127 } : { low: 0, high: 255 }),
    }
  }
  if (/position/i.test(name)) return { kind: 'positions', below }
  if (/token_type|segment/i.test(name)) return { kind: 'fill', value: 0 }
  if (/mask/i.test(name)) return isMaskOf(input, ids) ? { kind: 'mask' } : { kind: 'fill', value: 1 }
  if (/len/i.test(name) && shape.length <= 1) return { kind: 'fill', value: Math.min(longest, below - 1) }
  const isCompanion = ids !== undefined && ids.name !== name && ids.shape.join() === shape.join()
  if (isCompanion && tableRows === undefined) return { kind: 'fill', value: 1 }
  if (Number.isFinite(below)) return idsBelow(input, below)
  if (isOneByte) return dtype === 'int8' ? { kind: 'ids', from: -128, below: 128 } : { kind: 'ids', from: 0, below: 256 }
  if (shape.length === 0 || elementCount(shape) === 1) return { kind: 'fill', value: Math.min(1, (input.below ?? 2) - 1) }
  return image !== undefined
    ? { kind: 'image', channelsLast: image === 'channels-last', low: 0, high: 255 }
    : idsBelow(input, UNKNOWN_VOCABULARY)
}

const lowest = (...bounds: readonly (number | undefined)[]): number =>
  Math.min(...bounds.map((bound) => bound ?? Number.POSITIVE_INFINITY))

/** Words of a large table; of a small one any row but the first, which is padding by custom. */
const idsBelow = (input: ResolvedInput, below: number): Kind | Content =>
  below >= LEAST_WORDS ? tokensOf(input, below) : { kind: 'ids', from: below > 1 ? 1 : 0, below }

/** True if the mask says which of these ids are padding. */
const isMaskOf = ({ name, shape }: ResolvedInput, ids: ResolvedInput | undefined): boolean =>
  ids !== undefined && ids.name !== name && ids.values === undefined && ids.shape.join() === shape.join()

function likenessOf(kind: Kind, { known, shape }: ResolvedInput): Likeness {
  switch (kind.kind) {
    case 'values':
      return { of: 'constant', range: null, why: 'Its values were given.' }
    case 'fill':
      return { of: 'constant', range: [kind.value, kind.value], why: 'Its name, type or use says so.' }
    case 'positions':
      return {
        of: 'constant',
        range: [0, Math.min(shape.at(-1) ?? 1, kind.below) - 1],
        why: 'They count along the last axis, as the name says.',
      }
    case 'mask':
      return { of: 'constant', range: [0, 1], why: '1 for text, 0 for padding.' }
    case 'ids':
      return { of: 'ids', range: [kind.from, kind.below - 1], why: 'Whole numbers, each as likely as the others.' }
    case 'rows':
      return { of: 'rows', range: null, why: `Its columns are distributed as ${known?.rows?.from ?? 'the model'} say.` }
    case 'words':
      return { of: 'sentences', range: null, why: 'Its type is text: short English sentences.' }
    case 'image':
      return { of: 'noise', range: [kind.low, kind.high], why: 'Its shape is that of an image.' }
    default:
      return kind.likeness
  }
}

function imageLayout({ shape, freeAxes }: ResolvedInput): 'channels-first' | 'channels-last' | undefined {
  const meanings = new Map(freeAxes.map(({ axis, meaning }) => [axis, meaning]))
  const isSide = (axis: number) => (shape[axis] ?? 0) >= 8 || meanings.get(axis) === 'height' || meanings.get(axis) === 'width'
  const first = shape.length - 3
  if (shape.length !== 4 && !(shape.length === 3 && [...meanings.values()].includes('height'))) return undefined
  if ((shape[first] ?? 0) <= 4 && isSide(first + 1) && isSide(first + 2)) return 'channels-first'
  if ((shape.at(-1) ?? 0) <= 4 && isSide(first) && isSide(first + 1)) return 'channels-last'
  return undefined
}
