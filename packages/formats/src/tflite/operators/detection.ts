// What detectors of TensorFlow's Object Detection API end with: boxes relative to anchors, decoded, and of those that overlap the best. A
// custom operator that LiteRT's library has. https://github.com/google-ai-edge/LiteRT/blob/main/tflite/kernels/detection_postprocess.cc

import { binary, cast, constantOf, unary, variadicOperator, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf, reduce, topK } from '@whyslow/graph/builder/reduce.ts'
import { concat, gather, sizeAsRun, slice, squeeze, takeEntry, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { suppressBoxes, suppressByClass } from '../../tensorflow/boxes.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { flexNumbers } from '../flexbuffer.ts'
import { FreeSizeError, input, type OperatorCall, realConstant, realInput, store } from '../operator.ts'

interface DetectionOptions {
  readonly most: number
  /** Each class is looked at on its own, and at most this many of it stay; undefined: each box has its best class alone. */
  readonly mostOfClass: number | undefined
  readonly classes: number
  readonly threshold: number
  readonly overlap: number
  /** What boxes are multiplied by: y, x, height, width. */
  readonly scales: readonly [number, number, number, number]
}

const MOST_DETECTIONS = 1 << 16

/** What the kernel takes where the options do not say. */
const MOST_OF_CLASS = 100

function optionsOf(call: OperatorCall): DetectionOptions {
  const numbers = flexNumbers(call.row.custom_options)
  if (typeof numbers === 'string') throw call.refusal(`cannot be read: ${numbers}`)
  const of = (key: string, absent = 0) => numbers.get(key) ?? absent
  const most = of('max_detections')
  const classes = of('num_classes')
  const regular = of('use_regular_nms') !== 0
  const mostOfClass = Math.min(of('detections_per_class', MOST_OF_CLASS), most)
  const counts = [most, classes, ...(regular ? [mostOfClass] : [])]
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > MOST_DETECTIONS))
    throw call.refusal(`keeps ${most} boxes of ${classes} classes (${mostOfClass} of one)`)
  // TFLite sorts the classes of a box in no certain order where their scores are equal, and leaves cells behind them as they were.
  const each = of('max_classes_per_detection')
  if (each !== 1) throw call.refusal(`keeps ${each} classes of each box, which is not read: only one has a certain order`)
  const overlap = Math.fround(of('nms_iou_threshold'))
  if (!(overlap > 0 && overlap <= 1)) throw call.refusal(`has an overlap of ${overlap}, and LiteRT takes 0 to 1`)
  const threshold = Math.fround(of('nms_score_threshold'))
  const scales = [of('y_scale'), of('x_scale'), of('h_scale'), of('w_scale')].map(Math.fround)
  if (!Number.isFinite(threshold) || scales.some((scale) => !Number.isFinite(scale) || scale === 0))
    throw call.refusal(`has a threshold of ${threshold} and scales of ${scales.join(', ')}`)
  const [y, x, height, width] = scales as [number, number, number, number]
  return { most, mostOfClass: regular ? mostOfClass : undefined, classes, threshold, overlap, scales: [y, x, height, width] }
}

const SMALLEST_NORMAL = 2 ** -126

/** The next float32 below: ONNX keeps scores above a threshold, TFLite those that reach it, too. */
function justBelow(value: number): number {
  if (value === 0) return -SMALLEST_NORMAL
  const bits = new Int32Array(Float32Array.of(value).buffer)
  bits[0]! += value > 0 ? -1 : 1
  return new Float32Array(bits.buffer)[0]!
}

/** Input `k`, of one image, without its first axis: [boxes, n]. */
function ofOneImage(call: OperatorCall, k: number): Value {
  const value = realInput(call, k)
  if (value.shape.length !== 3) throw call.refusal(`has an input ${k} of shape ${value.shape.join('x')}`)
  if (typeof value.shape[0] !== 'number') throw new FreeSizeError('how many images there are')
  if (value.shape[0] !== 1) throw call.refusal(`has ${value.shape[0]} images, and LiteRT takes one`)
  return squeeze(call.builder, value, [0])
}

/** Two columns from `start`, in float64: what the kernel computes boxes in, so that what overlaps just so much falls as there. */
const doubleColumns = (builder: GraphBuilder, x: Value, start: number): Value =>
  cast(builder, slice(builder, x, [{ axis: 1, start, end: start + 2 }]), 'float64')

/** The same of anchors, which are constants as a rule. */
function anchorColumns(call: OperatorCall, start: number): Value {
  const content = realConstant(input(call, 2))
  if (content === undefined) return doubleColumns(call.builder, realInput(call, 2), start)
  const rows = content.shape[0]!
  const cells = Array.from({ length: rows * 2 }, (_, k) => Number(content.data[4 * (k >> 1) + start + (k & 1)]))
  return call.builder.constant(constantOf('float64', [rows, 2], cells), 'anchors')
}

