// How many keys the engine's GroupQueryAttention shows for a local_window_size: versions of it count the token itself, or do not. A small graph is
// asked, so that no version need be known: with queries of zeros, what attention gives is the mean of the values that it sees.
// contrib_ops/cpu/bert/gqa_attention_base.h
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { MICROSOFT } from '../kit/block-products.ts'
import type { RemedyTools } from '../kit/remedy.ts'

const SIZE = 8
const WINDOW = 4
/** [tokens held, new tokens]: a prompt, a token, and some of both. */
const CALLS = [
  [0, 9],
  [7, 1],
  [7, 3],
] as const
/** What it may show more than it is told. */
const EXCESSES = [0, 1]

/** How many keys more than its local_window_size the engine shows, the token itself included; undefined: it shows other ones. */
export async function windowExcess({ evaluate }: Pick<RemedyTools, 'evaluate'>): Promise<number | undefined> {
  const results = await evaluate(
    modelInMemory(probe()),
    CALLS.map(([past, fresh]) => feeds(past, fresh)),
  )
  const shows = (excess: number) =>
    CALLS.every(([past, fresh], at) => {
      const given = results[at]!.seen!.data as Float32Array
      return Array.from({ length: fresh }, (_, row) => past + row).every((place, row) => {
        const from = Math.max(0, place + 1 - WINDOW - excess)
        return Math.abs(given[row * SIZE]! - (from + place) / 2) < 1e-3
      })
    })
  return EXCESSES.find(shows)
}

function probe() {
  const cache = ['key', 'value']
  const inputs = ['query', 'key', 'value', 'past_key', 'past_value', 'last', 'total']
  const attributes = { num_heads: 1, kv_num_heads: 1, local_window_size: WINDOW }
  return model({
    nodes: [
      node(
        { opType: 'GroupQueryAttention', domain: MICROSOFT, name: 'probe' },
        inputs,
        ['seen', ...cache.map(present)],
        attributes,
      ),
    ],
    inputs: [
      ...['query', ...cache].map((name) => valueInfo(name, 'float32', [1, 'new', SIZE])),
      ...cache.map((name) => valueInfo(`past_${name}`, 'float32', [1, 1, 'held', SIZE])),
      valueInfo('last', 'int32', [1]),
      valueInfo('total', 'int32', []),
    ],
    outputs: [
      valueInfo('seen', 'float32', [1, 'new', SIZE]),
      ...cache.map((name) => valueInfo(present(name), 'float32', [1, 1, 'all', SIZE])),
    ],
    opsets: { [MICROSOFT]: 1 },
  })
}

const present = (name: string): string => `present_${name}`

/** The first number of each value is its place. */
function feeds(past: number, fresh: number): Feeds {
  const zeros = (tokens: number) => new Float32Array(tokens * SIZE)
  const places = (from: number, tokens: number) => zeros(tokens).map((_, at) => (at % SIZE === 0 ? from + at / SIZE : 0))
  const floats = (shape: readonly number[], data: Float32Array) => ({ dtype: 'float32', shape: [...shape], data }) as const
  const int32 = (shape: readonly number[], one: number) =>
    ({ dtype: 'int32', shape: [...shape], data: Int32Array.of(one) }) as const
  return {
    query: floats([1, fresh, SIZE], zeros(fresh)),
    key: floats([1, fresh, SIZE], zeros(fresh)),
    value: floats([1, fresh, SIZE], places(past, fresh)),
    past_key: floats([1, 1, past, SIZE], zeros(past)),
    past_value: floats([1, 1, past, SIZE], places(0, past)),
    last: int32([1], past + fresh - 1),
    total: int32([], past + fresh),
  }
}
