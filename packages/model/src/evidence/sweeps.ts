// Which sweeps a model allows: thread counts always, batch and sizes where an axis is free. Inputs of other shapes are synthetic.
import path from 'node:path'
import type { AxisMeaning } from '@whyslow/measure/samples/graph-facts.ts'
import { type ResolvedInput, withSizes } from '@whyslow/measure/samples/resolved.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import { measureSweep, type SweepPlan } from '@whyslow/measure/timing/sweep.ts'
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { GatherPlan, VariedPlan } from './plan.ts'
import { type PlannedSweep, SWEEP_SAMPLE_MS, type SweepChoice } from './sweep-plan.ts'

const BATCHES = [1, 2, 4, 16]
/** A point that takes longer is left out: a sweep must not take longer than the rest. */
const LONGEST_POINT_MS = 400
const SYNTHETIC_SAMPLES = 2

type Choice = SweepChoice | { readonly reason: string }
type Attempt = { readonly sweep: Sweep } | { readonly reason: string }

export function threadChoice({ machine, inputs }: GatherPlan): Choice {
  const { usableCpus: usable } = machine
  const current = inputs.threadsInUse
  if (usable < 2 && current < 2) return { reason: 'one CPU is usable' }
  const powers = Array.from({ length: 12 }, (_, i) => 2 ** i).filter((n) => n < usable)
  const counts = [...new Set([...powers, usable, current])].sort((a, b) => a - b)
  return { current, points: counts.map((at) => ({ at, times: Math.max(1, current / at) })) }
}

export async function threadSweep(varied: VariedPlan, { points, ...planned }: PlannedSweep): Promise<Attempt> {
  const { engineOptions, inputs, task } = varied
  const sweep = await swept(varied, planned, {
    dimension: 'threads',
    unit: 'threads',
    current: inputs.threadsInUse,
    points: points.map((at) => ({
      at,
      // The count in use is measured as it was requested: the engine's default pins its threads, an explicit count does not.
      task: { ...task, options: { ...engineOptions, threads: at === inputs.threadsInUse ? engineOptions.threads : at } },
    })),
    fit: false,
  })
  return sweep ? { sweep } : { reason: 'fewer than two thread counts could be measured' }
}

export function batchChoice({ inputs }: GatherPlan): Choice {
  const axes = freeAxes(inputs.resolved, ['batch'])
  if (axes.length === 0) return { reason: 'no input has a free batch axis' }
  const current = axes[0]!.size
  const points = [...new Set([...BATCHES, current])]
    .filter((n) => (n / current) * inputs.firstLook.predictionMs <= LONGEST_POINT_MS || n === current)
    .sort((a, b) => a - b)
    .map((at) => ({ at, times: at / current }))
  if (points.length < 2) return { reason: `a prediction with another batch size takes longer than ${time(LONGEST_POINT_MS)}` }
  return { current, points }
}

export async function batchSweep(varied: VariedPlan, { points, ...planned }: PlannedSweep): Promise<Attempt> {
  const axes = freeAxes(varied.inputs.resolved, ['batch'])
  const sweep = await swept(varied, planned, {
    dimension: 'batch',
    unit: 'samples',
    current: axes[0]!.size,
    points: points.map((at) => ({
      at,
      task: resized(
        varied,
        axes.map((axis) => ({ ...axis, size: at })),
        `batch-${at}`,
      ),
    })),
    fit: true,
  })
  return sweep ? { sweep } : { reason: 'the engine runs no other batch size' }
}

/** Groups of axes that grow together, with the unit of their product. */
const GROUPS: readonly {
  readonly meanings: readonly AxisMeaning[]
  readonly dimension: string
  readonly unit: string
  readonly multiple: number
}[] = [
  { meanings: ['height', 'width'], dimension: 'resolution', unit: 'pixels', multiple: 32 },
  { meanings: ['sequence'], dimension: 'sequence', unit: 'tokens', multiple: 1 },
  { meanings: ['samples'], dimension: 'samples', unit: 'elements', multiple: 1 },
]
const SCALES = [0.5, 0.75, 1]

