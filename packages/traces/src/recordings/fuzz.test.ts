// Whatever a file holds, reading it ends with a recording whose facts can be worked out, or with an InputError of one line.

import { InputError } from '@whyslow/graph/input-error.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceOf } from '../../test/support/recordings/check-reader.ts'
import { EXAMPLE_TRACES } from '../../test/support/recordings/example-traces.ts'
import { factsOf } from '../facts/facts-of.ts'
import { readSource } from './index.ts'

/** Ends in one of the two ways. */
async function endsWell(bytes: Buffer): Promise<void> {
  try {
    const facts = factsOf(await readSource(sourceOf(bytes)), { calls: true })
    expect(facts.window.lengthMs).toBeGreaterThanOrEqual(0)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    expect(error.message).not.toMatch(/\n/)
  }
}

const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'drop', 'repeat'))

test.each(Object.entries(EXAMPLE_TRACES))('%s, damaged anywhere', async (_, seed) => {
  await endsWell(seed)
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      let bytes = Buffer.from(seed)
      for (const [place, value, how] of changes) {
        const at = place % Math.max(1, bytes.length)
        if (how === 'set') bytes[at] = value
        else if (how === 'cut') bytes = bytes.subarray(0, at)
        else if (how === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 8))])
        else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - value), at), bytes.subarray(at)])
      }
      await endsWell(bytes)
    }),
    { numRuns: 40 },
  )
})

test.each(Object.entries(EXAMPLE_TRACES))('%s, a few bytes of it', async (_, seed) => {
  for (let from = 0; from < Math.min(12, seed.length); from++)
    for (let length = 0; length < 12; length++) await endsWell(seed.subarray(from, from + length))
})

test('numbers that are none', async () => {
  for (const value of ['1e999', '-1e999', 'null', '"x"', '{}', '[]', '1e', '-', '99999999999999999999999999', 'NaN', 'true'])
    for (const key of ['ts', 'dur', 'pid', 'tid', 'name', 'args', 'ph'])
      await endsWell(
        Buffer.from(
          `{"schemaVersion":1,"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":1,"pid":1,"tid":1,"args":{},"${key}":${value}},{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":1,"pid":1,"tid":1}]}`,
        ),
      )
})

test('arguments nested a hundred thousand times', async () => {
  const deep = (open: string, close: string) => `${open.repeat(100_000)}1${close.repeat(100_000)}`
  const [lists, objects] = [deep('[', ']'), deep('{"x":', '}')]
  const event = (args: string) =>
    `{"schemaVersion":1,"traceEvents":[{"ph":"X","cat":"cpu_op","name":"aten::add","ts":1,"dur":1,"pid":1,"tid":1,"args":${args}},{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":1,"pid":1,"tid":1}]}`
  const node = (args: string) =>
    `[{"cat":"Session","name":"model_run","ph":"X","ts":1,"dur":9,"pid":1,"tid":1},{"cat":"Node","name":"a_kernel_time","ph":"X","ts":1,"dur":5,"pid":1,"tid":1,"args":${args}}]`
  for (const value of [lists, objects, JSON.stringify(lists), JSON.stringify(objects)])
    for (const key of ['Input Dims', 'Input type', 'Concrete Inputs', 'input_type_shape'])
      for (const trace of [event, node]) await endsWell(Buffer.from(trace(`{"op_name":"Add","${key}":${value}}`)))
})
