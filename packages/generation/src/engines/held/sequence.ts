// A sequence whose caches never enter JavaScript. Attention that writes in place gets one buffer for each cache, with room to spare; any other gives
// its caches again at each step, and they become the inputs of the next step as they are.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { Sequence, Step } from '../../generator.ts'
import { joinSteps } from '../loop/sequence.ts'
import type { OrtApi } from './c-api.ts'
import { stepFeeds } from './feeds.ts'
import { bindConstants, type Constants, type HeldOpening, openFirst } from './first-call.ts'
import type { HeldCache, HeldLayout } from './layout.ts'
import { type LogitPositions, logitsOf } from './logits.ts'
import { type Binding, newBinding } from './session.ts'
import { bytesOf, newValue, resizeAxis, typeOf, withSize } from './values.ts'

/** Tokens that a cache written in place has room for at first; it doubles when it is full. */
const FIRST_ROOM = 256

export interface HeldSessions {
  readonly api: OrtApi
  readonly decode: Handle
  /** For more than one token at once; the same as `decode` if both have the same threads. */
  readonly prefill: Handle
  readonly layout: HeldLayout
  /** The longest context; null: any. */
  readonly context: number | null
  /** Fed unchanged at each step; absent: nothing is. */
  readonly constants?: Constants
  /** Another graph for the first call; absent: the same makes it. */
  readonly opening?: HeldOpening
}

/** `onClose`: called once, when the sequence is closed. */
export function openSequence(sessions: HeldSessions, onClose: () => void): Sequence {
  const { api, decode, prefill, layout, context, constants = {}, opening } = sessions
  const bindings = new Map([...new Set([decode, prefill])].map((session) => [session, newBinding(api, session)]))
  const fixed = [...bindings.values()].map((binding) => bindConstants(api, binding, constants))
  const first = opening === undefined ? null : openFirst(api, opening)
  const feeds = stepFeeds(api, layout)
  const caches = heldCaches(api, layout)
  const isAllInPlace = layout.caches.every(({ inPlace }) => inPlace)
  const results = logitsOf(api, layout.logits)
  const bound = new Set<Binding>()
  const canCut = layout.caches.every(({ axis }) => axis !== null)
  /** Tokens of the sequence: kept only if the caches cannot be cut, which then hold the first `held` of them. */
  const fed: number[] = []
  let [length, held, closed] = [0, 0, false]

  function run(ids: readonly number[], logits: LogitPositions): Step {
    if (first !== null && held === 0) {
      const { step, presents } = first.run(ids, logits)
      caches.fill(presents)
      bound.clear()
      held = ids.length
      return step
    }
    const startedAt = performance.now()
    const total = held + ids.length
    const binding = bindings.get(ids.length > 1 ? prefill : decode)!
    if (caches.makeRoom(held, total)) bound.clear()
    feeds.bind(binding, ids, held, logits)
    // The first output that is bound is the first that is given.
    const isKept = results.bind(binding, ids.length)
    caches.bind(binding, !bound.has(binding))
    bound.add(binding)
    const runsAt = performance.now()
    binding.run()
    const ranAt = performance.now()
    // If everything was written in place, nothing is asked of the library.
    const [value, ...presents] = isKept && isAllInPlace ? [] : binding.outputs()
    caches.take(presents)
    const takenAt = performance.now()
    const read = results.read(value, ids.length, logits)
    held = total
    const [runMs, logitsMs] = [ranAt - runsAt, performance.now() - takenAt]
    return { ...read, runMs, feedsMs: runsAt - startedAt + (takenAt - ranAt), logitsMs }
  }

  return {
    get length() {
      return length
    },
    canCut,
    async feed(ids, logits): Promise<Step> {
      if (closed) throw new Error('the sequence is closed')
      if (ids.length === 0) throw new Error('nothing to feed: at least one token')
      const total = length + ids.length
      if (context !== null && total > context)
        throw new InputError(
          `${total} tokens are more than the ${context} that the model's context holds; shorten the prompt or generate fewer tokens`,
        )
      const again = held < length ? run(fed.slice(held, length), 'none') : null
      const step = logits === 'all' && layout.onlyLast ? rowByRow(ids, run) : run(ids, logits)
      if (!canCut) for (const id of ids) fed.push(id)
      length = total
      return again === null ? step : { ...step, runMs: again.runMs + step.runMs, feedsMs: again.feedsMs + step.feedsMs }
    },
    cut(to) {
      if (closed) throw new Error('the sequence is closed')
      if (to < 0 || to > length || !Number.isInteger(to)) throw new Error(`cannot cut ${length} tokens to ${to}`)
      if (to < held) {
        // A state of one size takes in what stays again, with the next tokens.
        held = canCut ? to : 0
        caches.cut(held)
      }
      length = to
      if (!canCut) fed.length = to
    },
    close() {
      if (closed) return
      closed = true
      for (const binding of bindings.values()) binding.close()
      for (const free of fixed) free()
      first?.free()
      caches.free()
      feeds.free()
      results.free()
      onClose()
    },
  }
}

