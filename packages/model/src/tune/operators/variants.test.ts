import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { expect, test } from 'vitest'
import { exampleEvidence } from '../../../test/support/remedies/example-evidence.ts'
import { convBatchnorm } from '../../remedies/rewrites/conv-batchnorm.ts'
import { chainOf } from './chain.ts'
import { variantsOf } from './variants.ts'

const SHAPE = [1, 4, 8, 8]

/** Kinds of changes to a convolution with batch normalization that the engine runs as these operators. */
async function kindsOf(...opTypes: string[]) {
  const part = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['c']), node('BatchNormalization', ['c', 'one', 'zero', 'zero', 'one'], ['y'])],
      inputs: [valueInfo('x', 'float32', SHAPE)],
      outputs: [valueInfo('y', 'float32', SHAPE)],
      initializers: [
        floatTensor('w', [4, 4, 1, 1], new Float32Array(16)),
        floatTensor('one', [4], [1, 1, 1, 1]),
        floatTensor('zero', [4], [0, 0, 0, 0]),
      ],
    }),
  )
  const evidence = exampleEvidence()
  const given = { options: plainOptions, lanes: 16, threadsInUse: 1, isLong: false, remedies: [convBatchnorm], opTypes, evidence }
  return (await variantsOf({ part, row: part }, given)).map(({ kind }) => kind)
}

test('a rewrite that only leaves out what the engine leaves out by itself is no variant', async () => {
  expect(await kindsOf('Conv', 'BatchNormalization')).toContain('rewrite')
  expect(await kindsOf('Conv')).not.toContain('rewrite')
})

test.each([
  // Less than a block: one. Blocks of which the kernel takes four at once: whole sets. Of more than two sets: whole blocks.
  { channels: 3, filled: 8 },
  { channels: 8, filled: 32 },
  { channels: 20, filled: 32 },
  { channels: 32, filled: undefined },
  { channels: 40, filled: 64 },
  { channels: 68, filled: 72 },
  { channels: 72, filled: undefined },
])('$channels output channels are filled up to $filled, and its time counts per channel', async ({ channels, filled }) => {
  const [x, y] = [
    [1, 16, 8, 8],
    [1, channels, 8, 8],
  ]
  const part = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', x!)],
      outputs: [valueInfo('y', 'float32', y!)],
      initializers: [floatTensor('w', [channels, 16, 1, 1], new Float32Array(channels * 16))],
    }),
  )
  const given = {
    options: plainOptions,
    lanes: 8,
    threadsInUse: 1,
    isLong: false,
    remedies: [],
    opTypes: ['Conv'],
    evidence: exampleEvidence(),
  }
  const found = (await variantsOf({ part, row: part }, given)).find(({ kind }) => kind === 'filled-channels')
  expect(found?.share).toBe(filled && channels / filled)
  expect(found?.model.proto.graph?.initializer[0]?.dims.map(Number)[0]).toBe(filled)
})

test.each([
  // Eight channels in place of three: 8 * 1448 * 1448 are just below 2 ** 24, 8 * 1452 * 1452 above.
  [1448, true],
  [1452, false],
])('an output of 3 channels, %d pixels a side, is filled up: %s', async (size, isFilled) => {
  const part = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 16, size, size])],
      outputs: [valueInfo('y', 'float32', [1, 3, size, size])],
      initializers: [floatTensor('w', [3, 16, 1, 1], new Float32Array(48))],
    }),
  )
  const given = {
    options: plainOptions,
    lanes: 8,
    threadsInUse: 1,
    isLong: false,
    remedies: [],
    opTypes: ['Conv'],
    evidence: exampleEvidence(),
  }
  const kinds = (await variantsOf({ part, row: part }, given)).map(({ kind }) => kind)
  expect(kinds.includes('filled-channels')).toBe(isFilled)
})

test('of a convolution that is timed in a row both ends are filled', async () => {
  const shape = [1, 16, 8, 8]
  const part = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })],
      inputs: [valueInfo('x', 'float32', shape)],
      outputs: [valueInfo('y', 'float32', shape)],
      initializers: [floatTensor('w', [16, 16, 3, 3], new Float32Array(16 * 16 * 9))],
    }),
  )
  const given = {
    options: plainOptions,
    lanes: 8,
    threadsInUse: 1,
    isLong: false,
    remedies: [],
    opTypes: ['Conv'],
    evidence: exampleEvidence(),
  }
  const found = (await variantsOf({ part, row: chainOf(part)! }, given)).find(({ kind }) => kind === 'filled-channels')
  expect(found).toMatchObject({ share: 1 / 4, detail: 'with 32 to 32 channels instead of 16 to 16, per channel' })
  expect(found!.model.proto.graph!.node.filter(({ opType }) => opType === 'Conv').length).toBeGreaterThan(1)
})

test('what the engine carries along with a convolution is filled, too; of anything else nothing is', async () => {
  const filledOf = async (last: ReturnType<typeof node>) => {
    const part = modelInMemory(
      model({
        nodes: [
          node('Conv', ['x', 'w', 'b'], ['c']),
          node('BatchNormalization', ['c', 'one', 'zero', 'zero', 'one'], ['n']),
          last,
        ],
        inputs: [valueInfo('x', 'float32', [1, 16, 8, 8])],
        outputs: [valueInfo('y', 'float32', [1, 4, 8, 8])],
        initializers: [
          floatTensor('w', [4, 16, 1, 1], new Float32Array(64)),
          floatTensor('b', [4], [1, 2, 3, 4]),
          floatTensor('one', [4], [1, 1, 1, 1]),
          floatTensor('zero', [4], [0, 0, 0, 0]),
          floatTensor('each', [4, 1, 1], [1, 2, 3, 4]),
        ],
      }),
    )
    const given = {
      options: plainOptions,
      lanes: 8,
      threadsInUse: 1,
      isLong: false,
      remedies: [],
      opTypes: ['Conv'],
      evidence: exampleEvidence(),
    }
    return (await variantsOf({ part, row: part }, given)).find(({ kind }) => kind === 'filled-channels')
  }
  const filled = await filledOf(node('Relu', ['n'], ['y']))
  const shapes = filled!.model.proto.graph!.initializer.map(({ name, dims }) => [name, dims.map(Number).join()])
  expect(Object.fromEntries(shapes)).toEqual({ w: '8,16,1,1', b: '8', one: '8', zero: '8', each: '4,1,1' })
  expect(await filledOf(node('Mul', ['n', 'each'], ['y']))).toBeUndefined()
})
