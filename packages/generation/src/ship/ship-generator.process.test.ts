// The folder as its user runs it: in a process of its own, with the engine installed next to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { referenceGreedy } from '../../test/support/decoder/reference.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { installIn, runBeside, shipPlanFor } from '../../test/support/example-ship-plan.ts'
import { shipGenerator } from './ship-generator.ts'

// biome-ignore lint/suspicious/noExplicitAny: what programs print, which each test looks into
type Json = any
const llama = decoderWeights()
const PROMPT = [3, 17, 42, 5, 60]

async function shipped(changes: Partial<Awaited<ReturnType<typeof shipPlanFor>>> = {}): Promise<string> {
  const plan = { ...(await shipPlanFor(llama)), ...changes }
  await shipGenerator(plan)
  installIn(plan.out)
  return plan.out
}

test('gives the tokens of the reference, the text of its tokenizer, and the cache of the call before', async () => {
  const folder = await shipped()
  const found = runBeside(
    folder,
    `import { load } from './fast/generate.mjs'
const generator = await load()
const ids = []
for await (const { id } of generator.generate(${JSON.stringify(PROMPT)}, { maxNewTokens: 24 })) ids.push(id)
const again = await generator.complete(${JSON.stringify(PROMPT)}, { maxNewTokens: 4 })
const text = await generator.complete('the rain', { maxNewTokens: 6 })
const left = []
for await (const { id } of generator.generate('the', { maxNewTokens: 50 })) { left.push(id); if (left.length === 2) break }
const after = await generator.complete(${JSON.stringify(PROMPT)}, { maxNewTokens: 4 })
await generator.close()
print({ ids, again, decoded: generator.decode(ids).length > 0, text: text.text.length, prompt: generator.encode('the rain').length, promptTokens: text.promptTokens, after, context: generator.context })`,
  ) as Record<string, Json>
  // The end of the text is token 0, which ends it.
  const expected = referenceGreedy(llama, PROMPT, 24)
  const end = expected.indexOf(0)
  expect(found.ids).toEqual(end < 0 ? expected : expected.slice(0, end))
  expect(found.again).toMatchObject({ cachedTokens: PROMPT.length - 1 })
  expect(found.promptTokens).toBe(found.prompt)
  expect(found.after.cachedTokens).toBe(0)
  expect(found.context).toBe(128)
})

test('with the cache in the memory of the engine: the tokens of the reference', async () => {
  const plan = await shipPlanFor(llama)
  const koffi = JSON.parse(fs.readFileSync('node_modules/koffi/package.json', 'utf8')).version
  const folder = await shipped({
    setup: { ...plan.setup, engine: 'ort-held' },
    packages: { ...plan.packages, koffi },
    out: plan.out,
    original: plan.original,
    files: plan.files,
  })
  // The program around it has packages of its own, which are not run.
  for (const name of ['onnxruntime-node', 'koffi']) {
    const other = path.join(path.dirname(folder), 'node_modules', name)
    fs.mkdirSync(other, { recursive: true })
    fs.writeFileSync(path.join(other, 'package.json'), JSON.stringify({ name, version: '0.0.1', main: 'index.js' }))
    fs.writeFileSync(path.join(other, 'index.js'), "throw new Error('not the folder's own')")
  }
  const around = { dependencies: { 'onnxruntime-node': '*', koffi: '*' } }
  fs.writeFileSync(path.join(path.dirname(folder), 'package.json'), JSON.stringify(around))
  const ids = runBeside(
    folder,
    `import { load } from './fast/generate.mjs'
const generator = await load()
const ids = []
for await (const { id } of generator.generate(${JSON.stringify(PROMPT)}, { maxNewTokens: 24 })) ids.push(id)
await generator.close()
print(ids)`,
  )
  const expected = referenceGreedy(llama, PROMPT, 24)
  const end = expected.indexOf(0)
  expect(ids).toEqual(end < 0 ? expected : expected.slice(0, end))
})

test('serves completions, and ends by a signal', async () => {
  const folder = await shipped()
  const server = spawn(process.execPath, ['server.mjs', '--port', '0', '--name', 'tiny'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  try {
    const [line] = await once(server.stderr!, 'data')
    const url = /http:\/\/[^"]+/.exec(String(line))![0]
    const post = (body: object) => fetch(`${url}/completions`, { method: 'POST', body: JSON.stringify(body) })
    const asked = { prompt: PROMPT, max_tokens: 5, temperature: 0 }
    const whole = (await (await post(asked)).json()) as Json
    expect(whole).toMatchObject({ model: 'tiny', usage: { prompt_tokens: 5 } })
    const streamed = await (await post({ ...asked, stream: true })).text()
    expect(streamed.trim().split('\n\n').at(-1)).toBe('data: [DONE]')
    const chat = await fetch(`${url}/chat/completions`, { method: 'POST', body: '{"messages":[{"role":"user","content":"a"}]}' })
    expect([chat.status, await chat.json()]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('no chat template') } },
    ])
    // What generate.mjs throws is of another bundle.
    const long = await post({ ...asked, prompt: new Array(200).fill(5), stream: true })
    expect([long.status, await long.json()]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('the prompt has 200 tokens'), code: 'context_length_exceeded' } },
    ])
    server.kill('SIGTERM')
    const [code] = await once(server, 'exit')
    expect(code).toBe(0)
  } finally {
    server.kill('SIGKILL')
  }
})

test.each([
  [['--port', 'x'], /--port x: give a whole number from 0/],
  [['--nope'], /node server\.mjs --help lists the options/],
])('server.mjs %j is one line', async (words, message) => {
  const folder = await shipped()
  const server = spawn(process.execPath, ['server.mjs', ...words], { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] })
  let said = ''
  server.stderr!.on('data', (text) => {
    said += text
  })
  const [code] = await once(server, 'close')
  expect(code).toBe(2)
  expect(said).toMatch(message)
  expect(said.trim().split('\n')).toHaveLength(1)
})

test('server.mjs with a model that cannot be opened is one line', async () => {
  const folder = await shipped()
  fs.writeFileSync(path.join(folder, 'model.onnx'), 'no model')
  const server = spawn(process.execPath, ['server.mjs', '--port', '0'], { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] })
  let said = ''
  server.stderr!.on('data', (text) => {
    said += text
  })
  const [code] = await once(server, 'close')
  expect({ code, said }).toMatchObject({ code: 2, said: expect.stringMatching(/^ONNX Runtime does not open .*model\.onnx.*\n$/) })
})
