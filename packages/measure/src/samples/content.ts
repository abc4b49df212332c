// What an input most likely carries, judged from its name, type, shape and use, and from what the model remembers of its training: what
// synthetic data must look like for a model to do its usual work (ids of words, masks that fit them, photos, speech).
import type { Dimension, GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { isStateInput } from './axis-guess.ts'
import { elementCount, isPlainFloat, isPlainInteger } from './dtype-arrays.ts'
import { type InputFacts, readInputFacts } from './graph-facts.ts'
import { type ImageAxes, isTextLine } from './photo-tensors.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { ASSUMED_PIXELS, BYTES, type Pixels, valueRange } from './pixels.ts'
import type { Likeness, ResolvedInput } from './resolved.ts'
import { type SignalContent, signalOf, valuesOf } from './signal-content.ts'
import { type TokenContent, tokensOf } from './token-ids.ts'

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
  /** Photos, their bytes turned into values by `numbers`. */
  | { readonly kind: 'image'; readonly axes: ImageAxes; readonly numbers: PictureNumbers }
  /** Columns of rows like those that the model was trained on. */
  | { readonly kind: 'rows' }
  /** 1 where the ids are text, 0 where they are padding. */
  | { readonly kind: 'mask' }
  | { readonly kind: 'words' }
  | SignalContent
  | TokenContent

/** A table of fewer rows is of categories. */
const LEAST_WORDS = 40
/** Sides of the smallest photos that models take: digits of 16x16. */
const SMALLEST_PHOTO = 16
/** Sides of an image without a batch: what is smaller, or far longer than wide, may be a table. */
const SMALLEST_SIDE = 64
const LARGEST_RATIO = 4

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
  const nodes = inputs.find(({ name }) => facts.get(name)!.axes[0]?.meaning === 'nodes')?.shape[0]
  return inputs.map((input, index) => contentOf(input, declared[index]!, facts.get(input.name)!, { ids, longest, nodes, graph }))
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
      return { of: 'photo', range: valueRange(content.numbers, 3), why: 'Its shape is that of an image.' }
    case 'rows':
      return { of: 'rows', range: null, why: 'The model stores how its columns are distributed.' }
    case 'mask':
      return { of: 'constant', range: [0, 1], why: '1 for text, 0 for padding.' }
    case 'words':
      return { of: 'sentences', range: null, why: 'Its type is text: short English sentences.' }
    default:
      return content.likeness
  }
}

/** What the inputs together tell of each. */
interface Companions {
  /** The input that indexes a table of words. */
  readonly ids: ResolvedInput | undefined
  /** Longest sequence or signal. */
  readonly longest: number
  /** Nodes of the graph that a graph neural network takes; undefined: the model is none. */
  readonly nodes: number | undefined
  readonly graph: GraphView
}

function contentOf(input: ResolvedInput, declared: ValueDeclaration, facts: InputFacts, companions: Companions): Content {
  const { name, dtype, shape } = input
  const { graph, nodes } = companions
  if (input.values !== undefined) return { kind: 'values' }
  const rows = input.known?.rows
  if (rows !== undefined && shape.length <= 2) {
    return { kind: 'rows', likeness: { of: 'rows', range: null, why: `Its columns are distributed as ${rows.from} say.` } }
  }
  if (dtype === 'string') return { kind: 'words' }
  if (hidesWhereTrue(input, facts)) return { kind: 'fill', value: 0 }
  if (dtype === 'bool') return { kind: 'fill', value: 1 }
  const image = imageAxes(input)
  if (dtype === 'int8' || dtype === 'uint8') {
    const isOther = image === undefined && facts.tableRows === undefined
    const signal = signalOf(input, facts, graph, image !== undefined) ?? (isOther ? valuesOf(input, facts, graph) : undefined)
    if (signal?.quantized !== undefined) return signal
  }
  if (nodes !== undefined && facts.axes[1]?.meaning === 'edges') return edgesOf(lowest(nodes, input.below))
  // All nodes are of one graph.
  if (nodes !== undefined && isPlainInteger(dtype) && shape.join() === `${nodes}`) return { kind: 'fill', value: 0 }
  if (isPlainInteger(dtype)) return integersOf(input, facts.tableRows, companions)
  if (!isPlainFloat(dtype)) return { kind: 'fill', value: 0 }
  // Some exporters take ids as floats and cast them.
  if (facts.tableRows !== undefined) return idsBelow(input, lowest(facts.tableRows, input.below))
  const isState = facts.isState || (isStateInput(declared, facts) && mayGiveBack(declared, graph))
  if (isState || (image === undefined && isReturned(declared, graph))) return { kind: 'fill', value: 0 }
  if (/mask|length/i.test(name)) return { kind: 'fill', value: /length/i.test(name) && shape.length < 2 ? companions.longest : 1 }
  if (elementCount(shape) === 1 && shape.length < 2) return { kind: 'fill', value: /thres|iou|score|conf/i.test(name) ? 0.5 : 1 }
  const signal = signalOf(input, facts, graph, image !== undefined)
  if (signal !== undefined) return signal
  if (image !== undefined && !isLatent(input, image) && !isSpectrogram(input, image))
    return photos(input, image, input.pixels ?? ASSUMED_PIXELS)
  return valuesOf(input, facts, graph)
}

