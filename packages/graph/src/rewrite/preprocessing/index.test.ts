import type * as Ort from 'onnxruntime-node'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo, writeModel } from '../../build.ts'
import { InputError } from '../../input-error.ts'
import type { Model } from '../../model.ts'
import { mulberry32 } from '../../random.ts'
import type { Dimension } from '../../types.ts'
import { type PreprocessingRequest, parsePreprocessing, preprocessInCode, withPreprocessing } from './index.ts'

const MEAN = [0.485, 0.456, 0.406]
const STD = [0.229, 0.224, 0.225]
const normalize = { mean: MEAN, std: STD, scale: 1 / 255 }

/** A model that gives back its picture, so that what reaches it can be seen. */
function echo(shape: readonly Dimension[] | undefined, more: Partial<ModelParts> = {}): Model {
  const value = (name: string) => valueInfo(name, 'float32', shape)
  return modelInMemory(model({ nodes: [node('Identity', ['x'], ['y'])], inputs: [value('x')], outputs: [value('y')], ...more }))
}

function bytes(count: number): Uint8Array {
  const random = mulberry32(7)
  return Uint8Array.from({ length: count }, () => Math.floor(256 * random()))
}

async function run({ proto }: Model, feeds: Record<string, Ort.Tensor>): Promise<Ort.Tensor> {
  const session = await InferenceSession.create(writeModel(proto), { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const results = await session.run(feeds)
  await session.release()
  return results.y!
}

/** The loop that users write: bytes NHWC of size x size resized (bilinear, half-pixel centres), over 255, normalized, NCHW. */
function byHand(picture: Uint8Array, [h, w]: [number, number], [toH, toW]: [number, number]): number[] {
  const result: number[] = []
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value))
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < toH; y++) {
      for (let x = 0; x < toW; x++) {
        const sy = clamp(((y + 0.5) * h) / toH - 0.5, h - 1)
        const sx = clamp(((x + 0.5) * w) / toW - 0.5, w - 1)
        const at = (row: number, column: number) => picture[(Math.min(row, h - 1) * w + Math.min(column, w - 1)) * 3 + c]!
        const [top, left] = [Math.floor(sy), Math.floor(sx)]
        const upper = at(top, left) * (1 - sx + left) + at(top, left + 1) * (sx - left)
        const lower = at(top + 1, left) * (1 - sx + left) + at(top + 1, left + 1) * (sx - left)
        const value = upper * (1 - sy + top) + lower * (sy - top)
        result.push((value / 255 - MEAN[c]!) / STD[c]!)
      }
    }
  }
  return result
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, within = 1e-5) {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  for (let k = 0; k < expected.length; k++) worst = Math.max(worst, Math.abs(actual[k]! - expected[k]!))
  expect(worst).toBeLessThan(within)
}

