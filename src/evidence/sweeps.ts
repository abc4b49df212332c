// Which sweeps a model allows: thread counts always, batch and sizes where an axis is free. Inputs of other shapes are synthetic.
import path from 'node:path'
import type { AxisMeaning } from '../measure/samples/graph-facts.ts'
import { type ResolvedInput, withSizes } from '../measure/samples/resolved.ts'
import { saveInputs } from '../measure/samples/saved.ts'
import { synthesize } from '../measure/samples/synthetic.ts'
import { measureSweep } from '../measure/timing/sweep.ts'
import type { Sweep } from '../measure/timing/types.ts'
import { trialLimits } from '../trials/limits.ts'
import type { TimedPlan } from './plan.ts'

const SAMPLE_MS = 150
const ROUNDS = 2
const BATCHES = [1, 2, 4, 16]
/** A point that takes longer is left out: a sweep must not take longer than the rest. */
const LONGEST_POINT_MS = 400
const SYNTHETIC_SAMPLES = 2

type Attempt = { readonly sweep?: Sweep; readonly reason?: string }

export async function threadSweep(timed: TimedPlan): Promise<Attempt> {
  const { machine, engineOptions, inputs, task } = timed
  const usable = machine.usableCpus
  if (usable < 2 && inputs.threadsInUse < 2) return { reason: 'one CPU is usable' }
  const powers = Array.from({ length: 12 }, (_, i) => 2 ** i).filter((n) => n < usable)
  const counts = [...new Set([...powers, usable, inputs.threadsInUse])].sort((a, b) => a - b)
  const points = counts.map((at) => ({
    at,
    // The count in use is measured as it was asked for: the engine's default pins its threads, an explicit count does not.
    task: {
      ...task,
      sampleMs: SAMPLE_MS,
      options: { ...engineOptions, threads: at === inputs.threadsInUse ? engineOptions.threads : at },
    },
  }))
  const plan = {
    run: timed.run,
    dimension: 'threads',
    unit: 'threads',
    current: inputs.threadsInUse,
    points,
    rounds: ROUNDS + 1,
    fit: false,
  }
  const sweep = await measureSweep(plan, limitsOf(timed))
  return sweep ? { sweep } : { reason: 'fewer than two thread counts could be measured' }
}

export async function batchSweep(timed: TimedPlan): Promise<Attempt> {
  const axes = freeAxes(timed.inputs.resolved, ['batch'])
  if (axes.length === 0) return { reason: 'no input has a free batch axis' }
  const current = axes[0]!.size
  const batches = [...new Set([...BATCHES, current])]
    .filter((n) => (n / current) * timed.p50Ms <= LONGEST_POINT_MS || n === current)
    .sort((a, b) => a - b)
  const points = batches.map((at) => ({
    at,
    task: resized(
      timed,
      axes.map((axis) => ({ ...axis, size: at })),
      `batch-${at}`,
    ),
  }))
  const sweep = await measureSweep(
    { run: timed.run, dimension: 'batch', unit: 'samples', current, points, rounds: ROUNDS, fit: true },
    limitsOf(timed),
  )
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

export async function sizeSweeps(timed: TimedPlan): Promise<readonly Sweep[]> {
  const sweeps: Sweep[] = []
  for (const { meanings, dimension, unit, multiple } of GROUPS) {
    const axes = freeAxes(timed.inputs.resolved, meanings)
    if (axes.length === 0) continue
    const first = axes.filter(({ input }) => input === axes[0]!.input)
    // Of an image with one side fixed, the free side alone grows.
    const measuredUnit = dimension === 'resolution' && first.length === 1 ? 'pixels of one side' : unit
    const elements = (scale: number) => scaled(first, scale, multiple).reduce((product, { size }) => product * size, 1)
    const scales = SCALES.filter((scale, i) => SCALES.findIndex((other) => elements(other) === elements(scale)) === i)
    const points = scales.map((scale) => ({
      at: elements(scale),
      task: resized(timed, scaled(axes, scale, multiple), `${dimension}-${scale}`),
    }))
    const sweep = await measureSweep(
      { run: timed.run, dimension, unit: measuredUnit, current: elements(1), points, rounds: ROUNDS, fit: true },
      limitsOf(timed),
    )
    if (sweep) sweeps.push(sweep)
  }
  return sweeps
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

function resized(timed: TimedPlan, sizes: readonly SizedAxis[], name: string) {
  const { inputs } = withSizes(
    { inputs: timed.inputs.resolved },
    sizes.map((size) => ({ ...size, from: 'flag' as const })),
  )
  const samples = synthesize(inputs, timed.graph, SYNTHETIC_SAMPLES)
  return { ...timed.task, inputs: saveInputs(path.join(timed.folder, name), samples), sampleMs: SAMPLE_MS }
}

const limitsOf = (timed: TimedPlan) => trialLimits(timed.limits, SAMPLE_MS, timed.p50Ms)