/** A mask of what to leave out, as the graph uses it, or by PyTorch's name for one: true everywhere leaves nothing, and only NaN comes out. */
const hidesWhereTrue = ({ name, dtype }: ResolvedInput, { hiddenWhere }: InputFacts): boolean =>
  dtype === 'bool' ? (hiddenWhere ?? /key_padding_mask/i.test(name)) : hiddenWhere === true && /mask/i.test(name)

/** A model with a state has another input, and an output that may be the next state: an agent's 'state' is what it observes. */
const mayGiveBack = ({ shape }: ValueDeclaration, { inputs, outputs }: GraphView): boolean => {
  const isAlike = (other: ValueDeclaration['shape']) =>
    shape === null ||
    other === null ||
    (other.length === shape.length && (!areNumbers(other.at(-1), shape.at(-1)) || other.at(-1) === shape.at(-1)))
  return inputs.length > 1 && (outputs.length === 0 || outputs.some((output) => isAlike(output.shape)))
}

/**
 * A second input that the model gives back in the same shape is the memory it keeps from one prediction to the next. Sizes that are free without a
 * name may differ: only batches do.
 */
const isReturned = ({ name, shape }: ValueDeclaration, { inputs, outputs }: GraphView): boolean =>
  shape !== null &&
  shape.length > 2 &&
  name !== inputs[0]?.name &&
  outputs
    .slice(1)
    .some(
      (output) =>
        output.shape?.length === shape.length &&
        output.shape.every(
          (size, axis) => (size !== null && size === shape[axis]) || (axis === 0 && !areNumbers(size, shape[0])),
        ),
    )

const areNumbers = (...sizes: readonly (Dimension | undefined)[]): boolean => sizes.every((size) => typeof size === 'number')

