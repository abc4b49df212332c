// A library's tokenizer in place of one by hand. The library is a stand-in that looks words up between white space; the real one was tried by hand
// (docs/findings/tokenizer-dominates.md). No test looks at how long something takes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { useSteppingClock } from '../../../test/support/stepping-clock.ts'
import { insteadOfTokenizing } from './instead-of-tokenizing.ts'
import { TextsSeen } from './texts-seen.ts'

useSteppingClock()
const root = mkdtempSync(join(tmpdir(), 'whyslow-tokenizers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const LIBRARY = `exports.Tokenizer = class {
  constructor({ model: { vocab }, normalizer, post_processor: around }) { Object.assign(this, { vocab, normalizer, around }) }
  encode(text, { add_special_tokens: special = true } = {}) {
    const words = (this.normalizer?.lowercase ? text.toLowerCase() : text).split(' ')
    const tokens = special && this.around ? ['[CLS]', ...words, '[SEP]'] : words
    return { ids: tokens.map((word) => this.vocab[word] ?? this.vocab['[UNK]']), tokens, attention_mask: tokens.map(() => 1) }
  }
}`
const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...'abcdefghijklmnopqrst']
const vocab = new Map(PIECES.map((piece, id) => [piece, id]))
const idsOf = (text: string): number[] => text.split(' ').map((word) => vocab.get(word) ?? 1)
const around = (ids: readonly number[]): number[] => [2, ...ids, 3]
let programs = 0

function program(files: Readonly<Record<string, string>> = { 'vocab.txt': PIECES.join('\n') }, isInstalled = true): string {
  const folder = join(root, String(++programs))
  const library = join(folder, 'node_modules/@huggingface/tokenizers')
  mkdirSync(isInstalled ? library : folder, { recursive: true })
  if (isInstalled) writeFileSync(join(library, 'index.js'), LIBRARY)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return join(folder, 'app.mjs')
}

/** What is told of a function that was given these. */
async function beside(
  encode: (given: never) => unknown,
  given: readonly unknown[],
  { file = program(), tables = [] as readonly (readonly [string, () => unknown])[] } = {},
) {
  const seen = new TextsSeen()
  for (const one of given) seen.look(`${file}#4#encode`, encode as (...all: unknown[]) => unknown, [one], tables)
  const told = await insteadOfTokenizing(seen.functions, file, [])
  return told === null ? null : { ...told, file: undefined }
}

const TEXTS = ['a b c', 'd', 'e f zz']

test.each<[string, (text: string) => unknown]>([
  ['ids', idsOf],
  ['with what stands around', (text) => around(idsOf(text))],
  ['a promise', async (text) => idsOf(text)],
  ['members', (text) => ({ input_ids: BigInt64Array.from(idsOf(text), BigInt), attention_mask: idsOf(text).map(() => 1) })],
  ['filled up', (text) => [...around(idsOf(text)), 0, 0, 0].slice(0, 5)],
  ['cut, the last one kept', (text) => (text === 'd' ? [2, 7, 3] : [...around(idsOf(text)).slice(0, 3), 3])],
])('the same: %s', async (_, encode) => {
  expect(await beside(encode, TEXTS)).toMatchObject({
    line: 4,
    rule: 'tokenizer-dominates',
    now: 'encode',
    instead: expect.stringMatching(/^@huggingface\/tokenizers with .*vocab\.txt$/),
    equal: 'bits',
    on: '3 texts',
  })
})

test('several texts at once, filled up to the longest', async () => {
  const encode = (texts: readonly string[]) => {
    const rows = texts.map(idsOf)
    const most = Math.max(...rows.map(({ length }) => length))
    return rows.map((row) => [...row, ...new Array<number>(most - row.length).fill(0)])
  }
  const told = await beside(encode, [
    ['a', 'b c'],
    ['d e f', 'g'],
  ])
  expect(told).toMatchObject({
    equal: 'bits',
    on: '4 texts',
    code: expect.arrayContaining([expect.stringMatching(/longest of the batch/)]),
  })
})

test('other ids: on how many texts', async () => {
  const told = await beside((text: string) => (text === 'd' ? [9] : idsOf(text)), TEXTS)
  expect(told).toMatchObject({ equal: 'different', on: '1 of 3 texts', texts: { all: 3, different: 1, compared: 'ids' } })
})

test('one that differs is no sign of what rows are filled up with', async () => {
  const row = (text: string) => (text === 'd' ? [7, 3, 3, 3] : [...idsOf(text), 0, 0, 0].slice(0, 4))
  expect(await beside(row, ['d', ...TEXTS.filter((text) => text !== 'd')])).toMatchObject({
    equal: 'different',
    on: '1 of 3 texts',
  })
})

test('of a table that pieces are looked up in', async () => {
  const told = await beside(idsOf, TEXTS, { file: program({}), tables: [['vocab', () => vocab]] })
  expect(told).toMatchObject({ equal: 'bits', instead: '@huggingface/tokenizers with the table vocab' })
  const few = [['few', () => new Map([['a', 1]])] as const, ['less', () => PIECES.slice(0, 3)] as const]
  expect(await beside(idsOf, TEXTS, { file: program({}), tables: few })).toBeNull()
})