describe('withPreprocessing', () => {
  it.each([7, 9, 13, 17, 21])('takes bytes with channels last and normalizes them (opset %i)', async (opset) => {
    const picture = bytes(4 * 5 * 3)
    const made = withPreprocessing(echo([1, 3, 4, 5], { opset }), { normalize, layout: 'nhwc', dtype: 'uint8' })
    expect(made.input).toEqual({ name: 'x', dtype: 'uint8', shape: [1, 4, 5, 3] })
    const result = await run(made.model, { x: new Tensor('uint8', picture, [1, 4, 5, 3]) })
    expect(result.dims).toEqual([1, 3, 4, 5])
    expectClose(result.data as Float32Array, byHand(picture, [4, 5], [4, 5]))
    // One Mul and one Add, whatever the number of steps.
    expect(made.model.proto.graph!.node.map(({ opType }) => opType)).toEqual([
      'Cast',
      'Transpose',
      'Constant',
      'Mul',
      'Constant',
      'Add',
      'Identity',
    ])
  })

  it.each([
    ['down', 11, [9, 14]],
    ['down', 13, [9, 14]],
    ['up', 17, [3, 2]],
    ['down', 18, [9, 14]],
    ['up', 19, [3, 2]],
  ] as const)('resizes pictures of any size %s (opset %i)', async (_, opset, [h, w]) => {
    const picture = bytes(h * w * 3)
    for (const batch of [1, 'batch'] as const) {
      const made = withPreprocessing(echo([batch, 3, 4, 5], { opset }), {
        normalize,
        layout: 'nhwc',
        dtype: 'uint8',
        resize: 'free',
      })
      expect(made.input.shape).toEqual([batch, 'picture_height', 'picture_width', 3])
      const result = await run(made.model, { x: new Tensor('uint8', picture, [1, h, w, 3]) })
      expectClose(result.data as Float32Array, byHand(picture, [h, w], [4, 5]))
    }
  })

  it('resizes each picture of a batch by itself', async () => {
    const picture = bytes(2 * 6 * 7 * 3)
    const request = { normalize, layout: 'nhwc', dtype: 'uint8', resize: { height: 6, width: 7 } } as const
    const made = withPreprocessing(echo(['batch', 3, 4, 5]), request)
    expect(made.input.shape).toEqual(['batch', 6, 7, 3])
    const result = await run(made.model, { x: new Tensor('uint8', picture, [2, 6, 7, 3]) })
    const each = [0, 1].flatMap((n) => byHand(picture.subarray(n * 126, (n + 1) * 126), [6, 7], [4, 5]))
    expectClose(result.data as Float32Array, each)
  })

  it('takes HxW as the size to resize to where it is the model’s own, or where the model leaves it free', () => {
    const target = { height: 4, width: 5 }
    const free = ['n', 3, 'h', 'w']
    for (const shape of [[1, 3, 4, 5], free]) {
      const { input, steps } = withPreprocessing(echo(shape), { resize: target })
      expect(input.shape).toEqual([shape[0], 3, 'picture_height', 'picture_width'])
      expect(steps.resizeTo).toEqual(target)
    }
    expect(() => withPreprocessing(echo(free), { resize: 'free' })).toThrow(/size to resize to is not known/)
    expect(() => withPreprocessing(echo([1, 3, 8, 'w']), { resize: target })).toThrow(InputError)
    // A symbol that the model has means another size.
    const taken = withPreprocessing(echo(['picture_height', 3, 4, 5]), { resize: 'free' })
    expect(taken.input.shape).toEqual(['picture_height', 3, 'picture_height_1', 'picture_width'])
  })

  it('keeps a model with channels last as it is, and float pictures as they come', async () => {
    const made = withPreprocessing(echo([1, 4, 5, 3]), {
      normalize: { mean: MEAN, std: STD, scale: 1 },
      resize: { height: 6, width: 7 },
    })
    expect(made.input).toEqual({ name: 'x', dtype: 'float32', shape: [1, 6, 7, 3] })
    expect(made.model.proto.graph!.node.some(({ opType }) => opType === 'Transpose' || opType === 'Cast')).toBe(false)
    const picture = bytes(6 * 7 * 3)
    const floats = Float32Array.from(picture, (byte) => byte / 255)
    const result = await run(made.model, { x: new Tensor('float32', floats, [1, 6, 7, 3]) })
    // Channels first, as the loop gives them, from channels last.
    const first = Array.from({ length: 60 }, (_, k) => (result.data as Float32Array)[(k % 20) * 3 + Math.floor(k / 20)]!)
    expectClose(first, byHand(picture, [6, 7], [4, 5]))
  })

  it('gives a float16 model float16', async () => {
    const parts = {
      nodes: [node('Cast', ['x'], ['y'], { to: 1 })],
      inputs: [valueInfo('x', 'float16', [1, 3, 2, 2])],
      outputs: [valueInfo('y', 'float32', [1, 3, 2, 2])],
    }
    const made = withPreprocessing(modelInMemory(model(parts)), { normalize, layout: 'nhwc', dtype: 'uint8' })
    const picture = bytes(12)
    const result = await run(made.model, { x: new Tensor('uint8', picture, [1, 2, 2, 3]) })
    // float16 has 11 bits: numbers up to 2.64 are off by at most 2^-10.
    expectClose(result.data as Float32Array, byHand(picture, [2, 2], [2, 2]), 1.01 * 2 ** -10)
  })

  it('feeds every reader, in subgraphs too, and changes nothing it was given', async () => {
    const branch = (opType: string) => ({
      nodes: [node(opType, ['x'], [`${opType}_out`])],
      outputs: [valueInfo(`${opType}_out`, 'float32', [1, 1, 1, 2])],
    })
    const { graph } = await import('../../build.ts')
    const original = echo([1, 1, 1, 2], {
      nodes: [
        node('Shape', ['x'], ['shape']),
        node('Equal', ['shape', 'expected'], ['each']),
        node('Cast', ['each'], ['whole'], { to: 6 }),
        node('ReduceMin', ['whole'], ['least'], { keepdims: 0 }),
        node('Cast', ['least'], ['is'], { to: 9 }),
        node('If', ['is'], ['y'], { then_branch: graph(branch('Neg')), else_branch: graph(branch('Abs')) }),
      ],
      initializers: [int64Tensor('expected', [4], [1, 1, 1, 2])],
    })
    const before = writeModel(original.proto)
    const made = withPreprocessing(original, { dtype: 'uint8', layout: 'nhwc' })
    const result = await run(made.model, { x: new Tensor('uint8', Uint8Array.of(3, 200), [1, 1, 2, 1]) })
    expect(Array.from(result.data as Float32Array)).toEqual([-3, -200])
    expect(writeModel(original.proto)).toEqual(before)
    expect(made.changes.at(-1)).toMatch(/bytes reach the model as 0\.\.255/)
  })

  it('works where initializers are listed as inputs, as before IR 4', async () => {
    const original = echo([1, 1, 1, 2], {
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 1, 1, 2]), valueInfo('w', 'float32', [1, 1, 1, 2])],
      initializers: [floatTensor('w', [1, 1, 1, 2], [1, 2])],
      irVersion: 3,
      opset: 9,
    })
    const made = withPreprocessing(original, { dtype: 'uint8', normalize: { mean: [10], std: [2], scale: 1 } })
    const result = await run(made.model, { x: new Tensor('uint8', Uint8Array.of(10, 20), [1, 1, 1, 2]) })
    // (10 - 10) / 2 + 1 and (20 - 10) / 2 + 2
    expect(Array.from(result.data as Float32Array)).toEqual([1, 7])
    expect(made.model.proto.graph!.initializer).toHaveLength(1)
  })

  it('says what it did', () => {
    const request = { normalize, layout: 'nhwc', dtype: 'uint8', resize: { height: 480, width: 640 } } as const
    expect(withPreprocessing(echo([1, 3, 224, 224]), request).changes).toEqual([
      "'x' takes uint8 [1,480,640,3], channels last, where it took float32 [1,3,224,224]",
      'images are resized to 224x224 in the model (bilinear, half-pixel centres)',
      '(x / 255 - mean) / std is computed in the model, mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225, in units of 0..1',
    ])
  })

  it.each<[string, Model, PreprocessingRequest, RegExp]>([
    ['no picture', echo([1, 3]), { dtype: 'uint8' }, /no input takes an image.*'x' \(float32 \[1,3\]\)/],
    ['any rank', echo(undefined), { input: 'x', dtype: 'uint8' }, /'x' is float32 of any shape, not an image/],
    ['an unknown name', echo([1, 3, 4, 5]), { input: 'img', dtype: 'uint8' }, /no input 'img'; it has 'x'/],
    ['other channels', echo([1, 1, 4, 5]), { normalize }, /'x' has 1 channels, --image-normalize is for 3/],
    ['unknown channels', echo([1, 'c', 4, 5]), { normalize }, /'x' has an unknown number of channels/],
    ['nothing to do', echo([1, 3, 4, 5]), {}, /already has that form/],
    [
      'an old opset',
      echo([1, 3, 4, 5], { opset: 10 }),
      { resize: 'free' },
      /Resizing in front of 'x' needs opset 11, the model has 10/,
    ],
    ['no antialias', echo([1, 3, 4, 5]), { resize: 'free', antialias: true }, /needs opset 18, the model has 17/],
    [
      'two pictures',
      echo([1, 3, 4, 5], {
        nodes: [node('Add', ['a', 'b'], ['y'])],
        inputs: ['a', 'b'].map((name) => valueInfo(name, 'float32', [1, 3, 4, 5])),
      }),
      { dtype: 'uint8' },
      /more than one input.*'a'.*'b'.*name one/,
    ],
    [
      'bytes already',
      echo([1, 3, 4, 5], { nodes: [node('Cast', ['x'], ['y'], { to: 1 })], inputs: [valueInfo('x', 'uint8', [1, 3, 4, 5])] }),
      { dtype: 'uint8' },
      /'x' takes bytes already/,
    ],
    [
      'an input that is an output',
      echo([1, 3, 4, 5], { outputs: [valueInfo('x', 'float32', [1, 3, 4, 5]), valueInfo('y', 'float32', [1, 3, 4, 5])] }),
      { dtype: 'uint8' },
      /is an output too/,
    ],
  ])('refuses %s in one line', (_, original, request, message) => {
    expect(() => withPreprocessing(original, request)).toThrow(InputError)
    expect(() => withPreprocessing(original, request)).toThrow(message)
  })
})