function integersOf(input: ResolvedInput, tableRows: number | undefined, { ids, longest }: Companions): Content {
  const { name, dtype, shape } = input
  const below = lowest(tableRows, input.below)
  const isOneByte = dtype === 'uint8' || dtype === 'int8'
  const image = imageAxes(input)
  if (isOneByte && image !== undefined) {
    return photos(input, image, dtype === 'int8' ? SIGNED_BYTES : WHOLE_BYTES)
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
  return image !== undefined ? photos(input, image, WHOLE_BYTES) : tokensOf(input, null)
}

/** What diffusion models refine: noise of four channels. */
const isLatent = ({ name, shape }: ResolvedInput, { channels }: ImageAxes): boolean =>
  shape[channels] === 4 && /latent|sample|nois/i.test(name)

/** Fewer rows or columns than any photo: cepstra of speech. */
const isSpectrogram = ({ shape }: ResolvedInput, { channels, height, width }: ImageAxes): boolean =>
  shape[channels] === 1 && Math.min(shape[height]!, shape[width]!) < SMALLEST_PHOTO

const WHOLE_BYTES: Pixels = { ...BYTES, why: 'Its type holds the bytes of an image.' }
const SIGNED_BYTES: Pixels = { ...BYTES, mean: [128], why: 'Its type holds the bytes of an image, less 128.' }

function photos({ shape }: ResolvedInput, axes: ImageAxes, pixels: Pixels): Content {
  const of = isTextLine(shape[axes.height]!, shape[axes.width]!) ? ('scan' as const) : ('photo' as const)
  return {
    kind: 'image',
    axes,
    numbers: pixels,
    likeness: { of, range: valueRange(pixels, shape[axes.channels]!), why: pixels.why },
  }
}

const lowest = (...bounds: readonly (number | undefined)[]): number =>
  Math.min(...bounds.map((bound) => bound ?? Number.POSITIVE_INFINITY))

const edgesOf = (nodes: number): Content => ({
  kind: 'ids',
  from: 0,
  below: nodes,
  likeness: { of: 'noise', range: [0, nodes - 1], why: `Each edge links two of the ${nodes} nodes, all as likely.` },
})

/** Words of a large table; of a small one any row but the first, which is padding by custom. */
const idsBelow = (input: ResolvedInput, below: number): Content =>
  below >= LEAST_WORDS ? tokensOf(input, below) : { kind: 'ids', from: below > 1 ? 1 : 0, below }

/** True if the mask says which of these ids are padding. */
const isMaskOf = ({ name, shape }: ResolvedInput, ids: ResolvedInput | undefined): boolean =>
  ids !== undefined && ids.name !== name && ids.values === undefined && ids.shape.join() === shape.join()

/** The axes of an image or a video of 1 to 4 channels; undefined for other inputs. */
export function imageAxes({ shape, freeAxes }: Pick<ResolvedInput, 'shape' | 'freeAxes'>): ImageAxes | undefined {
  const meanings = new Map(freeAxes.map(({ axis, meaning }) => [axis, meaning]))
  // Frames, steps and the like pass in time.
  const isSide = (axis: number) =>
    meanings.get(axis) !== 'sequence' &&
    ((shape[axis] ?? 0) >= 8 || meanings.get(axis) === 'height' || meanings.get(axis) === 'width')
  const isColour = (axis: number) => (shape[axis] ?? 0) <= 4
  const rank = shape.length
  const first = rank - 3
  if (rank === 5) return videoAxes(isColour, isSide)
  const isAlone = rank === 3 && ([...meanings.values()].includes('height') || isWholeImage(shape))
  if (rank !== 4 && !isAlone) return undefined
  if (isColour(first) && isSide(first + 1) && isSide(first + 2)) {
    return { channels: first, height: first + 1, width: first + 2, frames: null }
  }
  if (isColour(rank - 1) && isSide(first) && isSide(first + 1)) {
    return { channels: rank - 1, height: first, width: first + 1, frames: null }
  }
  return undefined
}

/** Three or four channels of an image without a batch; a few points over time have three numbers each, too. */
const isWholeImage = (shape: readonly number[]): boolean =>
  [shape.slice(1), shape.slice(0, -1)].some((sides, place) => {
    const [least, most] = [Math.min(...sides), Math.max(...sides)]
    const channels = place === 0 ? shape[0]! : shape.at(-1)!
    return (channels === 3 || channels === 4) && least >= SMALLEST_SIDE && most <= LARGEST_RATIO * least
  })

/** [N, C, T, H, W], [N, T, C, H, W] or [N, T, H, W, C]. */
function videoAxes(isColour: (axis: number) => boolean, isSide: (axis: number) => boolean): ImageAxes | undefined {
  if (isSide(3) && isSide(4) && isColour(1)) return { channels: 1, frames: 2, height: 3, width: 4 }
  if (isSide(3) && isSide(4) && isColour(2)) return { channels: 2, frames: 1, height: 3, width: 4 }
  if (isSide(2) && isSide(3) && isColour(4)) return { channels: 4, frames: 1, height: 2, width: 3 }
  return undefined
}
