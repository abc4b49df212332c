// A smaller image inside the model: Resize in front of the first operators, so that callers pass what they always did. Only
// where height and width are free and no output's shape depends on them, as in classifiers with global pooling.
// Resize: https://onnx.ai/onnx/operators/onnx__Resize.html (linear, half_pixel; at one half this averages 2 x 2 pixels)
import { floatTensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, freshNames, readOther, withGraph } from '@whyslow/graph/edit.ts'
import { linearOf } from '@whyslow/graph/rewrite/linear.ts'
import { isOperator, type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import {
  defineRemedy,
  type Proposal,
  predictedSaving,
  type RemedyEvidence,
  type RemedyInput,
  type RemedySetup,
} from '../kit/remedy.ts'

const TREATS = ['large-input-resolution', 'compute-bound-operators']

/** Resize as it is used here stands in opset 11 and later. */
const LEAST_OPSET = 11

/** Sides shorter than this after resizing leave nothing to see. */
const LEAST_SIDE = 32

/** Most networks halve their sides five times; a side that is no multiple of this may not fit where branches meet. */
const TOTAL_STRIDE = 32

const SCALES = [
  { variant: 'three-quarters', scale: 0.75 },
  { variant: 'half', scale: 0.5 },
]

export const inputResolution = defineRemedy({
  id: 'input-resolution',
  title: 'The model gets a smaller image',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const { graph } = setup.model.proto
    if (evidence.constraints.maxLoss === null || graph === undefined) return []
    const matching = matchGraph(setup.model, graph)
    if (matching.opset < LEAST_OPSET) return []
    const images = evidence.inputs.flatMap((input) => pictureOf(matching, input) ?? [])
    const [image] = images
    if (images.length !== 1 || image === undefined || !isFreeOf(matching, image.symbols)) return []
    // Its sides inside are the model's own choice already.
    if (graph.node.some((one) => isOperator(one, 'Resize') && one.input[0] === image.name)) return []
    return SCALES.flatMap(({ variant, scale }): Proposal[] => {
      const sides = image.sides.map((side) => side * scale)
      if (sides.some((side) => side < LEAST_SIDE || side % TOTAL_STRIDE !== 0)) return []
      return [
        {
          variant,
          setup: shrink(setup, matching, image, scale),
          changes: [`'${image.name}' resized from ${image.sides.join(' x ')} to ${sides.join(' x ')} inside the model`],
          predictedSavingMs: savingOf(evidence, scale),
          took: ({ nodes }) => nodes.some(({ opType, inputs }) => opType === 'Resize' && inputs[0] === image.name),
        },
      ]
    })
  },
})

interface Picture {
  readonly name: string
  /** Height and width. */
  readonly axes: readonly [number, number]
  readonly sides: readonly number[]
  readonly symbols: readonly Size[]
}

/** Four dimensions, height and width free, channels in front of them or behind. */
function pictureOf({ dtype, shape }: Matching, { name, shape: fed, freeAxes }: RemedyInput): Picture | undefined {
  const sizes = shape(name)
  if (sizes?.length !== 4 || dtype(name) !== 'float32') return undefined
  const free = (axis: number) => freeAxes.some((one) => one.axis === axis) && typeof sizes[axis] === 'string'
  const layouts = [
    { axes: [2, 3], channels: 1 },
    { axes: [1, 2], channels: 3 },
  ] as const
  const layout = layouts.find(({ axes, channels }) => axes.every(free) && [1, 3, 4].includes(sizes[channels] as number))
  if (layout === undefined) return undefined
  const { axes } = layout
  return { name, axes, sides: axes.map((axis) => fed[axis]!), symbols: axes.map((axis) => sizes[axis]!) }
}

/** Outputs, and what weights are multiplied with, have sizes that do not come from the image's. */
function isFreeOf(matching: ReturnType<typeof matchGraph>, symbols: readonly Size[]): boolean {
  const { graph, shape } = matching
  const declared = new Set(graph.input.flatMap(({ name }) => shape(name) ?? []).filter((size) => !symbols.includes(size)))
  // Sizes that nothing is known of may come from the image.
  const isSafe = (size: Size | undefined) => {
    if (typeof size !== 'string') return size !== undefined
    return size.split('*').every((part) => /^\d+$/.test(part) || declared.has(part))
  }
  const outputs = graph.output.every(({ name }) => {
    return (shape(name)?.every(isSafe) ?? false) && (matching.types.get(name)?.sizes ?? []).every(isSafe)
  })
  const products = graph.node.flatMap((one) => {
    const linear = linearOf(matching, one)
    return linear === undefined || linear.kind === 'Conv' ? [] : [linear]
  })
  return outputs && products.every(({ x }) => typeof shape(x)?.at(-1) === 'number')
}

function shrink(setup: RemedySetup, { graph }: Matching, { name, axes }: Picture, scale: number): RemedySetup {
  const fresh = freshNames(graph)
  const [smaller, scales] = [fresh(`${name}_smaller`), fresh(`${name}_scales`)]
  const read = new Map([[name, smaller]])
  const readers = new Map(graph.node.map((one) => [one, readOther(one, read)]))
  const factors = [0, 1, 2, 3].map((axis) => (axes.includes(axis) ? scale : 1))
  const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }
  const resize = node({ opType: 'Resize', name: fresh(`${name}_resize`) }, [name, '', scales], [smaller], attributes)
  const edited = editGraph(graph, {
    remove: new Set(readers.keys()),
    add: [resize, ...readers.values()],
    addInitializers: [floatTensor(scales, [4], factors)],
  })
  // Declared sizes of values in between are no longer right.
  const kept = edited.valueInfo.filter(({ type }) => {
    return type?.value.case !== 'tensorType' || type.value.value.shape?.dim.every(({ value }) => value.case === 'dimValue')
  })
  return { ...setup, model: withGraph(setup.model, copyWith(edited, { valueInfo: kept })) }
}

/** The finding tells what half of the pixels would save: half of the part that grows with them. */
function savingOf(evidence: RemedyEvidence, scale: number): number | null {
  const half = predictedSaving([TREATS[0]!], evidence)
  return half === null ? null : Math.min(evidence.p50Ms, 2 * half * (1 - scale * scale))
}
