// The size of the input sets the latency: measured at several sizes, latency = fixed + perUnit * size. Half of the pixels, or of
// the sequence, would do for many tasks. Without that measurement, the nodes whose data grow with the image say how much depends on it.
import type { NextCommand } from '@whyslow/diagnosis/next-command.ts'
import { ms, number, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { percent } from '@whyslow/measure/statistics/numbers.ts'
import type { Profile, ProfiledNode, Sweep } from '@whyslow/measure/timing/types.ts'
import type { InputFacts } from '../../evidence/evidence.ts'
import { measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Sizes at which models are commonly served, by the sweep's unit; at or below them the size is not large. */
const COMMON: Readonly<Record<string, number>> = { pixels: 224 * 224, tokens: 128, elements: 16_000 }

/** If half the size saves less than a tenth, the loss in quality is not worth a try. */
const MIN_SHARE = 0.1

/** Images have one to four channels. */
const MOST_CHANNELS = 4

/** Most networks ask for sides that are multiples of their total stride, 32. */
const STRIDE = 32

export const largeInputResolution = defineRule({
  id: 'large-input-resolution',
  area: 'architecture',
  title: 'The size of the input sets the latency',
  needs: ['latency', 'inputs'],
  wants: ['sizeSweeps', 'profile'],
  check({ latency, sizeSweeps, inputs, profile }) {
    const { p50Ms } = latency
    const sweeps = sizeSweeps ?? estimated(inputs, profile, p50Ms)
    if (sweeps === undefined) return { notChecked: 'the latency was not measured at other sizes', missing: 'sizeSweeps' }
    const large = sweeps
      .filter(({ fit, unit, current }) => fit !== null && current > (COMMON[unit] ?? Number.POSITIVE_INFINITY))
      .map((sweep) => ({ sweep, savedShare: shareSavedAtHalf(sweep) }))
      .sort((a, b) => b.savedShare - a.savedShare)[0]
    if (large === undefined || large.savedShare < MIN_SHARE) return 'clear'

    const { sweep, savedShare } = large
    const half = Math.round(sweep.current / 2)
    // Of an estimate, the time is that of the half that would go.
    const known =
      sweep.points.length > 0
        ? {
            title: `Half the ${sweep.unit} would save ${percent(savedShare)} of the latency`,
            timeMs: p50Ms * Math.min(1, 2 * savedShare),
            wouldSaveMs: p50Ms * savedShare,
          }
        : {
            timeMs: p50Ms * savedShare,
            wouldSaveMs: null,
            savingUnknown: 'no smaller size was timed: a run without --quick does it',
          }
    return {
      ...known,
      ...tell`${how(sweep)}: ${ms('fixed', Math.max(0, sweep.fit!.fixedMs))} +
        ${ms('by-size', sweep.fit!.perUnitMs * sweep.current)} for the ${number('size', sweep.current, sweep.unit)} ${sweep.unit} in use;
        ${number('half-size', half, sweep.unit)} of them would do with half of the second part.
        Whether the answers stay good enough has to be tried on real data.`,
      basis: 'modelled',
      next: halfSizeCommand(sweep, inputs),
    }
  },
})

const how = ({ points }: Sweep): Sentence =>
  points.length === 0
    ? tell`Estimated from the nodes whose data grow with the image, not measured at another size`
    : tell`Measured at ${number('sizes', points.length, 'sizes')} sizes`

/** A line without points for the first image with a free height and width; undefined if no input is one, or nodes were not timed. */
function estimated(inputs: readonly InputFacts[], profile: Profile | undefined, p50Ms: number): readonly Sweep[] | undefined {
  const image = inputs.find((input) => imageAxes(input) !== undefined)
  if (image === undefined || profile === undefined) return undefined
  const [height, width] = imageAxes(image)!
  const current = image.shape[height]! * image.shape[width]!
  const byPixelsMs = Math.min(p50Ms, pixelsMs(profile, image.name))
  const fit = { fixedMs: p50Ms - byPixelsMs, perUnitMs: byPixelsMs / current }
  return [{ dimension: 'resolution', unit: 'pixels', current, points: [], fit }]
}

/** Height and width, if both are free: behind the channels, or before them. */
function imageAxes({ shape, freeAxes }: InputFacts): readonly [number, number] | undefined {
  const isFree = (axis: number) => freeAxes.some((one) => one.axis === axis)
  if (shape.length !== 4) return undefined
  if (isFree(2) && isFree(3) && shape[1]! <= MOST_CHANNELS) return [2, 3]
  return isFree(1) && isFree(2) && shape[3]! <= MOST_CHANNELS ? [1, 2] : undefined
}

/** Time of the nodes whose data grow with the image of this name, without what starting them costs, ms. */
function pixelsMs({ nodes, dispatchPerNodeUs }: Profile, image: string): number {
  const sized = new Set([image])
  let sumMs = 0
  for (const node of nodes) {
    const at = node.inputs.findIndex((name) => sized.has(name))
    if (at < 0 || node.opType === 'Shape') continue
    sumMs += Math.max(0, node.timeMs - (dispatchPerNodeUs / 1000) * node.runsPerPrediction)
    if (!endsPixels(node, node.inputTypes[at] ?? null)) for (const name of node.outputs) sized.add(name)
  }
  return sumMs
}

/** A pooling over the whole image leaves its channels. */
function endsPixels({ outputTypes: [after] }: ProfiledNode, before: TensorType | null): boolean {
  if (before?.shape.length !== 4 || !after) return false
  const [batch, ...axes] = before.shape as [number, number, number, number]
  const left = batch * Math.max(axes[0], axes[2])
  return elementCount(before.shape) > left && elementCount(after.shape) <= left
}

/** Share saved at half the size, by the fit, so that the moment of the sweep does not matter; between 0 and 1/2. */
function shareSavedAtHalf({ fit, current }: Sweep): number {
  const variableMs = Math.max(0, fit!.perUnitMs * current)
  const wholeMs = Math.max(0, fit!.fixedMs) + variableMs
  return wholeMs > 0 ? variableMs / 2 / wholeMs : 0
}

/** Halves the free axes whose sizes make up the sweep's, in each input that has them; null if none does. */
function halfSizeCommand(sweep: Sweep, inputs: readonly InputFacts[]): NextCommand | null {
  const flags = inputs.flatMap(({ name, shape, freeAxes }) => {
    const axes = sweptAxes(
      sweep,
      shape,
      freeAxes.map(({ axis }) => axis),
    )
    if (axes.length === 0) return []
    const step = sweep.unit === 'pixels' && axes.every((axis) => shape[axis]! % STRIDE === 0) ? STRIDE : 1
    const factor = 0.5 ** (1 / axes.length)
    const half = shape.map((size, axis) =>
      axes.includes(axis) ? Math.max(step, step * Math.round((size * factor) / step)) : size,
    )
    return ['--shape', `${name}=${half.join('x')}`]
  })
  return flags.length === 0 ? null : measureWith(...flags)
}

/** Two neighbouring axes for pixels (height and width), one for anything else. */
function sweptAxes({ unit, current }: Sweep, shape: readonly number[], free: readonly number[]): readonly number[] {
  if (unit !== 'pixels') return free.filter((axis) => shape[axis] === current).slice(0, 1)
  const first = free.find((axis) => free.includes(axis + 1) && shape[axis]! * shape[axis + 1]! === current)
  return first === undefined ? [] : [first, first + 1]
}
