// Two reports side by side: what is the same operator, and what can be told of a difference.
import type { Node, Report } from '../page-data.ts'

export type Order = 'faster' | 'slower' | 'no-difference'

/** Change of the latency: after over before; they differ only if the intervals do not touch. null if one of them has no latency. */
export function latencyChange(before: Report, after: Report): { ratio: number; low: number; high: number; order: Order } | null {
  const [a, b] = [before.latency, after.latency]
  if (a === null || b === null || a.p50Ms <= 0 || a.ciLowMs <= 0) return null
  const order = b.ciLowMs > a.ciHighMs ? 'slower' : b.ciHighMs < a.ciLowMs ? 'faster' : 'no-difference'
  return { ratio: b.p50Ms / a.p50Ms, low: b.ciLowMs / a.ciHighMs, high: b.ciHighMs / a.ciLowMs, order }
}

export interface Pair {
  readonly name: string
  readonly opType: string
  /** null: it is not there. */
  readonly beforeMs: number | null
  readonly afterMs: number | null
  /** after - before; what is not there takes no time. */
  readonly changeMs: number
}

/** Operators by what they are of in the user's model; of several with one name those that run first belong together. */
export function pairsOf(before: readonly Node[], after: readonly Node[]): Pair[] {
  const known = new Map<string, Node[]>()
  for (const node of before) {
    const key = keyOf(node)
    const same = known.get(key)
    if (same) same.push(node)
    else known.set(key, [node])
  }
  const pairs: Pair[] = after.map((node) => pairOf(known.get(keyOf(node))?.shift(), node))
  const gone = [...known.values()].flat().map((node) => pairOf(node, undefined))
  return [...pairs, ...gone].sort((a, b) => Math.abs(b.changeMs) - Math.abs(a.changeMs))
}

// What an executed node gives is named after the last of the user's nodes in it, also where another number of them was fused.
const keyOf = ({ origin, name }: Node): string => origin[0] ?? name

function pairOf(before: Node | undefined, after: Node | undefined): Pair {
  const node = (after ?? before)!
  const types =
    before !== undefined && after !== undefined && before.opType !== after.opType
      ? `${before.opType} → ${after.opType}`
      : node.opType
  return {
    name: node.origin[0] ?? node.name,
    opType: types,
    beforeMs: before?.timeMs ?? null,
    afterMs: after?.timeMs ?? null,
    changeMs: (after?.timeMs ?? 0) - (before?.timeMs ?? 0),
  }
}

/** What differs in how they were measured: a difference of latencies may be its. */
export function conditions(before: Report, after: Report): { name: string; before: string; after: string }[] {
  const rows = [
    ...(before.pipeline || after.pipeline
      ? [
          { name: 'code', of: ({ pipeline }: Report) => pipeline?.file ?? 'not known' },
          { name: 'function', of: ({ pipeline }: Report) => pipeline?.call ?? 'its stages' },
          {
            name: 'runtime',
            of: ({ pipeline }: Report) => (pipeline ? `${pipeline.runtime.name} ${pipeline.runtime.version}` : 'not known'),
          },
          {
            name: 'samples',
            of: ({ pipeline }: Report) => (pipeline ? `${pipeline.samples.count}, ${pipeline.samples.source}` : 'not known'),
          },
        ]
      : []),
    { name: 'model', of: ({ model }: Report) => model?.file ?? 'not known' },
    { name: 'content (sha256)', of: ({ model }: Report) => model?.sha256.slice(0, 16) ?? 'not known' },
    { name: 'processor', of: ({ machine }: Report) => machine.cpu },
    { name: 'usable CPUs', of: ({ machine }: Report) => String(machine.usableCpus ?? 'not known') },
    {
      name: 'engine',
      of: ({ engine }: Report) => (engine === null ? 'not known' : `${engine.id} ${engine.version} on ${engine.device}`),
    },
    {
      name: 'threads',
      of: ({ engine }: Report) => String(engine?.options.threads ?? engine?.options.threadsInUse ?? 'not known'),
    },
    {
      name: 'inputs',
      of: ({ model }: Report) =>
        (model?.inputs ?? []).map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.join('×')}`).join(', ') || 'not known',
    },
    { name: 'trust', of: ({ latency }: Report) => latency?.trust ?? 'not known' },
    { name: 'whyslow', of: ({ tool }: Report) => tool.version },
  ]
  return rows.map(({ name, of }) => ({ name, before: of(before), after: of(after) }))
}

export interface TimeInterval {
  readonly ms: number
  /** null: it has no interval. */
  readonly lowMs: number | null
  readonly highMs: number | null
}

export interface ComparedItem {
  readonly name: string
  /** null: it is not there, or was not measured. */
  readonly before: TimeInterval | null
  readonly after: TimeInterval | null
}

/** Intervals where both are known, else nothing. */
export const timeInterval = (
  ms: number | null | undefined,
  lowMs: number | null | undefined,
  highMs: number | null | undefined,
): TimeInterval | null => (ms === null || ms === undefined ? null : { ms, lowMs: lowMs ?? null, highMs: highMs ?? null })

/** null: one of them is not there, or has no interval. */
export function orderOf({ before, after }: Pick<ComparedItem, 'before' | 'after'>): Order | null {
  if (before?.lowMs == null || before.highMs === null || after?.lowMs == null || after.highMs === null) return null
  return after.lowMs > before.highMs ? 'slower' : after.highMs < before.lowMs ? 'faster' : 'no-difference'
}

/** Things in the order of `names` in either. */
export function thingsOf<One>(
  before: readonly One[],
  after: readonly One[],
  keyOf: (one: One) => string,
  timedOf: (one: One) => TimeInterval | null,
): ComparedItem[] {
  const known = new Map(before.map((one) => [keyOf(one), one]))
  const later = new Map(after.map((one) => [keyOf(one), one]))
  return [...new Set([...known.keys(), ...later.keys()])].map((name) => {
    const [a, b] = [known.get(name), later.get(name)]
    return { name, before: a === undefined ? null : timedOf(a), after: b === undefined ? null : timedOf(b) }
  })
}

export const changeOf = ({ before, after }: ComparedItem): number => (after?.ms ?? 0) - (before?.ms ?? 0)
