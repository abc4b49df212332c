import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { describe, expect, it } from 'vitest'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { decoderLayout } from '../../recognize/layout.ts'
import { type DecoderSession, startSequence } from './sequence.ts'

const value = (name: string, dtype: DType, shape: readonly (number | string)[]) =>
  ({ name, kind: 'tensor', dtype, shape }) as const
const IDS = value('input_ids', 'int64', ['b', 's'])
const MASK = value('attention_mask', 'int64', ['b', 't'])
const LOGITS = value('logits', 'float32', ['b', 's', 2])
const KEYS = [
  value('past_key_values.0.key', 'float32', ['b', 2, 'past', 1]),
  value('present.0.key', 'float32', ['b', 2, 'total', 1]),
] as const
const STATE = [value('past_conv.0', 'float32', ['b', 1]), value('present_conv.0', 'float32', ['b', 1])] as const

/** Logits of a position are [sum of all ids so far, count]; the cache is the ids, in each of two heads; the state is their sum. */
function fakeSession(
  layout: DecoderLayout,
): DecoderSession<TensorValue> & { readonly calls: { ids: number[]; past: number; mask: number }[] } {
  const calls: { ids: number[]; past: number; mask: number }[] = []
  return {
    calls,
    wrap: (tensor) => tensor,
    unwrap: (tensor) => tensor,
    run: async (feeds, fetches) => {
      const ids = [...(feeds.input_ids!.data as BigInt64Array)].map(Number)
      const keys = feeds['past_key_values.0.key']
      const state = feeds['past_conv.0'] === undefined ? null : (feeds['past_conv.0'].data as Float32Array)[0]!
      const held = keys === undefined ? [] : [...(keys.data as Float32Array)]
      const before = held.slice(0, held.length / 2)
      expect(held.slice(held.length / 2)).toEqual(before)
      expect(keys?.shape ?? []).toEqual(keys === undefined ? [] : [1, 2, before.length, 1])
      calls.push({ ids, past: before.length, mask: (feeds.attention_mask?.data as BigInt64Array | undefined)?.length ?? -1 })
      let sum = state ?? before.reduce((total, id) => total + id, 0)
      const rows = ids.map((id, k) => {
        sum += id
        return [sum, before.length + k + 1]
      })
      const kept = layout.positions === 'last' ? rows.slice(-1) : rows
      const all = [...before, ...ids]
      const results: Record<string, TensorValue> = {
        logits: { dtype: 'float32', shape: [1, kept.length, 2], data: Float32Array.from(kept.flat()) },
        'present.0.key': { dtype: 'float32', shape: [1, 2, all.length, 1], data: Float32Array.from([...all, ...all]) },
        'present_conv.0': { dtype: 'float32', shape: [1, 1], data: Float32Array.of(sum) },
      }
      return Object.fromEntries(fetches.map((name) => [name, results[name]!]))
    },
  }
}

function start(
  cache: readonly (readonly [ReturnType<typeof value>, ReturnType<typeof value>])[],
  logits = LOGITS,
  context: number | null = null,
) {
  const layout = decoderLayout([IDS, MASK, ...cache.map(([past]) => past)], [logits, ...cache.map(([, present]) => present)])!
  expect(layout.problem).toBeNull()
  const session = fakeSession(layout)
  return { session, sequence: startSequence(session, { layout, context }) }
}

describe('startSequence', () => {
  it('feeds what is new, with a mask over all, and gives the logits that are asked for', async () => {
    const { session, sequence } = start([KEYS])
    expect([...(await sequence.feed([1, 2, 3], 'all')).logits]).toEqual([1, 1, 3, 2, 6, 3])
    const { logits, positions } = await sequence.feed([4], 'last')
    expect({ logits: [...logits], positions, length: sequence.length }).toEqual({ logits: [10, 4], positions: 1, length: 4 })
    expect((await sequence.feed([5], 'none')).positions).toBe(0)
    expect(session.calls).toEqual([
      { ids: [1, 2, 3], past: 0, mask: 3 },
      { ids: [4], past: 3, mask: 4 },
      { ids: [5], past: 4, mask: 5 },
    ])
  })

  it('cut keeps the first tokens of every head, and of what it was cut from nothing is left', async () => {
    const { session, sequence } = start([KEYS])
    await sequence.feed([1, 2, 3, 4], 'none')
    await sequence.feed([9], 'none')
    sequence.cut(2)
    expect([...(await sequence.feed([10], 'last')).logits]).toEqual([13, 3])
    sequence.cut(0)
    expect([...(await sequence.feed([7], 'last')).logits]).toEqual([7, 1])
    expect(session.calls.map(({ past }) => past)).toEqual([0, 4, 2, 0])
  })

  it('a state that cannot be cut is what it was before the last call, or everything is fed again', async () => {
    const { session, sequence } = start([KEYS, STATE])
    await sequence.feed([1, 2, 3], 'none')
    await sequence.feed([4], 'none')
    sequence.cut(3)
    expect([...(await sequence.feed([5], 'last')).logits]).toEqual([11, 4])
    sequence.cut(2)
    expect([...(await sequence.feed([6, 1], 'all')).logits]).toEqual([9, 3, 10, 4])
    expect(session.calls.map(({ ids, past }) => [ids, past])).toEqual([
      [[1, 2, 3], 0],
      [[4], 3],
      [[5], 3],
      [[1, 2, 6, 1], 0],
    ])
  })

  it('without a cache everything is fed each time, and logits are of the new ids', async () => {
    const { session, sequence } = start([])
    await sequence.feed([1, 2], 'none')
    expect([...(await sequence.feed([3, 4], 'all')).logits]).toEqual([6, 3, 10, 4])
    sequence.cut(1)
    expect([...(await sequence.feed([5], 'last')).logits]).toEqual([6, 2])
    expect(session.calls.map(({ ids }) => ids)).toEqual([
      [1, 2],
      [1, 2, 3, 4],
      [1, 5],
    ])
  })

  it('all logits of a graph that returns the last are one call for each id', async () => {
    const { session, sequence } = start([KEYS], value('logits', 'float32', ['b', 1, 2]))
    const { logits, positions } = await sequence.feed([1, 2, 3], 'all')
    expect({ logits: [...logits], positions }).toEqual({ logits: [1, 1, 3, 2, 6, 3], positions: 3 })
    expect(session.calls.length).toBe(3)
  })

  it('refuses more than the context, and is then what it was', async () => {
    const { sequence } = start([KEYS], LOGITS, 3)
    await sequence.feed([1, 2], 'none')
    await expect(sequence.feed([3, 4], 'last')).rejects.toThrow("4 tokens are more than the model's context of 3")
    expect([...(await sequence.feed([3], 'last')).logits]).toEqual([6, 3])
    expect(() => sequence.cut(4)).toThrow('cannot be cut to 4')
  })

  it('a size that nobody declares is one line', () => {
    const open = [
      value('past_key_values.0.key', 'float32', ['b', 'heads', 'past', 8]),
      value('present.0.key', 'float32', ['b', 'heads', 'total', 8]),
    ] as const
    expect(() => start([open])).toThrow(
      'past_key_values.0.key does not declare how large it is (heads), nor does config.json; export the decoder with fixed heads',
    )
  })
})
