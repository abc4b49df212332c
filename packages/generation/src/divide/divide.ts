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
  /** The first token alone has them. */
  readonly tokenizeMs: number | null
  readonly featuresMs: number | null
  readonly encoderMs: number | null
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
  /** What the loop is made of, if it is a package's; absent: it is whyslow's, or not known. */
  readonly loopIs?: string | undefined
}

type Found = Omit<TokenPart, 'note'> & { readonly note?: string }

const ORDER: readonly TokenPartId[] = [
  'encoder',
  'weights',
  'cache-read',
  'matmul',
  'head',
  'attention',
  'other-operators',
  'engine',
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
  'features',
  'tokenize',
]

/** null: nothing is known but the total. */
export function divide(division: Division): PartsOf | null {
  const { totalMs, depth } = division
  const found = [...insideOf(division), ...aroundOf(division)]
  if (found.every(({ ms }) => ms === 0)) return null
  const parts = ORDER.flatMap((id) => {
    // Copying the logits is a part of the engine's call, and of the loop around it.
    const all = found.filter((part) => part.id === id)
    const ms = all.reduce((sum, part) => sum + part.ms, 0)
    return all.slice(0, 1).map(({ note = null, how }) => ({ id, ms, how, note }))
  })
  const known = parts.reduce((sum, { ms }) => sum + ms, 0)
  return { totalMs, depth, parts: [...parts, { id: 'unexplained', ms: totalMs - known, how: 'rest', note: null }] }
}

/** What JavaScript does between two calls of the engine. */
function aroundOf({ totalMs, loop, isFirst, loopIs }: Division): Found[] {
  const { runMs, logitsMs } = loop
  const named: readonly (readonly [TokenPartId, number | null])[] = [
    ['logits-copied', logitsMs],
    ['feeds', loop.feedsMs],
    ['processors', loop.processorsMs],
    ['sampler', loop.samplerMs],
    ['detokenize', loop.detokenizeMs],
    ['streamer', loop.streamerMs],
    ['tokenize', isFirst ? loop.tokenizeMs : null],
    ['features', isFirst ? loop.featuresMs : null],
    ['encoder', isFirst ? loop.encoderMs : null],
  ]
  const timed = named.flatMap(([id, ms]): Found[] => (ms === null ? [] : [{ id, ms, how: 'timed' }]))
  const leftMs = Math.max(0, totalMs - (runMs ?? 0) - timed.reduce((sum, { ms }) => sum + ms, 0))
  // What is collected while the engine runs, and while what has a name is done, is in their times already.
  const garbageMs = loop.garbageMs === null ? null : Math.min(loop.garbageMs, leftMs)
  const found: Found[] = garbageMs === null ? timed : [...timed, { id: 'garbage', ms: garbageMs, how: 'timed' }]
  if (runMs === null) return found
  const note = loopIs === undefined ? {} : { note: loopIs }
  return [...found, { id: 'loop', ms: leftMs - (garbageMs ?? 0), how: 'difference', ...note }]
}

/** What a part is that nobody saw being copied. */
const GROWS = 'all that grows with the context beyond reading the cache once: copies of it, and the arithmetic of attention'

/** What is known of an engine that times its calls alone. */
const UNDIVIDED = 'the engine times its call as a whole, and shows no operators'

/** What the engine does in its call. */
function insideOf(division: Division): Found[] {
  const { step, isFirst, depth, floor, line } = division
  // A prompt is fed at once: its keys and values are written, and hardly any are read from memory.
  const cacheMs = isFirst || floor === null ? 0 : (floor.cacheMsPerThousand * depth) / 1000
  const slopeMs = isFirst || line === null ? null : Math.max(0, (line.slopeMsPerThousand * depth) / 1000)
  if (step !== null) return byNodes(division, step, cacheMs, slopeMs)
  const { runMs } = division.loop
  const read = floor === null ? [] : floorParts(Math.min(floor.weightsMs, runMs ?? division.totalMs), cacheMs)
  // Without a floor nobody knows what of it is more than reading.
  const grown: Found[] =
    slopeMs === null || floor === null
      ? []
      : [{ id: 'cache-copied', ms: Math.max(0, slopeMs - cacheMs), how: 'difference', note: GROWS }]
  const found = [...read, ...grown]
  if (runMs === null) return found
  const known = found.reduce((sum, { ms }) => sum + ms, 0)
  return [...found, { id: 'engine', ms: Math.max(0, runMs - known), how: 'difference', note: UNDIVIDED }]
}

const OUTSIDE = 'what the call takes outside of the engine, by the share of the bytes that it returns'

const floorParts = (weightsMs: number, cacheMs: number): Found[] => [
  { id: 'weights', ms: weightsMs, how: 'computed' },
  { id: 'cache-read', ms: cacheMs, how: 'computed' },
]

function byNodes({ floor, handoffMs }: Division, step: StepProfile, cacheMs: number, slopeMs: number | null): Found[] {
  const { cacheOutMs, logitsOutMs, dispatchMs, roles } = step
  const products = roles.matmul.ms + roles.head.ms
  const weightsMs = Math.min(floor?.weightsMs ?? 0, products)
  const headFloorMs = Math.min(roles.head.ms, weightsMs * step.headShare)
  const bodyMs = Math.max(0, roles.matmul.ms - (weightsMs - headFloorMs))
  // Threads are woken for each product, and waited for.
  const handoffsMs = handoffMs === null ? 0 : Math.min(bodyMs, 2 * handoffMs * (roles.matmul.nodes + roles.head.nodes))
  const readMs = Math.min(cacheMs, roles.attention.ms + roles['cache-copy'].ms)
  const attentionMs = Math.max(0, roles.attention.ms - readMs)
  // Attention copies the cache within its own time, or takes longer than reading it: what grows with the context and is in no other part.
  const copies = roles['cache-copy']
  const hidden = slopeMs === null ? 0 : slopeMs - readMs - copies.ms - (cacheOutMs ?? 0)
  const hiddenMs = Math.min(attentionMs, Math.max(0, hidden))
  // Nodes that copy are timed by themselves, unless most of the growth is elsewhere.
  const grownMs = copies.nodes > 0 && hiddenMs <= copies.ms ? 0 : hiddenMs
  const copied: Found =
    copies.nodes > 0 && grownMs === 0
      ? { id: 'cache-copied', ms: copies.ms, how: 'timed' }
      : { id: 'cache-copied', ms: copies.ms + grownMs, how: 'difference', note: GROWS }
  return [
    ...floorParts(weightsMs, readMs),
    { id: 'matmul', ms: bodyMs - handoffsMs, how: 'timed' },
    { id: 'head', ms: roles.head.ms - headFloorMs, how: 'timed' },
    { id: 'attention', ms: attentionMs - grownMs, how: 'timed' },
    { id: 'other-operators', ms: roles.other.ms, how: 'timed', note: step.others },
    copied,
    ...(cacheOutMs === null ? [] : [{ id: 'cache-exported', ms: cacheOutMs, how: 'difference', note: OUTSIDE } as const]),
    { id: 'logits-copied', ms: logitsOutMs, how: 'difference', note: OUTSIDE },
    { id: 'dispatch', ms: dispatchMs, how: 'computed', note: `${step.nodes} nodes` },
    { id: 'thread-handoff', ms: handoffsMs, how: 'computed' },
  ]
}