describe('preprocessInCode', () => {
  it('is the loop', () => {
    const picture = bytes(9 * 14 * 3)
    const { steps } = withPreprocessing(echo([1, 3, 4, 5]), { normalize, layout: 'nhwc', dtype: 'uint8', resize: 'free' })
    const made = preprocessInCode({ shape: [1, 9, 14, 3], data: picture }, steps)
    expect(made.shape).toEqual([1, 3, 4, 5])
    expectClose(made.data, byHand(picture, [9, 14], [4, 5]))
  })

  it.each([
    [[9, 14], [1, 3, 4, 5], 'nhwc'],
    [[3, 7], [1, 3, 4, 5], 'nhwc'],
    [[16, 16], [1, 3, 4, 5], undefined],
    [[9, 14], [1, 4, 5, 3], undefined],
  ] as const)('is what the engine computes with antialias: %j to %j', async ([h, w], shape, layout) => {
    const request = { normalize, dtype: 'uint8', resize: 'free', antialias: true, ...(layout ? { layout } : {}) } as const
    const made = withPreprocessing(echo(shape, { opset: 18 }), request)
    const given = made.steps.from === 'nhwc' ? [1, h, w, 3] : [1, 3, h, w]
    const picture = bytes(h * w * 3)
    const result = await run(made.model, { x: new Tensor('uint8', picture, given) })
    const expected = preprocessInCode({ shape: given, data: picture }, made.steps)
    expect(result.dims).toEqual(expected.shape)
    expectClose(result.data as Float32Array, expected.data)
  })
})

