import { expect, test } from 'vitest'
import type { Sequence } from '../../generator.ts'
import { encodedStarts } from './encoded-starts.ts'
import type { Encoder } from './encoder.ts'

/** An encoder that keeps what it read, and sequences that tell whose they are. */
function world() {
  const read: number[][] = []
  const encoder = {
    async encode(source: readonly number[]) {
      read.push([...source])
      return { number: read.length }
    },
  } as unknown as Encoder
  const behind: unknown[] = []
  const starts = encodedStarts(encoder, (encoded) => {
    behind.push(encoded)
    return { feed: async () => ({}) } as unknown as Sequence
  })
  return { ...starts, read, behind }
}

test('the same source is read anew by each call, since its content may have changed', async () => {
  const { later, read } = world()
  const source = [1, 2]
  await later(undefined, source).feed([0], 'last')
  source[1] = 3
  await later(undefined, source).feed([0], 'last')
  expect(read).toEqual([
    [1, 2],
    [1, 3],
  ])
})

test('one sequence reads once, and one that is given nothing continues behind what was read last', async () => {
  const { encoder, later, read, behind } = world()
  await encoder.encode([7])
  const sequence = later()
  await sequence.feed([0], 'last')
  await sequence.feed([0], 'last')
  expect([read, behind]).toEqual([[[7]], [{ number: 1 }]])
})

test('nothing to read is one line', async () => {
  await expect(world().later().feed([0], 'last')).rejects.toThrow('nothing was given that the encoder could read')
})