/** Corners [boxes, 4] (y1, x1, y2, x2) of centres and sizes relative to those of the anchors. */
function corners(call: OperatorCall, [y, x, height, width]: DetectionOptions['scales']): Value {
  const { builder } = call
  const encoded = ofOneImage(call, 0)
  const columns = encoded.shape[1]
  const { shape } = input(call, 2)
  if (typeof columns !== 'number' || columns < 4 || shape.length !== 2 || shape[1] !== 4)
    throw call.refusal(`has boxes of ${columns} numbers and anchors of shape ${shape.join('x')}`)
  const by = (one: number, other: number) => builder.constant(constantOf('float64', [2], [one, other]), 'scales')
  const [places, sizes] = [anchorColumns(call, 0), anchorColumns(call, 2)]
  const moved = binary(builder, 'Div', doubleColumns(builder, encoded, 0), by(y, x))
  const centre = binary(builder, 'Add', binary(builder, 'Mul', moved, sizes), places)
  const grown = unary(builder, 'Exp', binary(builder, 'Div', doubleColumns(builder, encoded, 2), by(height, width)))
  const half = binary(builder, 'Mul', withNumber(builder, 'Mul', grown, 0.5), sizes)
  const [middle, reach] = [cast(builder, centre, 'float32'), cast(builder, half, 'float32')]
  return concat(builder, [binary(builder, 'Sub', middle, reach), binary(builder, 'Add', middle, reach)], 1)
}

/** What stays: corners [n, 4], class and score [n] of each. */
interface Detections {
  readonly boxes: Value
  readonly classes: Value
  readonly scores: Value
}

/** Each box by its best class, the first of equals, all classes together; in the order of their scores. */
function bestOfEach(call: OperatorCall, options: DetectionOptions, { boxes, scores }: Omit<Detections, 'classes'>): Detections {
  const { builder } = call
  const best = reduce(builder, 'ReduceMax', scores, { axes: [1] })
  const chosen = suppressBoxes(builder, { boxes, scores: best, ...limits(builder, options, options.most) })
  return {
    boxes: gather(builder, boxes, chosen),
    classes: gather(builder, indexOf(builder, 'ArgMax', scores, { axis: 1 }), chosen),
    scores: gather(builder, best, chosen),
  }
}

/** Each class on its own; class after class. */
function bestOfClasses(
  call: OperatorCall,
  options: DetectionOptions,
  { boxes, scores, most }: Omit<Detections, 'classes'> & { readonly most: number },
): Detections {
  const { builder } = call
  const turned = transpose(builder, scores, [1, 0])
  const chosen = suppressByClass(builder, { boxes, scores: turned, ...limits(builder, options, most) })
  const kept = chosen.shape[0]!
  return {
    boxes: gather(builder, boxes, takeEntry(builder, chosen, { axis: 1, index: 1 })),
    classes: takeEntry(builder, chosen, { axis: 1, index: 0 }),
    scores: builder.op('GatherND', [turned, chosen], { dtype: 'float32', shape: [kept] }),
  }
}

const limits = (builder: GraphBuilder, { overlap, threshold }: DetectionOptions, most: number) => ({
  most: builder.ints([most]),
  overlap: builder.constant(constantOf('float32', [1], [overlap]), 'overlap'),
  threshold: builder.constant(constantOf('float32', [1], [justBelow(threshold)]), 'threshold'),
})

/** Corners, classes (from 0, the background not counted), scores, and how many they are; zeros behind them. */
export function detections(call: OperatorCall): Value[] {
  const { builder } = call
  const options = optionsOf(call)
  const { most, mostOfClass, classes } = options
  const boxes = corners(call, options.scales)
  const all = ofOneImage(call, 1)
  const background = Number(all.shape[1]) - classes
  if (background !== 0 && background !== 1) throw call.refusal(`has scores of ${all.shape[1]} classes, and ${classes} to tell`)
  const scores = slice(builder, all, [{ axis: 1, start: background }])
  const found =
    mostOfClass === undefined
      ? bestOfEach(call, options, { boxes, scores })
      : bestOfClasses(call, options, { boxes, scores, most: mostOfClass })
  const filled = (value: Value, filling: number): Value => {
    const shape = [most, ...value.shape.slice(1).map(Number)]
    const cells = new Array<number>(shape.reduce((product, size) => product * size, 1)).fill(filling)
    return concat(builder, [value, builder.constant(constantOf(value.dtype, shape, cells), 'filling')], 0)
  }
  const chosen = mostOfClass === undefined ? undefined : topK(builder, filled(found.scores, Number.NEGATIVE_INFINITY), most)[1]
  const output = (value: Value, k: number): Value => {
    const whole = filled(value, 0)
    const first =
      chosen === undefined
        ? { ...slice(builder, whole, [{ axis: 0, start: 0, end: most }]), shape: [most, ...value.shape.slice(1)] }
        : gather(builder, whole, chosen)
    return store(call, unsqueeze(builder, first, [0]), { k })
  }
  const count = variadicOperator(builder, 'Min', [sizeAsRun(builder, found.scores, 0), builder.ints([most])])
  return [
    output(found.boxes, 0),
    output(cast(builder, found.classes, 'float32'), 1),
    output(found.scores, 2),
    store(call, cast(builder, count, 'float32'), { k: 3 }),
  ]
}
