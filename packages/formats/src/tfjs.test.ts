import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { fullOr } from '../../../test/only-full.ts'
import { checkFormat } from '../test/support/check-format.ts'
import { checkOutputs, filesWithOutputs } from '../test/support/check-outputs.ts'
import { readModel } from './index.ts'
import { readTfjs } from './tfjs.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/formats/tfjs')
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-tfjs-'))
afterAll(() => fs.rmSync(temporary, { recursive: true }))

checkOutputs(
  'TensorFlow.js',
  readTfjs,
  filesWithOutputs(FOLDER).map((file) => ({ file, tolerance: 1e-5 })),
)

const copies = 'shapes and axes are constants of their own'
checkFormat(readTfjs, {
  format: 'tfjs',
  reads: [
    {
      file: '../formats/tfjs/shards.json',
      inputs: { x: 'float32 batchx4' },
      outputs: { y: 'float32 batchx8' },
      operators: ['MatMul', 'Add'],
      copies,
    },
    {
      file: '../formats/tfjs/layers-perceptron.json',
      inputs: { first_input: 'float32 batchx4' },
      outputs: { dense_Dense2: 'float32 batchx3' },
      operators: ['Gemm', 'HardSigmoid', 'Gemm', 'Selu', 'Gemm', 'Softmax'],
      copies,
    },
  ],
  refuses: [],
})

type Change = (model: Record<string, never> & ModelJson) => unknown
interface ModelJson {
  modelTopology: { node: { name: string; op: string; input?: string[]; attr?: Record<string, unknown> }[] } & Record<
    string,
    unknown
  >
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[]
  signature?: unknown
}

