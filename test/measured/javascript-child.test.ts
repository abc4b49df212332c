// The process that runs the user's JavaScript, pass by pass: what it takes a file for, and what its passes tell.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPass } from '@whyslow/code/driver.ts'
import { javascript } from '@whyslow/code/javascript/javascript.ts'
import type { Message, Pass } from '@whyslow/code/protocol.ts'
import { replaceJavascriptLoops } from '@whyslow/code/replace/javascript-loops.ts'
import { tryJavascriptTokenizers } from '@whyslow/code/replace/javascript-tokenizers.ts'
import { afterAll, describe, expect, test } from 'vitest'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'whyslow-child-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0

function fileOf(source: string, ending = 'mjs'): string {
  const file = join(folder, `app${files++}.${ending}`)
  writeFileSync(file, source)
  return file
}

async function pass(which: Pass, file: string, given: { readonly call?: string; readonly openEndMs?: number } = {}) {
  const command = await javascript.command(file, { python: null })
  const plan = {
    ...{ pass: which, file, call: null, data: null, arguments: ['--an-argument'] },
    ...{ budgetMs: 100, warmUpMs: 10, minCalls: 6, intervalUs: 1000, importTimes: false },
    ...given,
  }
  return runPass(command, plan, { limits: { stallMs: 10_000, timeMs: 60_000, memoryBytes: null }, folder })
}

const of = <K extends Message['kind']>(messages: readonly Message[], kind: K) =>
  messages.filter((message): message is Extract<Message, { kind: K }> => message.kind === kind)

const SAMPLES = 'export const samples = () => [1, 2]\n'

describe('what a file is', () => {
  test.each([
    [
      'a class',
      `export default class { load() { this.k = 3 } samples() { return [1] } predict(x) { if (this.k * x !== 3) throw new Error('no') } }`,
    ],
    [
      'an object, and samples beside it',
      `${SAMPLES}export const load = () => 4\nexport default { predict(model, x) { if (model !== 4 || !x) throw new Error('no') } }`,
    ],
    [
      'CommonJS whose names Node does not find',
      `const load = () => 7\nconst predict = (m, x) => [m * x]\nmodule.exports = { predict, postprocess: (y) => { if (y[0] !== 7) throw new Error('no') }, load, samples: () => [1] }`,
      'cjs',
    ],
  ])('%s', async (_, source, ending = 'mjs') => {
    const { failure, messages } = await pass('time', fileOf(source, ending))
    expect(failure).toBeNull()
    expect(of(messages, 'imported')[0]!.target.kind).toBe('stages')
  })

  test('what a module does where it is started is not done, what a script does is', async () => {
    const guard = `if (process.argv[1] === fileURLToPath(import.meta.url)) { console.log('started', process.argv[2]); process.exit(0) }`
    const imports = `import { fileURLToPath } from 'node:url'\n`
    const asModule = await pass('time', fileOf(`${imports}${SAMPLES}export const predict = (x) => x\n${guard}`))
    expect([asModule.failure, asModule.log.head]).toEqual([null, ''])
    expect(of(asModule.messages, 'block').length).toBeGreaterThan(0)
    const asScript = await pass('time', fileOf(`${imports}export const helper = 1\n${guard}`))
    expect([asScript.failure, asScript.log.head]).toEqual([null, 'started --an-argument\n'])
    const required = await pass('time', fileOf("if (require.main === module) console.log('started', process.argv[2])", 'cjs'))
    expect([required.failure, required.log.head]).toEqual([null, 'started --an-argument\n'])
  })

  test('a function by its name is given the model', async () => {
    const file = fileOf(
      `${SAMPLES}export const load = () => 2\nexport const score = (m, x) => { if (m !== 2 || !x) throw new Error('no') }`,
    )
    expect((await pass('time', file, { call: 'score' })).failure).toBeNull()
  })
})

test('a script is no import', async () => {
  const { messages } = await pass('time', fileOf('let s = 0\nfor (let i = 0; i < 1e6; i++) s += i\nconsole.log(s)'))
  expect(of(messages, 'imported')).toMatchObject([{ ms: 0, target: { kind: 'script' } }])
  expect(of(messages, 'script')[0]!.totalMs).toBeGreaterThan(0)
})

test('stages are looked at where they are timed, and nothing of them in code with probes', async () => {
  const file = fileOf(`${SAMPLES}export const predict = (x) => { let s = 0\nfor (let i = 0; i < 2e5; i++) s += i * x\nreturn s }`)
  const timed = of((await pass('time', file)).messages, 'stages')
  const number = expect.any(Number)
  expect(timed).toMatchObject([{ stages: [{ name: 'predict', cpuMs: number, waitMs: number, eventLoopDelayMs: number }] }])
  const { failure, messages } = await pass('facts', file)
  expect(failure).toBeNull()
  expect(of(messages, 'stages')).toEqual([])
})

test('probes are nothing where there are none: another realm, a worker', async () => {
  const worker = fileOf(`import { parentPort } from 'node:worker_threads'
parentPort.once('message', (texts) => { const all = []\nfor (const text of texts) all.push(JSON.parse(text))\nparentPort.postMessage(all) })`)
  const file = fileOf(`import vm from 'node:vm'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
function work(texts) {
  const all = []
  for (let i = 0; i < texts.length; i++) all.push(JSON.parse(texts[i]))
  return all
}
const elsewhere = vm.runInNewContext('(' + work + ')')
export const samples = () => [['1', '2']]
export async function predict(texts) {
  const worker = new Worker(${JSON.stringify(worker)})
  worker.postMessage(texts)
  const [all] = await once(worker, 'message')
  if (String(all) !== '1,2' || String(elsewhere(texts)) !== '1,2') throw new Error('other numbers')
  return work(texts)
}`)
  const { failure, messages } = await pass('facts', file)
  expect(failure).toBeNull()
  expect(of(messages, 'bye').length).toBe(1)
})