test('of a tokenizer.json', async () => {
  const json = JSON.stringify({ model: { vocab: Object.fromEntries(vocab) } })
  const told = await beside(idsOf, TEXTS, { file: program({ 'tokenizer.json': json }) })
  expect(told).toMatchObject({ equal: 'bits', instead: expect.stringMatching(/tokenizer\.json$/) })
  expect(told!.code!.join('\n')).toMatch(/new Tokenizer\(\s*JSON\.parse\(readFileSync\(.*tokenizer\.json/)
})

/** The lines to paste, run beside the stand-in. */
function pasted(code: readonly string[], names: Readonly<Record<string, unknown>>): unknown {
  const library = { exports: {} as { Tokenizer?: unknown } }
  new Function('exports', LIBRARY)(library.exports)
  const all = { ...names, Tokenizer: library.exports.Tokenizer }
  const imported = code.filter((line) => line.startsWith('import '))
  expect(imported).toContain("import { Tokenizer } from '@huggingface/tokenizers'")
  if (imported.includes("import { readFileSync } from 'node:fs'")) Object.assign(all, { readFileSync })
  const lines = code.filter((line) => !line.startsWith('import '))
  return new Function(...Object.keys(all), `${lines.join('\n')}\nreturn ids`)(...Object.values(all)) as unknown
}

const asList = Object.fromEntries(vocab)
test.each<[string, Parameters<typeof program>[0], readonly [string, () => unknown][]]>([
  ['a text file', { 'vocab.txt': PIECES.join('\n') }, []],
  ['JSON', { 'vocab.json': JSON.stringify(asList) }, []],
  ['JSON with merges', { 'vocab.json': JSON.stringify(asList), 'merges.txt': '#version: 0.2\na b' }, []],
  ['a tokenizer.json', { 'tokenizer.json': JSON.stringify({ model: { vocab: asList } }), 'tokenizer_config.json': '{}' }, []],
  ['a Map', {}, [['vocab', () => vocab]]],
  ['a list', {}, [['vocab', () => PIECES]]],
  ['an object', {}, [['vocab', () => asList]]],
])('the lines to paste run: %s', async (_, files, tables) => {
  const told = await beside(idsOf, TEXTS, { file: program(files), tables })
  expect(told!.equal).toBe('bits')
  expect(pasted(told!.code!, { text: 'b a', ...Object.fromEntries(tables.map(([name, table]) => [name, table()])) })).toEqual([
    5, 4,
  ])
  // What quotes a path is as long as the path.
  expect(told!.code!.filter((line) => line.length > 80 && !line.includes(root))).toEqual([])
})

const POINTER = 'version https://git-lfs.github.com/spec/v1\n'
test.each<[string, Readonly<Record<string, string>>]>([
  ['a tokenizer.json that is a pointer', { 'tokenizer.json': POINTER }],
  ['a vocab.json that is none', { 'vocab.json': POINTER }],
  ['a vocab.json that is a list', { 'vocab.json': JSON.stringify(PIECES) }],
  ['a vocab.txt that is a pointer', { 'vocab.txt': POINTER }],
  ['a tokenizer.json of nothing', { 'tokenizer.json': 'null' }],
])('a broken file hides no other: %s', async (_, files) => {
  const told = await beside(idsOf, TEXTS, { file: program(files), tables: [['vocab', () => vocab]] })
  expect(told).toMatchObject({ equal: 'bits', instead: '@huggingface/tokenizers with the table vocab' })
})

test('rows that are all empty are no sign', async () => {
  expect(await beside(() => [], TEXTS)).toBeNull()
})

test('tokens are called so', async () => {
  expect(await beside((text: string) => text.split(' '), TEXTS)).toMatchObject({
    equal: 'bits',
    on: '3 texts, by their tokens',
    texts: { all: 3, different: 0, compared: 'tokens' },
  })
})

test('one that throws when it is timed hides no other', async () => {
  const seen = new TextsSeen()
  const file = program()
  let calls = 0
  const once = (text: string) => {
    if (++calls > 1) throw new Error('no more')
    return idsOf(text)
  }
  for (const [name, call] of [
    ['once', once],
    ['encode', idsOf],
  ] as const)
    seen.look(`${file}#4#${name}`, call as (...all: unknown[]) => unknown, ['a b c'], [])
  expect(await insteadOfTokenizing(seen.functions, file, [])).toMatchObject({ now: 'encode', equal: 'bits' })
})

test.each<[string, (text: never) => unknown, readonly unknown[], string]>([
  ['without the library', idsOf, TEXTS, program({ 'vocab.txt': PIECES.join('\n') }, false)],
  ['without a vocabulary', idsOf, TEXTS, program({})],
  ['of a vocabulary that has no piece for what is not known', idsOf, TEXTS, program({ 'vocab.txt': 'a\nb' })],
  ['of a function that gives no ids', () => 'text', TEXTS, program()],
  [
    'of a function that throws',
    () => {
      throw new Error('no')
    },
    TEXTS,
    program(),
  ],
  ['of what is given no texts', idsOf, [7, { a: 'b', c: 'd' }, []], program()],
])('none %s', async (_, encode, given, file) => {
  expect(await beside(encode, given, { file })).toBeNull()
})
