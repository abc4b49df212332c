import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { type Disk, nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import { ts } from '../../../../test/typescript.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { shipPlanFor } from '../../test/support/example-ship-plan.ts'
import { shipGenerator } from './ship-generator.ts'

const llama = decoderWeights()

/** Every file's hash and size is as the manifest says, and nothing else is there. */
function expectComplete(folder: string) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'))
  for (const { path: name, sizeBytes, sha256 } of manifest.files) {
    const bytes = fs.readFileSync(path.join(folder, name))
    expect([name, bytes.byteLength, createHash('sha256').update(bytes).digest('hex')]).toEqual([name, sizeBytes, sha256])
  }
  const listed = manifest.files.map((file: { path: string }) => file.path)
  expect(fs.readdirSync(folder).sort()).toEqual([...listed, 'manifest.json'].sort())
  return manifest
}

test('the folder holds what the manifest says', async () => {
  const plan = await shipPlanFor(llama)
  await shipGenerator(plan)
  const manifest = expectComplete(plan.out)
  expect(fs.readdirSync(plan.out).sort()).toEqual(
    [
      ...['README.md', 'config.json', 'engine.mjs', 'generate.d.mts', 'generate.mjs', 'manifest.json', 'model.onnx'],
      ...['options.json', 'package.json', 'report.json', 'server.mjs', 'tokenizer.json', 'tokenizer_config.json'],
    ].sort(),
  )
  expect(manifest).toMatchObject({
    schema: 'whyslow-generator/1',
    model: 'model.onnx',
    engine: { id: 'ort-cpu', packages: plan.packages },
    provenance: { original: 'tiny model', changes: ['1 thread'] },
  })
  expect(JSON.parse(fs.readFileSync(path.join(plan.out, 'package.json'), 'utf8'))).toMatchObject({
    name: 'tiny-model-fast',
    dependencies: plan.packages,
    types: './generate.d.mts',
  })
  expect(JSON.parse(fs.readFileSync(path.join(plan.out, 'options.json'), 'utf8'))).toMatchObject({
    ...{ engine: 'ort-cpu', source: 'model.onnx', options: { threads: 1 }, loop: { lookup: { most: 7 } } },
  })
  expect(fs.readFileSync(path.join(plan.out, 'generate.mjs'), 'utf8')).toContain('Copyright (c) 2023 Hugging Face')
})

test('the page is short, and says the numbers and the licence', async () => {
  const plan = await shipPlanFor(llama)
  await shipGenerator(plan)
  const page = fs.readFileSync(path.join(plan.out, 'README.md'), 'utf8')
  expect(page.split('\n').length).toBeLessThan(70)
  expect(page).toContain('2.0 times as fast')
  expect(page).toContain('The model card says: apache-2.0')
  expect(page).toContain("generator.generate('The sky is blue because'")
})

test('the types are those that a program needs', async () => {
  const plan = await shipPlanFor(llama)
  await shipGenerator(plan)
  const program = path.join(path.dirname(plan.out), 'program.mts')
  fs.writeFileSync(
    program,
    `import { load } from './fast/generate.mjs'
const generator = await load()
const texts: string[] = []
for await (const { text, id } of generator.generate('a', { maxNewTokens: 3, temperature: 0.7, topK: 40, topP: 0.9, seed: 1, stop: 'x', signal: AbortSignal.timeout(9) })) texts.push(text + id.toFixed(0))
const { text, ended } = await generator.complete([{ role: 'user', content: 'a' }])
const word: 'length' | 'end' | 'stop' | 'aborted' = ended
// @ts-expect-error: there is no such option
generator.generate('a', { maxTokens: 3 })
console.log(texts, text, word, generator.context?.toFixed(0))
`,
  )
  // Types of a browser would take most of the time.
  const only = { lib: ['lib.es2022.d.ts'], types: [], skipDefaultLibCheck: true }
  const options = { module: ts.ModuleKind.NodeNext, strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, ...only }
  const found = ts.getPreEmitDiagnostics(ts.createProgram([program], options))
  const own = found.filter(({ file }) => file?.fileName === program || file?.fileName.endsWith('generate.d.mts'))
  // Without Node's types there is no console and no AbortSignal.
  const said = own.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  expect(said.filter((one) => !/console|AbortSignal/.test(one))).toEqual([])
})

describe('never half a folder', () => {
  class Stop extends Error {}

  /** A disk that does nothing any more from operation `at` on, as after SIGKILL; with a code that one alone fails. */
  function disturbed(at: number, code?: string): Disk & { count(): number } {
    let count = 0
    const wrapped = Object.entries(nodeDisk).map(([name, operation]) => [
      name,
      (...values: unknown[]) => {
        const now = count++
        if (code === undefined && now >= at && name === 'close') return nodeDisk.close(values[0] as number)
        if (code === undefined ? now >= at : now === at)
          throw code === undefined ? new Stop() : Object.assign(new Error(code), { code, syscall: name })
        return (operation as (...values: unknown[]) => unknown)(...values)
      },
    ])
    return { ...(Object.fromEntries(wrapped) as Disk), count: () => count }
  }

  test('killed before some operation: none or a complete one', async () => {
    const plan = await shipPlanFor(llama)
    const whole = disturbed(Number.POSITIVE_INFINITY)
    await shipGenerator(plan, whole)
    expect(whole.count()).toBeGreaterThan(40)
    fs.rmSync(plan.out, { recursive: true })
    for (let at = 0; at < whole.count(); at += 9) {
      await shipGenerator(plan, disturbed(at)).catch((error) => expect(error).toBeInstanceOf(Stop))
      if (fs.existsSync(plan.out)) expectComplete(plan.out)
      await shipGenerator(plan)
      expectComplete(plan.out)
      expect(fs.readdirSync(path.dirname(plan.out)).sort()).toEqual(['fast', 'tiny model'])
      fs.rmSync(plan.out, { recursive: true })
    }
  })

  test('a full disk is one line, and the folder that was there stays', async () => {
    const plan = await shipPlanFor(llama)
    await shipGenerator(plan)
    const before = fs.readFileSync(path.join(plan.out, 'manifest.json'), 'utf8')
    const said = await shipGenerator({ ...plan, createdAt: 'later' }, disturbed(25, 'ENOSPC')).catch((error) => error)
    expect(said).toBeInstanceOf(InputError)
    expect(said.message).toMatch(/cannot be written: the disk is full/)
    expect(fs.readFileSync(path.join(plan.out, 'manifest.json'), 'utf8')).toBe(before)
  })
})

describe('what is refused', () => {
  test("a folder that is somebody else's, unless forced; the model's own always", async () => {
    const plan = await shipPlanFor(llama)
    fs.mkdirSync(plan.out)
    fs.writeFileSync(path.join(plan.out, 'mine.txt'), '')
    await expect(shipGenerator(plan)).rejects.toThrow(/exists and was not written by whyslow/)
    await shipGenerator({ ...plan, force: true })
    expectComplete(plan.out)
    await expect(shipGenerator({ ...plan, out: plan.original, force: true })).rejects.toThrow(/is or holds the model/)
  })

  test.each(['latest', '1\nevil()', ''])('a version %j of a package', async (version) => {
    const plan = await shipPlanFor(llama)
    await expect(shipGenerator({ ...plan, packages: { 'onnxruntime-node': version } })).rejects.toThrow(/which is not one/)
    expect(fs.readdirSync(path.dirname(plan.out))).toEqual(['tiny model'])
  })
})