describe('parsePreprocessing', () => {
  it('reads means and deviations in the units they are in', () => {
    const of = (text: string, dtype?: string) => parsePreprocessing({ normalize: text, dtype })!.normalize
    expect(of('0.485,0.456,0.406,0.229,0.224,0.225', 'uint8')).toEqual(normalize)
    expect(of('imagenet', 'uint8')).toEqual(normalize)
    expect(of('0.5,0.5', 'uint8')).toEqual({ mean: [0.5], std: [0.5], scale: 1 / 255 })
    // Above 1.5 they are in units of 0..255, also where only the means tell.
    expect(of('127.5,127.5', 'uint8')).toEqual({ mean: [127.5], std: [127.5], scale: 1 })
    expect(of('104,117,123,1,1,1', 'uint8')).toEqual({ mean: [104, 117, 123], std: [1, 1, 1], scale: 1 })
    // Floats are taken in whatever units they come.
    expect(of('0.5,0.5')).toEqual({ mean: [0.5], std: [0.5], scale: 1 })
  })

  it('reads the other flags', () => {
    expect(parsePreprocessing({})).toBeNull()
    expect(parsePreprocessing({ layout: 'nhwc', dtype: 'uint8', resize: '480x640', input: 'x' })).toEqual({
      input: 'x',
      layout: 'nhwc',
      dtype: 'uint8',
      resize: { height: 480, width: 640 },
    })
    expect(parsePreprocessing({ resize: 'free,antialias' })).toEqual({ resize: 'free', antialias: true })
  })

  it.each([
    [{ normalize: '0.5' }, /--image-normalize 0\.5: give the mean of each channel/],
    [{ normalize: '0.5,' }, /--image-normalize/],
    [{ normalize: '0.5,0' }, /deviations are 0; each must be above 0/],
    [{ normalize: 'vgg,1' }, /--image-normalize/],
    [{ layout: 'nchw' }, /--image-layout nchw/],
    [{ dtype: 'int8' }, /--image-dtype int8/],
    [{ resize: '224' }, /--image-size 224: give height and width/],
    [{ resize: '0x5' }, /--image-size/],
    [{ resize: '5x5x5' }, /--image-size/],
  ])('refuses %j', (flags, message) => {
    expect(() => parsePreprocessing(flags)).toThrow(InputError)
    expect(() => parsePreprocessing(flags)).toThrow(message)
  })
})
