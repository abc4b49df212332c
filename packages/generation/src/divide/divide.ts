// The two medians as parts that add up to them: what a token, and the first token, are made of. Each part says how it was found. What the parts
// do not cover is `unexplained`, with its sign: nothing is scaled to fit.
import type { DepthLine, GenerationFloor, PartsOf, TokenPart, TokenPartId } from '@whyslow/report/documents/generation.ts'
import type { StepProfile } from './step-profile.ts'

/** Times of the loop around the engine, for one token; null: the engine does not report it. */
export interface LoopTimes {
  /** The engine's own call. */
  readonly runMs: number | null
  readonly feedsMs: number | null
  readonly logitsMs: number | null
  readonly processorsMs: number | null
  readonly samplerMs: number | null
  readonly detokenizeMs: number | null
  readonly streamerMs: number | null
  readonly garbageMs: number | null
  /** The first token alone has it. */
  readonly tokenizeMs: number | null
}

export interface Division {
  readonly totalMs: number
  /** Tokens in the cache: of the first token the prompt, which is fed at once. */
  readonly depth: number
  readonly isFirst: boolean
  readonly loop: LoopTimes
  readonly floor: GenerationFloor | null
  readonly line: DepthLine | null
  /** The engine's call by its nodes; null: the engine does not show them. */
  readonly step: StepProfile | null
  /** Time of one handoff between two threads, ms; null: one thread, or not measured. */
  readonly handoffMs: number | null
}

type Found = Omit<TokenPart, 'note'> & { readonly note?: string }

const ORDER: readonly TokenPartId[] = [
  'weights',
  'cache-read',
  'matmul',
  'head',
  'attention',
  'other-operators',
  'cache-copied',
  'cache-exported',
  'dispatch',
  'thread-handoff',
  'logits-copied',
  'feeds',
  'processors',
  'sampler',
  'detokenize',
  'streamer',
  'loop',
  'garbage',
  'tokenize',
]

/** null: nothing is known but the total. */
export function divide(division: Division): PartsOf | null {
  const { totalMs, depth } = division
  const found = [...insideOf(division), ...aroundOf(division)]
  if (found.every(({ ms }) => ms === 0)) return null
  const parts = ORDER.flatMap((id) => found.find((part) => part.id === id) ?? []).map(({ note = null, ...part }) => ({
    ...part,
    note,
  }))
  const known = parts.reduce((sum, { ms }) => sum + ms, 0)
  return { totalMs, depth, parts: [...parts, { id: 'unexplained', ms: totalMs - known, how: 'rest', note: null }] }
}

/** What JavaScript does between two calls of the engine. */
function aroundOf({ totalMs, loop, isFirst }: Division): Found[] {
  const { runMs, logitsMs } = loop
  const named: readonly (readonly [TokenPartId, number | null])[] = [
    ['logits-copied', logitsMs],
    ['feeds', loop.feedsMs],
    ['processors', loop.processorsMs],
    ['sampler', loop.samplerMs],
    ['detokenize', loop.detokenizeMs],
    ['streamer', loop.streamerMs],
    ['garbage', loop.garbageMs],
    ['tokenize', isFirst ? loop.tokenizeMs : null],
  ]
  const timed = named.flatMap(([id, ms]): Found[] => (ms === null ? [] : [{ id, ms, how: 'timed' }]))
  if (runMs === null) return timed
  const left = totalMs - runMs - timed.reduce((sum, { ms }) => sum + ms, 0)
  return [...timed, { id: 'loop', ms: Math.max(0, left), how: 'difference' }]
}

/** What the engine does in its call. */
function insideOf(division: Division): Found[] {
  const { step, isFirst, depth, floor, line } = division
  // A prompt is fed at once: its keys and values are written, and hardly any are read from memory.
  const cacheMs = isFirst || floor === null ? 0 : (floor.cacheMsPerThousand * depth) / 1000
  const slopeMs = isFirst || line === null ? null : Math.max(0, (line.slopeMsPerThousand * depth) / 1000)
  if (step !== null) return byNodes(division, step, cacheMs, slopeMs)
  const most = division.loop.runMs ?? division.totalMs
  const weights = floor === null ? [] : floorParts(Math.min(floor.weightsMs, most), cacheMs)
  // Without a floor nobody knows what of it is more than reading.
  if (slopeMs === null || floor === null) return weights
  const note = 'all that grows with the context beyond reading the cache once: copies of it, and the arithmetic of attention'
  return [...weights, { id: 'cache-copied', ms: Math.max(0, slopeMs - cacheMs), how: 'difference', note }]
}

const floorParts = (weightsMs: number, cacheMs: number): Found[] => [
  { id: 'weights', ms: weightsMs, how: 'computed' },
  { id: 'cache-read', ms: cacheMs, how: 'computed' },
]

function byNodes({ floor, handoffMs }: Division, step: StepProfile, cacheMs: number, slopeMs: number | null): Found[] {
  const { stepMs, logitsOnlyMs, dispatchMs, roles } = step
  const exportMs = logitsOnlyMs === null ? null : Math.max(0, stepMs - logitsOnlyMs)
  const products = roles.matmul.ms + roles.head.ms
  const weightsMs = Math.min(floor?.weightsMs ?? 0, products)
  const headFloorMs = Math.min(roles.head.ms, weightsMs * step.headShare)
  const bodyMs = Math.max(0, roles.matmul.ms - (weightsMs - headFloorMs))
  // Threads are woken for each product, and waited for.
  const handoffsMs = handoffMs === null ? 0 : Math.min(bodyMs, 2 * handoffMs * (roles.matmul.nodes + roles.head.nodes))
  const readMs = Math.min(cacheMs, roles.attention.ms + roles['cache-copy'].ms)
  const attentionMs = Math.max(0, roles.attention.ms - readMs)
  // A fused operator copies the cache within its own time: what of it grows with the context and is not reading.
  const hidden = slopeMs === null || roles['cache-copy'].nodes > 0 ? 0 : slopeMs - readMs - (exportMs ?? 0)
  const hiddenMs = Math.min(attentionMs, Math.max(0, hidden))
  const copied: Found =
    roles['cache-copy'].nodes > 0
      ? { id: 'cache-copied', ms: roles['cache-copy'].ms, how: 'timed' }
      : { id: 'cache-copied', ms: hiddenMs, how: 'difference', note: 'what grows with the context beyond reading the cache once' }
  return [
    ...floorParts(weightsMs, readMs),
    { id: 'matmul', ms: bodyMs - handoffsMs, how: 'timed' },
    { id: 'head', ms: roles.head.ms - headFloorMs, how: 'timed' },
    { id: 'attention', ms: attentionMs - hiddenMs, how: 'timed' },
    { id: 'other-operators', ms: roles.other.ms, how: 'timed', note: step.others },
    copied,
    ...(exportMs === null ? [] : [{ id: 'cache-exported', ms: exportMs, how: 'difference' } as const]),
    { id: 'dispatch', ms: dispatchMs, how: 'computed', note: `${step.nodes} nodes` },
    { id: 'thread-handoff', ms: handoffsMs, how: 'computed' },
  ]
}
