// What an input most likely carries, judged from its name, type, shape and use: what synthetic data must look like for a model
// to do its usual work (ids inside the table, masks of ones, images that are smooth, signals that are tones).
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isStateInput } from './axis-guess.ts'
import { elementCount, isPlainFloat, isPlainInteger } from './dtype-arrays.ts'
import { type InputFacts, readInputFacts } from './graph-facts.ts'
import type { Likeness, ResolvedInput } from './resolved.ts'

export type Content = ContentKind & { readonly likeness?: Likeness }

type ContentKind =
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
  | { readonly kind: 'signal' }
  | { readonly kind: 'normal' }
  | { readonly kind: 'words' }

/** A float input this long in one axis, with at most two values otherwise, is a signal. */
const SHORTEST_SIGNAL = 4000
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
  return inputs.map((input, index) => contentOf(input, declared[index]!, facts.get(input.name)!, { ids, longest }))
}

/** What the values of a content resemble; undefined if the user gave them. */
export function likenessOf(content: Content): Likeness | undefined {
  if (content.likeness !== undefined) return content.likeness
  switch (content.kind) {
    case 'values':
      return undefined
    case 'fill':
      return { of: 'constant', range: [content.value, content.value], why: 'Its name, type or use says so.' }
    case 'positions':
      return { of: 'constant', range: null, why: 'They count along the last axis, as the name says.' }
    case 'ids':
      return { of: 'noise', range: [content.from, content.below - 1], why: 'Whole numbers, each as likely as the others.' }
    case 'image':
      return { of: 'noise', range: [content.low, content.high], why: 'Waves and a little noise in the shape of an image.' }
    case 'signal':
      return { of: 'noise', range: null, why: 'A few tones at the level of speech.' }
    case 'words':
      return { of: 'noise', range: null, why: 'Short English words in any order.' }
    case 'normal':
      return { of: 'noise', range: null, why: 'Nothing in the model tells what it takes: normally distributed numbers.' }
  }
}

/** What the inputs together tell of each. */
interface Companions {
  /** The input that indexes a table of words. */
  readonly ids: ResolvedInput | undefined
  /** Longest sequence or signal. */
  readonly longest: number
}

function contentOf(input: ResolvedInput, declared: ValueDeclaration, facts: InputFacts, companions: Companions): Content {
  const { name, dtype, shape } = input
  if (input.values !== undefined) return { kind: 'values' }
  if (dtype === 'string') return { kind: 'words' }
  if (dtype === 'bool') return { kind: 'fill', value: 1 }
  if (isPlainInteger(dtype)) return integersOf(input, facts.tableRows, companions)
  if (!isPlainFloat(dtype)) return { kind: 'fill', value: 0 }
  // Some exporters take ids as floats and cast them.
  if (facts.tableRows !== undefined) return idsBelow(lowest(facts.tableRows, input.below))
  if (isStateInput(declared, facts)) return { kind: 'fill', value: 0 }
  if (/mask|length/i.test(name)) return { kind: 'fill', value: /length/i.test(name) && shape.length < 2 ? companions.longest : 1 }
  if (elementCount(shape) === 1 && shape.length < 2) return { kind: 'fill', value: /thres|iou|score|conf/i.test(name) ? 0.5 : 1 }
  const image = imageLayout(input)
  if (image !== undefined) return { kind: 'image', channelsLast: image === 'channels-last', low: 0, high: 1 }
  const long = Math.max(...shape)
  const isSignal =
    facts.axes.some(({ meaning }) => meaning === 'samples') ||
    input.freeAxes.some(({ meaning }) => meaning === 'samples') ||
    (shape.length <= 3 && long >= SHORTEST_SIGNAL && elementCount(shape.slice(1)) <= 2 * long)
  return isSignal ? { kind: 'signal' } : { kind: 'normal' }
}

function integersOf(input: ResolvedInput, tableRows: number | undefined, { ids, longest }: Companions): Content {
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
  if (/mask/i.test(name)) return { kind: 'fill', value: 1 }
  if (/len/i.test(name) && shape.length <= 1) return { kind: 'fill', value: Math.min(longest, below - 1) }
  const isCompanion = ids !== undefined && ids.name !== name && ids.shape.join() === shape.join()
  if (isCompanion && tableRows === undefined) return { kind: 'fill', value: 1 }
  if (Number.isFinite(below)) return idsBelow(below)
  if (isOneByte) return dtype === 'int8' ? { kind: 'ids', from: -128, below: 128 } : { kind: 'ids', from: 0, below: 256 }
  if (shape.length === 0 || elementCount(shape) === 1) return { kind: 'fill', value: Math.min(1, (input.below ?? 2) - 1) }
  return image !== undefined
    ? { kind: 'image', channelsLast: image === 'channels-last', low: 0, high: 255 }
    : idsBelow(UNKNOWN_VOCABULARY)
}

const lowest = (...bounds: readonly (number | undefined)[]): number =>
  Math.min(...bounds.map((bound) => bound ?? Number.POSITIVE_INFINITY))

/** Id 0 is padding by custom: real text has none. */
const idsBelow = (below: number): Content => ({ kind: 'ids', from: below > 1 ? 1 : 0, below })

function imageLayout({ shape, freeAxes }: ResolvedInput): 'channels-first' | 'channels-last' | undefined {
  const meanings = new Map(freeAxes.map(({ axis, meaning }) => [axis, meaning]))
  const isSide = (axis: number) => (shape[axis] ?? 0) >= 8 || meanings.get(axis) === 'height' || meanings.get(axis) === 'width'
  const first = shape.length - 3
  if (shape.length !== 4 && !(shape.length === 3 && [...meanings.values()].includes('height'))) return undefined
  if ((shape[first] ?? 0) <= 4 && isSide(first + 1) && isSide(first + 2)) return 'channels-first'
  if ((shape.at(-1) ?? 0) <= 4 && isSide(first) && isSide(first + 1)) return 'channels-last'
  return undefined
}