describe('code that marks its stages', () => {
  const wait = 'const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))\n'

  test('and never ends is told as it stands', async () => {
    const source = `import http from 'node:http'
${wait}http.createServer(() => {}).listen(0)
for (let k = 0; k < 2; k++) {
  performance.mark('begin')
  await wait(5)
  performance.measure('prepare', 'begin')
  await wait(5)
  performance.measure('infer', { start: performance.now() - 5, end: performance.now() })
}`
    const { failure, messages } = await pass('time', fileOf(source), { openEndMs: 300 })
    expect(failure).toBeNull()
    expect(of(messages, 'script')[0]!.marks.map(({ name, timesMs }) => [name, timesMs.length])).toEqual([
      ['prepare', 2],
      ['infer', 2],
    ])
    expect(of(messages, 'warning')).toMatchObject([{ text: expect.stringMatching(/^it did not end within \d+ s/) }])
  })

  test('in calls that overlap is not more than the whole', async () => {
    const source = `${wait}const call = async (k) => {
  await wait(5 * k)
  const start = performance.now()
  await wait(40)
  performance.measure('infer', { start, end: performance.now() })
}
await Promise.all([0, 1, 2, 3].map(call))`
    const { messages } = await pass('time', fileOf(source))
    const { totalMs, marks } = of(messages, 'script')[0]!
    const { timesMs, wholeMs } = marks[0]!
    expect(timesMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(wholeMs!)
    expect(wholeMs).toBeLessThanOrEqual(totalMs)
  })
})

test('what takes a loop’s place is tried in what the file is as well', async () => {
  const file = fileOf(`import { fileURLToPath } from 'node:url'
export default class {
  async load() { this.scale = 0.5 }
  samples() { return [Array.from({ length: 50_000 }, (_, i) => i % 251)] }
  predict(list) {
    const scale = this.scale
    return list.map((p) => p * scale)
  }
}
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(3)
`)
  const given = { file, call: null, data: null, hot: () => [7], budgetMs: 500, limitMs: 30_000 }
  const { replacements, failed } = await replaceJavascriptLoops(given)
  expect(failed).toBeNull()
  expect(replacements).toMatchObject([{ line: 7, equal: 'bits' }])
})

/** Where the library of tokenizers is looked for, one that looks words up. */
function putLibrary(): void {
  const library = join(folder, 'node_modules/@huggingface/tokenizers')
  mkdirSync(library, { recursive: true })
  writeFileSync(
    join(library, 'index.js'),
    `exports.Tokenizer = class {
      constructor({ model }) { this.vocab = model.vocab }
      encode(text) {
        const tokens = text.split(' ')
        return { ids: tokens.map((word) => this.vocab[word] ?? 1), tokens, attention_mask: tokens.map(() => 1) }
      }
    }`,
  )
}

test('a tokenizer by hand beside a stand-in for the library: its texts, of the function that gives ids', async () => {
  putLibrary()
  const vocabulary = join(folder, 'vocab.txt')
  writeFileSync(vocabulary, ['[PAD]', '[UNK]', ...'abcdefghijklmnopqrst'].join('\n'))
  const source = `import { readFileSync } from 'node:fs'
interface Fed { input_ids: BigInt64Array }
const vocab = new Map(readFileSync(${JSON.stringify(vocabulary)}, 'utf8').split(String.fromCharCode(10)).map((piece, id) => [piece, id]))
export const samples = () => ['a b c', 'd zz', 'e']
async function encode(text: string): Promise<number[]> {
  const ids: number[] = []
  for (const word of text.split(' ')) ids.push(vocab.get(word) ?? 1)
  return ids
}
export const preprocess = async (text: string): Promise<Fed> => ({ input_ids: BigInt64Array.from(await encode(text), BigInt) })
export const predict = ({ input_ids }: Fed) => input_ids.length
`
  const file = fileOf(source, 'ts')
  const found = await tryJavascriptTokenizers({ file, call: null, data: null, arguments: [], folders: [], limitMs: 60_000 })
  expect(found).toMatchObject([{ line: 7, function: 'preprocess', equal: 'bits', on: '3 texts' }])
})

test.each([
  ['ends itself, late', 'await new Promise((go) => setTimeout(go, 1100))', 'process.exit(0)'],
  ['has nothing left to do', '', ''],
])('a tokenizer by hand in a script that %s', async (_, before, after) => {
  putLibrary()
  const source = `const vocab = new Map(['[PAD]', '[UNK]', ...'abcdefghijklmnopqrst'].map((piece, id) => [piece, id]))
function encode(text) {
  const ids = []
  for (const word of text.split(' ')) ids.push(vocab.get(word) ?? 1)
  return ids
}
async function main() {
  ${before}
  encode('a b c')
  ${after}
}
main().catch(() => process.exit(1))
`
  const program = { call: null, data: null, arguments: [], folders: [], limitMs: 60_000 }
  const found = await tryJavascriptTokenizers({ ...program, file: fileOf(source) })
  expect(found).toMatchObject([{ line: 4, function: 'encode', equal: 'bits', on: '1 text' }])
})
