// Times of a part and of its variants, round by round, as what they say of each other.
import type { Model } from '@whyslow/graph/model.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { median, medianOrNull, ratioOverRounds } from '@whyslow/measure/statistics/index.ts'
import type { OperatorExperiment, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import type { Group } from './groups.ts'
import type { Variant } from './variants.ts'

export interface ExperimentPart {
  readonly group: Group
  readonly part: Model
  /** How many times the part stands in what was timed. */
  readonly links: number
  readonly variants: readonly Variant[]
  /** Keys of the part, then of each variant. */
  readonly keys: readonly string[]
}

type Times = ReadonlyMap<string, readonly number[] | string>

/** Rounds without which a ratio has no interval. */
export const LEAST_ROUNDS = 3

/** What all readings of a trial are compared with. */
export interface Reference {
  /** Key of the call alone. */
  readonly emptyKey: string
  /** Scale from the trial's state of the machine to the one in which the model was measured. */
  readonly scale: number
}

/** A string says why there is nothing to say. */
export function experimentOf(
  { group, part, links, variants, keys }: ExperimentPart,
  times: Times,
  { emptyKey, scale }: Reference,
): OperatorExperiment | string {
  const [base, ...others] = keys.map((key) => times.get(key))
  if (typeof base === 'string') return base
  if (base === undefined || base.length < LEAST_ROUNDS) return 'there was no time for it'
  if (others.length > 0 && others.every((one) => one === undefined || one.length === 0))
    return 'there was no time for a change to it'
  const empty = times.get(emptyKey)
  const callMs = Array.isArray(empty) ? (medianOrNull(empty) ?? 0) : 0
  // What the call costs is the least that anything takes: below the resolution of the clock nothing can be said.
  const ownMs = (ms: number): number => Math.max(ms - callMs, ms * 0.02)
  return {
    nodes: group.nodes.map(({ name }) => name),
    copies: group.runs,
    opTypes: group.opTypes,
    shapes: shapesOf(part),
    aloneMs: (scale * median(base.map(ownMs))) / links,
    insideMs: group.timeMs / group.runs,
    variants: variants.flatMap(({ kind, remedy, detail, share }, i): OperatorVariant[] => {
      const rounds = others[i]
      if (!Array.isArray(rounds)) return []
      const both = Math.min(rounds.length, base.length)
      if (both < LEAST_ROUNDS) return []
      const ratios = Array.from({ length: both }, (_, k) => (ownMs(rounds[k]!) * share) / ownMs(base[k]!))
      return [{ kind, remedy, detail, ...ratioOverRounds(ratios) }]
    }),
  }
}

/** Shapes of what it reads, weights included, in their order: '1x32x720x720, 3x32x9x9'. Scalars and vectors say little. */
function shapesOf({ proto }: Model): string {
  const { input, initializer } = proto.graph!
  const shapes = [...input.map((one) => declaration(one).shape ?? []), ...initializer.map(({ dims }) => dims.map(Number))]
  return shapes
    .filter((shape) => shape.length > 1)
    .map((shape) => shape.join('x'))
    .slice(0, 3)
    .join(', ')
}