/** The fixture in a folder of its own, changed. */
function changed(name: string, change: Change): string {
  const folder = fs.mkdtempSync(path.join(temporary, 'model-'))
  const json = JSON.parse(fs.readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'))
  for (const group of json.weightsManifest as ModelJson['weightsManifest'])
    for (const file of group.paths) fs.copyFileSync(path.join(FOLDER, file), path.join(folder, file))
  const result = change(json)
  const file = path.join(folder, 'model.json')
  fs.writeFileSync(file, typeof result === 'string' ? result : JSON.stringify(json))
  return file
}

async function failure(file: string): Promise<string> {
  const error = await readTfjs(file).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(InputError)
  expect((error as InputError).message).not.toMatch(/\n/)
  return (error as InputError).message
}

describe('weights', () => {
  const paths =
    (...names: string[]): Change =>
    (model) => {
      model.weightsManifest[0]!.paths = names
    }

  test.each([
    ['/etc/passwd', /in '\/etc\/passwd', an absolute path/],
    ['../shards-1of3.bin', /a path that leaves its folder/],
    ['sub/../../x.bin', /a path that leaves its folder/],
    ['https://example.com/x.bin', /is not a path in its folder/],
    ['data:text/plain,x', /is not a path in its folder/],
    ['sub\\x.bin', /is not a path in its folder/],
    ['C:\\x.bin', /is not a path in its folder/],
    ['nowhere.bin', /is not in the folder of .*model\.json/],
    ['.', /is a link that leaves|, a link that leaves the folder/],
  ])('%s is refused', async (name, message) => {
    expect(await failure(changed('shards', paths(name)))).toMatch(message)
  })

  test('a link out of the folder is refused', async () => {
    const file = changed('shards', paths('link.bin'))
    fs.symlinkSync(path.join(FOLDER, 'shards-1of3.bin'), path.join(path.dirname(file), 'link.bin'))
    expect(await failure(file)).toMatch(/a link that leaves the folder/)
  })

  test('too few and too many bytes are refused', async () => {
    const bytes = (add: number): string => {
      const file = changed('stored-uint8', () => undefined)
      const bin = path.join(path.dirname(file), 'stored-uint8.bin')
      fs.truncateSync(bin, fs.statSync(bin).size + add)
      return file
    }
    expect(await failure(bytes(-1))).toMatch(
      /lists weights of \d+ bytes, and 'stored-uint8\.bin' has \d+; download or copy them again/,
    )
    expect(await failure(bytes(1))).toMatch(/lists weights of \d+ bytes/)
  })

  test('files may be compressed, and no more comes of them than belongs to the tensors', async () => {
    const compressed = (content: (bytes: Buffer) => Buffer): string => {
      const file = changed('stored-uint8', () => undefined)
      const bin = path.join(path.dirname(file), 'stored-uint8.bin')
      fs.writeFileSync(bin, gzipSync(content(fs.readFileSync(bin))))
      return file
    }
    expect((await readTfjs(compressed((bytes) => bytes))).proto.graph!.node.length).toBeGreaterThan(0)
    expect(await failure(compressed(() => Buffer.alloc(1e6)))).toMatch(/lists weights of/)
  })

  const tensor =
    (change: Record<string, unknown>): Change =>
    (model) =>
      Object.assign(model.weightsManifest[0]!.weights[0]!, change)
  test.each([
    ['a shape of millions', tensor({ shape: [1e9, 1e9] }), /has a shape that is too large/],
    ['a shape that is larger than the files', tensor({ shape: [1e6] }), /lists weights of/],
    ['a negative size', tensor({ shape: [-1] }), /has no shape/],
    ['no shape', tensor({ shape: 'x' }), /has no shape/],
    ['an unknown type', tensor({ dtype: 'float8' }), /has the type "float8"/],
    ['an unknown quantization', tensor({ quantization: { dtype: 'int4' } }), /has a quantization that is not known/],
    [
      'a name twice',
      (model) => model.weightsManifest[0]!.weights.push(model.weightsManifest[0]!.weights[0]!),
      /lists weights of|twice/,
    ],
    ['no groups', (model) => Object.assign(model, { weightsManifest: {} }), /is not a list/],
    ['a group of nothing', (model) => Object.assign(model, { weightsManifest: [null] }), /without paths or weights/],
  ] as [string, Change, RegExp][])('%s', async (_, change, message) => {
    expect(await failure(changed('stored-uint8', change))).toMatch(message)
  })

  test('texts are read with their lengths', async () => {
    const texts = (bytes: Buffer): string => {
      const file = changed('stored-uint8', (model) => {
        model.weightsManifest[0]!.weights.push({ name: 'words', shape: [2], dtype: 'string' })
      })
      fs.appendFileSync(path.join(path.dirname(file), 'stored-uint8.bin'), bytes)
      return file
    }
    const word = (length: number, content: string) =>
      Buffer.concat([Buffer.from(Uint32Array.of(length).buffer), Buffer.from(content)])
    await readTfjs(texts(Buffer.concat([word(2, 'ab'), word(0, '')])))
    expect(await failure(texts(Buffer.concat([word(2, 'ab'), word(7, 'x')])))).toMatch(/the weights end within 'words'/)
    expect(await failure(texts(word(2 ** 31, 'ab and more')))).toMatch(/the weights end within 'words'/)
  })
})

describe('the file', () => {
  test.each([
    ['cut off', (model) => JSON.stringify(model).slice(0, -9), /truncated or damaged/],
    ['a list', () => '[]', /has no object/],
    ['no topology', (model) => Object.assign(model, { modelTopology: undefined }), /holds no modelTopology/],
    [
      'a topology of nothing',
      (model) => Object.assign(model, { modelTopology: {}, format: undefined }),
      /neither layers nor a graph/,
    ],
    [
      'nested without end',
      (model) => JSON.stringify(model).replace('"format"', `"x":${'['.repeat(5000)}${']'.repeat(5000)},"format"`),
      /levels deep/,
    ],
    [
      'a key of prototypes',
      (model) => JSON.stringify(model).replace('"format"', '"__proto__":{"node":[]},"format"'),
      /__proto__/,
    ],
    ['no nodes', (model) => Object.assign(model.modelTopology, { node: 1 }), /without nodes/],
    [
      'two nodes of one name',
      (model) => model.modelTopology.node.push(model.modelTopology.node[0]!),
      /not the only one of its name/,
    ],
    ['a node of nothing', (model) => model.modelTopology.node.push(null as never), /without a name or an operator/],
    [
      'an output that is not there',
      (model) => Object.assign(model, { signature: { outputs: { y: { name: 'nowhere:0' } } } }),
      /node 'nowhere', which is not in its graph/,
    ],
  ] as [string, Change, RegExp][])('%s', async (_, change, message) => {
    expect(await failure(changed('shards', change))).toMatch(message)
  })

  test('a folder that holds it is named with it', async () => {
    const file = changed('shards', () => undefined)
    await expect(readModel(path.dirname(file))).rejects.toThrow(/is a directory; name the model in it: .*model\.json/)
  })

  test('without a signature, placeholders and nodes that nothing reads are its ends', async () => {
    const view = viewGraph(
      await readTfjs(changed('shards', (model) => Object.assign(model, { signature: undefined, format: undefined }))),
    )
    expect(view.inputs.map(({ name }) => name)).toEqual(['x'])
    expect(view.outputs.map(({ name }) => name)).toEqual(['Identity'])
  })
})

describe('weights of layers', () => {
  const renamed =
    (rename: (name: string, index: number) => string): Change =>
    (model) => {
      for (const [k, weight] of model.weightsManifest.flatMap(({ weights }) => weights).entries())
        weight.name = rename(weight.name, k)
    }

  test.each([
    ['numbered, as Keras 3 has them', (name: string) => `model/${name.replace('kernel', '0').replace('bias', '1')}`],
    ['with the name of a cell in between', (name: string) => name.replace('/', '/cell/')],
    ['of other layers, in order', (name: string) => `other_${name}`],
  ])('names %s', async (_, rename) => {
    const [model, original] = await Promise.all([
      readTfjs(changed('layers-perceptron', renamed(rename))),
      readTfjs(path.join(FOLDER, 'layers-perceptron.json')),
    ])
    const bytes = ({ proto }: typeof model) => proto.graph!.initializer.map(({ rawData }) => Buffer.from(rawData).toString('hex'))
    expect(bytes(model)).toEqual(bytes(original))
  })

  test('that are not there are named with their layer', async () => {
    const message = await failure(
      changed(
        'layers-perceptron',
        renamed((_, k) => `w${k}`),
      ),
    )
    expect(message).toMatch(/layer 'first' \(Dense\) needs 2 arrays, and the file has none of its name/)
  })

  test('of another shape are refused with their layer', async () => {
    const file = changed('layers-perceptron', (model) => {
      const [kernel] = model.weightsManifest[0]!.weights
      kernel!.shape.reverse()
    })
    expect(await failure(file)).toMatch(/layer 'first' \(Dense\) needs 4x\? for its kernel, and the file has 5x4/)
  })
})

describe('nodes', () => {
  const last = (model: ModelJson) => model.modelTopology.node.find(({ op }) => op === '_FusedMatMul' || op === 'MatMul')!
  test.each([
    [
      'an operator that is not known',
      (model) => Object.assign(last(model), { op: 'StringSplit' }),
      /node '.*' \(StringSplit\) has an operator that is not supported/,
    ],
    ['a ring', (model) => Object.assign(last(model), { input: [last(model).name, last(model).name] }), /reads its own result/],
    [
      'an input that is not there',
      (model) => Object.assign(last(model), { input: ['nowhere', 'x'] }),
      /reads 'nowhere', which is not there/,
    ],
    ['too few inputs', (model) => Object.assign(last(model), { input: [] }), /has 0 inputs, too few/],
    ['inputs of no names', (model) => Object.assign(last(model), { input: [1] }), /has inputs that are not names/],
    [
      'an unknown fusion',
      (model) => Object.assign(last(model).attr!, { fused_ops: { list: { s: [Buffer.from('Mystery').toString('base64')] } } }),
      /is fused with Mystery/,
    ],
    ['a wrong attribute', (model) => Object.assign(last(model).attr!, { transpose_a: { b: 'yes' } }), /not true or false/],
    [
      'an input of unknown rank',
      (model) => {
        for (const node of model.modelTopology.node)
          if (node.op === 'Placeholder') node.attr!.shape = { shape: { unknownRank: true } }
        Object.assign(model, { signature: undefined })
      },
      /number of axes is not known/,
    ],
    [
      'a constant without weights',
      (model) => {
        model.weightsManifest[0]!.weights[0]!.name = 'other'
      },
      /is a constant that the weights do not have/,
    ],
  ] as [string, Change, RegExp][])('%s', async (_, change, message) => {
    expect(await failure(changed('shards', change))).toMatch(message)
  })

  test.each([
    ['Neg', /\(Neg\) computes with complex numbers, which is not read/],
    ['Identity', /gives complex numbers \(.*\), which ONNX has no operators for; give their magnitude/],
  ])('complex numbers in %s', async (op, message) => {
    const file = changed('spectra', (model) => {
      for (const node of model.modelTopology.node) if (node.op === 'ComplexAbs') node.op = op
    })
    expect(await failure(file)).toMatch(message)
  })

  test('bytes changed at random give a model or one line', async () => {
    const random = mulberry32(7)
    const outcomes = new Set<boolean>()
    for (const name of [
      'shards',
      'strided-slices',
      'loops-v2',
      'loops-v1',
      'conv2d',
      'gathering',
      'spectra',
      'layers-perceptron',
    ]) {
      const file = changed(name, () => undefined)
      const whole = fs.readFileSync(file)
      for (let run = 0; run < fullOr(40, 6); run++) {
        const copy = Buffer.from(whole)
        for (let k = 0; k < 1 + (run % 4); k++) copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 7)
        fs.writeFileSync(file, copy)
        const error = await readTfjs(file).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (error !== undefined) expect(error).toBeInstanceOf(InputError)
        outcomes.add(error === undefined)
      }
    }
    expect(outcomes.size).toBe(2)
  })

  test('numbers of attributes and inputs changed at random give a model or one line', async () => {
    const random = mulberry32(11)
    const values = [-1, 0, 1, 2, 7, 1e6, '-3', '9007199254740993', null, true, [], {}, 'x']
    for (const name of [
      'strided-slices',
      'shapes',
      'conv2d',
      'pooling',
      'loops-v1',
      'recurrent-v2',
      'crops',
      'resizing',
      'layers-convolutions',
    ]) {
      const text = fs.readFileSync(
        changed(name, () => undefined),
        'utf8',
      )
      const file = changed(name, () => undefined)
      for (let run = 0; run < fullOr(30, 3); run++) {
        const json = JSON.parse(text)
        for (let k = 0; k < 2; k++) mutate(json.modelTopology, random, values)
        fs.writeFileSync(file, JSON.stringify(json))
        const error = await readTfjs(file).catch((reason: unknown) => reason)
        if (error instanceof Error) expect(error).toBeInstanceOf(InputError)
      }
    }
  })
})

/** One value somewhere in `root`, replaced. */
function mutate(root: Record<string, unknown>, random: () => number, values: readonly unknown[]): void {
  let at: Record<string, unknown> = root
  for (;;) {
    const keys = Object.keys(at)
    const key = keys[Math.floor(random() * keys.length)]
    if (key === undefined) return
    const inner = at[key]
    if (typeof inner !== 'object' || inner === null || random() < 0.08) {
      at[key] = values[Math.floor(random() * values.length)]
      return
    }
    at = inner as Record<string, unknown>
  }
}
