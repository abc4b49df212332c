import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import { floatTensor, int64Tensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { checkDecoderEngine, compareLogits, PROMPT } from '../../test/support/check-decoder-engine.ts'
import { applied, targetOf } from '../../test/support/check-remedy.ts'
import { referenceGreedy, referenceLogits } from '../../test/support/decoder/reference.ts'
import { type DecoderWeights, decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { type DecoderForm, writeDecoder } from '../../test/support/decoder/write-decoder.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { plainOptions, plainRequest } from '../../test/support/plain-options.ts'
import { transformersAttention } from '../../test/support/transformers-attention.ts'
import { openLoop } from '../loop/loop.ts'
import { groupQueryAttention } from '../remedies/group-query-attention.ts'
import { openHeld } from './held/index.ts'
import { openOrtGenerator } from './ort-cpu.ts'
import { ortHeld } from './ort-held.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-held-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const llama = decoderWeights()
/** Room for more tokens than a buffer holds at first. */
const long = decoderWeights({ shape: { ...TINY, width: 64, context: 1024 } })
let files = 0
const open = (weights: DecoderWeights, form: DecoderForm, options = plainOptions) =>
  openHeld(writeDecoder(path.join(folder, `${files++}.onnx`), weights, form), options)

const FORMS: readonly (readonly [string, DecoderWeights, DecoderForm])[] = [
  ['caches passed on from step to step', llama, {}],
  ['caches written in place', long, { attention: 'fused' }],
  ['caches written in place, of one size', long, { attention: 'fused', cache: 'fixed' }],
  ['merged by use_cache_branch', llama, { cache: 'merged' }],
  ['a stacked cache', decoderWeights({ family: 'gpt2' }), { cache: 'stacked' }],
  ['num_logits_to_keep', llama, { logits: 'chosen' }],
  ['the logits of the last position only', llama, { logits: 'last' }],
]

checkDecoderEngine({ open, forms: FORMS })

it('a cache whose size config.json alone says', async () => {
  const models = { 'model.onnx': { attention: 'fused', cache: 'open' } } as const
  const generator = await openHeld(writeFolder(path.join(folder, 'open'), llama, { models }), plainOptions)
  const { tokens } = await generator.generate(plainRequest(PROMPT, 12))
  expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(llama, PROMPT, 12))
  await generator.close()
})

/** A state of one size: the sum of the rows of all tokens, which are the logits, too. Token n has 1 at n. */
function writeState(): string {
  const state = (name: string) => valueInfo(name, 'float32', ['batch', 4])
  const proto = model({
    nodes: [
      node('Gather', ['rows', 'input_ids'], ['embedded']),
      node('CumSum', ['embedded', 'one'], ['summed']),
      node('Unsqueeze', ['past_conv.0', 'axes'], ['before']),
      node('Add', ['summed', 'before'], ['logits']),
      node('Gather', ['logits', 'end'], ['present_conv.0'], { axis: 1 }),
    ],
    initializers: [
      floatTensor('rows', [4, 4], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
      int64Tensor('one', [], [1]),
      int64Tensor('axes', [1], [1]),
      int64Tensor('end', [], [-1]),
    ],
    inputs: [valueInfo('input_ids', 'int64', ['batch', 'length']), state('past_conv.0')],
    outputs: [valueInfo('logits', 'float32', ['batch', 'length', 4]), state('present_conv.0')],
    opset: 17,
  })
  const file = path.join(folder, `${files++}.onnx`)
  fs.writeFileSync(file, writeModel(proto))
  return file
}

/** Logits are the places of the new tokens, as they are fed: a list of its own, or once for each axis of an image, whose last is shown. */
function writePlaces(name: string, shape: readonly (string | number)[]): string {
  const state = (of: string) => valueInfo(of, 'float32', ['batch', 4])
  const listed = shape.length === 1 ? [node('Unsqueeze', [name, 'front'], ['rows'])] : [node('Gather', [name, 'last'], ['rows'])]
  const proto = model({
    nodes: [
      ...listed,
      node('Cast', ['rows'], ['places'], { to: 1 }),
      node('Unsqueeze', ['places', 'behind'], ['logits']),
      node('Identity', ['past_conv.0'], ['present_conv.0']),
    ],
    initializers: [int64Tensor('front', [1], [0]), int64Tensor('last', [], [2]), int64Tensor('behind', [1], [2])],
    inputs: [valueInfo('input_ids', 'int64', ['batch', 'length']), valueInfo(name, 'int64', shape), state('past_conv.0')],
    outputs: [valueInfo('logits', 'float32', ['batch', 'length', 1]), state('present_conv.0')],
    opset: 17,
  })
  const file = path.join(folder, `${files++}.onnx`)
  fs.writeFileSync(file, writeModel(proto))
  return file
}

it.each([
  ['cache_position', ['length']],
  ['position_ids', [3, 'batch', 'length']],
] as const)('%s is fed as it is declared', async (name, shape) => {
  const generator = await openHeld(writePlaces(name, shape), plainOptions)
  const sequence = generator.start!()
  expect([...(await sequence.feed([5, 6, 7], 'all')).logits]).toEqual([0, 1, 2])
  expect([...(await sequence.feed([8], 'last')).logits]).toEqual([3])
  await generator.close()
})

describe('a state of one size', () => {
  it('takes in what stays again after a cut', async () => {
    const generator = await openHeld(writeState(), plainOptions)
    const sequence = generator.start!()
    await sequence.feed([1, 2, 3], 'none')
    sequence.cut(1)
    const { logits, positions } = await sequence.feed([0, 0], 'all')
    expect({ logits: [...logits], positions }).toEqual({ logits: [1, 1, 0, 0, 2, 1, 0, 0], positions: 2 })
    sequence.cut(2)
    expect([...(await sequence.feed([3], 'last')).logits]).toEqual([1, 1, 0, 1])
    expect([sequence.canCut, sequence.length]).toEqual([false, 3])
    await generator.close()
  })

  it('answers one chat after the other', async () => {
    const generator = await openHeld(writeState(), plainOptions)
    const loop = openLoop(generator, { prefixCache: true, lookup: { most: 4, least: 1 } })
    for (const [prompt, id] of [
      [[1, 2, 2], 2],
      [[1, 3, 3], 3],
      [[1, 0, 0], 0],
    ] as const) {
      const ids: number[] = []
      for await (const token of loop.generate({
        prompt,
        maxNewTokens: 4,
        sampling: { kind: 'greedy' },
        stop: [],
        ignoreEnd: true,
      }))
        ids.push(token.id)
      expect(ids).toEqual([id, id, id, id])
    }
    await loop.close()
  })
})

describe('caches', () => {
  it('grow past the room that they had at first, and what they held stays', async () => {
    const generator = await open(long, { attention: 'fused' })
    const [grown, fresh] = [generator.start!(), generator.start!()]
    const ids = Array.from({ length: 300 }, (_, k) => (k * 5 + 1) % 64)
    await grown.feed(ids.slice(0, 250), 'none')
    for (const id of ids.slice(250, 299)) await grown.feed([id], 'none')
    const { logits } = await grown.feed(ids.slice(299), 'last')
    compareLogits(logits.slice(), (await fresh.feed(ids, 'last')).logits)
    expect(grown.length).toBe(300)
    await generator.close()
  })

  it('of attention that was fused are written in place, with positions counted from what they hold', async () => {
    const forms = [
      { positions: 'input' },
      { positions: null },
      // A state of one size is passed on next to them.
      { positions: 'input', state: true },
      { positions: 'input', window: 100 },
    ] as const
    for (const form of forms) {
      const before = transformersAttention({ heads: 4, kvHeads: 2, size: 16, window: null, ...form, seed: 5 })
      const { model } = await applied(groupQueryAttention, targetOf(before, 1024))
      const [one, other] = [before, model].map((made) => {
        const file = path.join(folder, `${files++}.onnx`)
        fs.writeFileSync(file, writeModel(made.proto))
        return file
      })
      const [plain, held] = [await openOrtGenerator(one!, plainOptions), await openHeld(other!, plainOptions)]
      const [expected, given] = [plain.start!(), held.start!()]
      const ids = Array.from({ length: 270 }, (_, k) => (k * 5 + 1) % 48)
      for (const [from, to] of [
        [0, 200],
        [200, 201],
        [201, 264],
        [264, 270],
      ] as const)
        compareLogits(
          (await given.feed(ids.slice(from, to), 'last')).logits.slice(),
          (await expected.feed(ids.slice(from, to), 'last')).logits,
        )
      await plain.close()
      given.close()
      await held.close()
    }
  })
})

describe('ort-held', () => {
  it('stays loaded when JavaScript collects its garbage', async () => {
    const generator = await open(llama, {})
    const sequence = generator.start!()
    await sequence.feed(PROMPT, 'none')
    v8.setFlagsFromString('--expose-gc')
    const collect = vm.runInNewContext('gc') as () => void
    for (let k = 0; k < 3; k++) {
      collect()
      await new Promise((done) => setImmediate(done))
    }
    compareLogits((await sequence.feed([9], 'last')).logits, referenceLogits(llama, [...PROMPT, 9]).at(-1)!)
    await generator.close()
  })

  it('says the version of the library, and what it does not open', async () => {
    const generator = await open(llama, {})
    expect(generator.versions.onnxruntime).toMatch(/^1\.\d+\.\d+/)
    await generator.close()
    expect(ortHeld.opens({ kind: 'gguf' })).toBe('ONNX Runtime does not read GGUF')
    expect(await ortHeld.missing(plainOptions, folder)).toBeNull()
    await expect(open(llama, { cache: 'none' })).rejects.toThrow(/it has no cache: everything is computed again for each token/)
    const broken = path.join(folder, 'broken.onnx')
    fs.writeFileSync(broken, 'no model')
    await expect(openHeld(broken, plainOptions)).rejects.toThrow(/broken\.onnx/)
  })

  it('takes the packages of the folder that is named', async () => {
    const file = writeDecoder(path.join(folder, `${files++}.onnx`), llama, {})
    await expect(openHeld(file, plainOptions, { packageFrom: folder })).rejects.toThrow(/onnxruntime-node is not installed/)
    const generator = await openHeld(file, plainOptions, { packageFrom: import.meta.dirname })
    await generator.close()
  })

  it('closes what was started with it, and is closed once', async () => {
    const generator = await open(llama, {})
    const [left, closed] = [generator.start!(), generator.start!()]
    await left.feed(PROMPT, 'none')
    closed.close()
    await generator.close()
    await generator.close()
    for (const sequence of [left, closed]) await expect(sequence.feed([1], 'last')).rejects.toThrow('the sequence is closed')
    left.close()
  })

  it('refuses more tokens than the context holds, before anything runs', async () => {
    const generator = await open(long, { attention: 'fused', cache: 'fixed' })
    expect(generator.context).toBe(1024)
    const sequence = generator.start!()
    await expect(sequence.feed(new Array(1025).fill(1), 'last')).rejects.toThrow(
      /1025 tokens are more than the 1024 that the model's context holds/,
    )
    await generator.close()
  })
})
