import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { customDomains } from '@whyslow/graph/support/custom-domains.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { withWeightStatistics } from '@whyslow/graph/weight-statistics.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { MODEL_FORMATS } from './identify.ts'
import { READERS, readModel } from './index.ts'

const models = fileURLToPath(new URL('../../../fixtures/models/', import.meta.url))
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-formats-'))
afterAll(() => fs.rmSync(temporary, { recursive: true }))

const refused: Readonly<Record<string, RegExp>> = {
  'cyclic.onnx': /cyclic.onnx: Nodes read one another in a ring: .*'add' \(Add\)/,
  'duplicate-names.onnx': /Value 'same' is made twice, by node 'relu' \(Relu\) and by node 'neg' \(Neg\)/,
  'undefined-input.onnx': /Value 'nowhere', an input of node 'add' \(Add\), is made nowhere/,
  'truncated.onnx': /is cut off after \d+ bytes/,
  'external-data-missing.onnx': /Tensor 'w1' is in 'not-there.bin', which is not in the folder of/,
  'external-data-outside.onnx': /Tensor 'w1' is in '..\/make-fixtures.mjs', a path that leaves its folder/,
}

async function failure(file: string): Promise<string> {
  const error = await readModel(file).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InputError)
  const { message } = error as InputError
  expect(message).not.toMatch(/\n/)
  return message
}

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(temporary, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, content)
  return file
}

describe('the fixtures', () => {
  const names = fs.readdirSync(models).filter((name) => name.endsWith('.onnx'))

  test.each(names.filter((name) => !(name in refused)))('%s is read whole', async (name) => {
    const file = path.join(models, name)
    const model = await readModel(file)
    const view = withWeightStatistics(model, viewGraph(model))
    expect(view.nodes.length).toBeGreaterThan(0)
    expect(view.outputs.length).toBeGreaterThan(0)
    for (const constant of constantsOf(model)) expect(readBytes(model, constant).byteLength).toBe(constant.sizeBytes)
    expect(model.source.sha256).toBe(createHash('sha256').update(fs.readFileSync(file)).digest('hex'))
  })

  test.each(Object.entries(refused))('%s is refused', async (name, message) => {
    expect(await failure(path.join(models, name))).toMatch(message)
  })

  test('what they are known for', async () => {
    const read = async (name: string) => {
      const model = await readModel(path.join(models, name))
      return { model, view: viewGraph(model), facts: modelFacts(model) }
    }
    // 16 x 32 + 32 + 32 x 4 + 4
    const perceptron = 676
    for (const name of ['symbolic-batch.onnx', 'constant-node-weights.onnx', 'external-data.onnx']) {
      expect((await read(name)).facts).toMatchObject({ parameters: perceptron, weightsBytes: 4 * perceptron, nodes: 3 })
    }
    const listed = await read('initializers-as-inputs.onnx')
    expect(listed.view.inputs.map(({ name }) => name)).toEqual(['image'])
    expect(Object.values(listed.view.constants).every(({ isGraphInput }) => isGraphInput)).toBe(true)
    expect((await read('zipmap.onnx')).view.outputs.map(({ kind }) => kind)).toEqual(['tensor', 'sequence'])
    expect((await read('int4-output.onnx')).view.outputs[0]!.dtype).toBe('int4')
    expect((await read('huge-input.onnx')).view.inputs[0]!.shape).toEqual([1e6, 1e6])
    expect(customDomains((await read('custom-domain.onnx')).model.proto)).toEqual(['com.example'])
    expect(Object.keys((await read('if-subgraph.onnx')).view.nodes.at(-1)!.subgraphs)).toEqual(['then_branch', 'else_branch'])
    const trees = (await read('credit_xgb.onnx')).view.nodes[0]!
    expect(trees.attributes.nodes_featureids).toHaveLength((trees.attributes.nodes_values as number[]).length)
  })
})

describe('what is no model', () => {
  test.each([
    ['empty.onnx', '', /is empty; download or copy it again/],
    ['text.onnx', 'not a model\n', /is a text file in spite of its name/],
    ['pointer.onnx', 'version https://git-lfs.github.com/spec/v1\n', /Git LFS pointer.*git lfs pull/],
    ['model.ort', '\x1c\0\0\0ORTM\0\0', /is an ONNX Runtime \(\.ort\) model; give the \.onnx file/],
    ['model.tflite', '\x1c\0\0\0TFL3\0\0', /is damaged or cut off: root/],
    ['model.json', '{"learner":{}}', /learner_model_param is missing; the file is damaged/],
  ])('%s', async (name, content, message) => {
    expect(await failure(write(name, content))).toMatch(message)
  })

  test('random bytes, with and without the name of a model', async () => {
    const random = mulberry32(1)
    const next = () => Math.floor(256 * random())
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: 1 + (i % 100) * 7 }, next)
      await failure(write(i % 2 ? 'random.onnx' : 'random', bytes))
    }
  })

  test('missing, impossible and special paths', async () => {
    expect(await failure(path.join(temporary, 'nowhere.onnx'))).toMatch(/does not exist; check the path/)
    expect(await failure(path.join(write('file', 'x'), 'below.onnx'))).toMatch(/does not exist/)
    expect(await failure('with\0zero')).toMatch(/not a valid path/)
    if (process.platform !== 'win32') expect(await failure('/dev/null')).toMatch(/not a regular file/)
  })

  test('a directory, with what is in it', async () => {
    expect(await failure(temporary)).toMatch(/is a directory/)
    write('hub/onnx/model.onnx', 'x')
    write('hub/onnx/model_quantized.onnx', 'x')
    expect(await failure(path.join(temporary, 'hub'))).toMatch(
      /name the model in it: .*hub\/onnx\/model.onnx, .*model_quantized.onnx$/,
    )
    write('saved/saved_model.pb', 'x')
    expect(await failure(path.join(temporary, 'saved'))).toMatch(/is a TensorFlow SavedModel; convert it/)
    fs.mkdirSync(path.join(temporary, 'bare'))
    expect(await failure(path.join(temporary, 'bare'))).toMatch(/is a directory without a model that is read/)
  })
})

test('what is called a model is what a reader reads', () => {
  expect([...MODEL_FORMATS].sort()).toEqual(Object.keys(READERS).sort())
})