/** What each group of free axes allows; `at`: elements. */
export interface SizeChoice extends SweepChoice {
  readonly dimension: string
  readonly unit: string
  readonly sizes: ReadonlyMap<number, readonly SizedAxis[]>
}

export function sizeChoices({ inputs }: Pick<GatherPlan, 'inputs'>): readonly SizeChoice[] {
  return GROUPS.flatMap(({ meanings, dimension, unit, multiple }): SizeChoice[] => {
    const axes = freeAxes(inputs.resolved, meanings)
    if (axes.length === 0) return []
    const first = axes.filter(({ input }) => input === axes[0]!.input)
    const elements = (scale: number) => scaled(first, scale, multiple).reduce((product, { size }) => product * size, 1)
    const sizes = new Map(SCALES.map((scale) => [elements(scale), scaled(axes, scale, multiple)]))
    if (sizes.size < 2) return []
    return [
      {
        dimension,
        // Of an image with one side fixed, the free side alone grows.
        unit: dimension === 'resolution' && first.length === 1 ? 'pixels of one side' : unit,
        current: elements(1),
        points: [...sizes.keys()].map((at) => ({ at, times: 1 })),
        sizes,
      },
    ]
  })
}

/** `planned`: of each choice, in their order; null: left out. */
export async function sizeSweeps(
  varied: VariedPlan,
  choices: readonly SizeChoice[],
  planned: readonly (PlannedSweep | null)[],
): Promise<readonly Sweep[]> {
  const sweeps: Sweep[] = []
  for (const [i, { dimension, unit, current, sizes }] of choices.entries()) {
    const ofThis = planned[i]
    if (!ofThis) continue
    const points = ofThis.points.map((at) => ({ at, task: resized(varied, sizes.get(at)!, `${dimension}-${at}`) }))
    const sweep = await swept(varied, ofThis, { dimension, unit, current, points, fit: true })
    if (sweep) sweeps.push(sweep)
  }
  return sweeps
}

function swept(
  { run, limits }: VariedPlan,
  { rounds, least, longestMs }: Omit<PlannedSweep, 'points'>,
  what: Pick<SweepPlan, 'dimension' | 'unit' | 'current' | 'fit'> & {
    readonly points: readonly { readonly at: number; readonly task: ModelTask }[]
  },
): Promise<Sweep | undefined> {
  const points = what.points.map(({ at, task }) => ({ at, task: { ...task, sampleMs: SWEEP_SAMPLE_MS, least } }))
  return measureSweep({ ...what, run, rounds, points }, trialLimits(limits, longestMs))
}

interface SizedAxis {
  readonly input: string
  readonly axis: number
  readonly size: number
}

function freeAxes(resolved: readonly ResolvedInput[], meanings: readonly AxisMeaning[]): SizedAxis[] {
  return resolved.flatMap(({ name, shape, freeAxes, values }) =>
    values
      ? []
      : freeAxes
          .filter(({ meaning }) => meanings.includes(meaning))
          .map(({ axis }) => ({ input: name, axis, size: shape[axis]! })),
  )
}

/** Sizes that were whole multiples stay so: many models halve their image five times. */
function scaled(axes: readonly SizedAxis[], scale: number, multiple: number): SizedAxis[] {
  return axes.map((axis) => {
    const unit = axis.size % multiple === 0 ? multiple : 1
    return { ...axis, size: Math.max(unit, Math.round((axis.size * scale) / unit) * unit) }
  })
}

function resized(varied: VariedPlan, sizes: readonly SizedAxis[], name: string): ModelTask {
  const { inputs } = withSizes(
    { inputs: varied.inputs.resolved },
    sizes.map((size) => ({ ...size, from: 'flag' as const })),
  )
  const samples = synthesize(inputs, varied.graph, SYNTHETIC_SAMPLES)
  return { ...varied.task, inputs: saveInputs(path.join(varied.folder, name), samples) }
}