/** The graph gives the last position only: a run for each. */
const rowByRow = (ids: readonly number[], run: (ids: readonly number[], logits: LogitPositions) => Step): Step =>
  joinSteps(
    ids.map((id) => {
      const step = run([id], 'last')
      return { ...step, logits: step.logits.slice() }
    }),
  )

interface Caches {
  /** Room for `total` tokens, of which the first `held` stay; true if memory was replaced. */
  makeRoom(held: number, total: number): boolean
  /** `isNew`: nothing was bound since memory was replaced. */
  bind(binding: Binding, isNew: boolean): void
  /** What a run gave, which is the caller's no more. */
  take(presents: readonly Handle[]): void
  /** What another graph's first call gave, one for each cache. */
  fill(presents: readonly Handle[]): void
  cut(length: number): void
  free(): void
}

/** Keys and values that attention writes in place, and next to them what it does not: states of one size, keys of an encoder. */
function heldCaches(api: OrtApi, { caches: all, capacity }: HeldLayout): Caches {
  const [own, others] = [all.filter(({ inPlace }) => inPlace), all.filter(({ inPlace }) => !inPlace)]
  const [written, passed] = [cachesInPlace(api, own, capacity), cachesPassedOn(api, others)]
  return {
    makeRoom: (held, total) => written.makeRoom(held, total),
    bind(binding, isNew) {
      written.bind(binding, isNew)
      passed.bind(binding, isNew)
    },
    take(presents) {
      written.take(presents.slice(0, own.length))
      passed.take(presents.slice(own.length))
    },
    fill(presents) {
      const given = (isOwn: boolean) => presents.filter((_, at) => all[at]!.inPlace === isOwn)
      written.fill(given(true))
      passed.fill(given(false))
    },
    cut(length) {
      written.cut(length)
      passed.cut(length)
    },
    free() {
      written.free()
      passed.free()
    },
  }
}

function cachesInPlace(api: OrtApi, caches: readonly HeldCache[], capacity: number | null): Caches {
  let [values, room]: [Handle[], number] = [[], 0]
  const free = () => {
    for (const value of values) api.free('Value', value)
    values = []
  }
  const roomFor = (total: number): number => {
    let next = capacity ?? Math.max(FIRST_ROOM, room)
    while (next < total) next *= 2
    return next
  }
  return {
    makeRoom(held, total) {
      if (caches.length === 0 || total <= room) return false
      const next = roomFor(total)
      const made = caches.map(({ dtype, shape, axis }, at) =>
        held === 0
          ? newValue(api, dtype, withSize(shape, axis!, next))
          : resizeAxis(api, values[at], axis!, { size: next, count: held }),
      )
      free()
      ;[values, room] = [made, next]
      return true
    },
    bind(binding, isNew) {
      if (!isNew) return
      for (const [at, { past, present }] of caches.entries()) {
        binding.input(past, values[at])
        binding.output(present!, values[at])
      }
    },
    take(presents) {
      for (const value of presents) api.free('Value', value)
    },
    fill(presents) {
      if (caches.length === 0) return
      const count = typeOf(api, presents[0]).shape[caches[0]!.axis!]!
      free()
      room = roomFor(count)
      values = presents.map((present, at) => resizeAxis(api, present, caches[at]!.axis!, { size: room, count }))
      for (const present of presents) api.free('Value', present)
    },
    cut() {},
    free,
  }
}

function cachesPassedOn(api: OrtApi, caches: readonly HeldCache[]): Caches {
  const empty = (): Handle[] => caches.map(({ dtype, shape }) => cleared(api, dtype, shape))
  let values = empty()
  const replace = (by: readonly Handle[]) => {
    for (const value of values) api.free('Value', value)
    values = [...by]
  }
  return {
    makeRoom: () => false,
    bind(binding) {
      for (const [at, { past, present }] of caches.entries()) {
        binding.input(past, values[at])
        if (present !== null) binding.freshOutput(present)
      }
    },
    take(presents) {
      const given = presents.values()
      values = caches.map(({ present }, at) => {
        if (present === null) return values[at]
        api.free('Value', values[at])
        return given.next().value as Handle
      })
    },
    fill: replace,
    cut(length) {
      if (length === 0) return replace(empty())
      if (caches.some(({ axis }) => axis === null)) throw new Error('a state of one size cannot be cut')
      values = caches.map(({ axis, present }, at) => {
        if (present === null) return values[at]
        const cut = resizeAxis(api, values[at], axis!, { size: length, count: length })
        api.free('Value', values[at])
        return cut
      })
    },
    free: () => replace([]),
  }
}

/** A state of one size is zeros at first. */
function cleared(api: OrtApi, dtype: DType, shape: readonly number[]): Handle {
  const value = newValue(api, dtype, shape)
  bytesOf(api, value, { dtype, shape }).fill(0)
  return value
}
