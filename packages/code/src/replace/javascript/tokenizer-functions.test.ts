// Looks in functions that go through a tokenizer: the program does what it did, and each function says what it was given.
import { afterEach, expect, test } from 'vitest'
import { parseSource } from '../../javascript/syntax.ts'
import { TextsSeen } from './texts-seen.ts'
import { TEXTS, tokenizerLooks } from './tokenizer-functions.ts'

const globals = globalThis as Record<string, unknown>
afterEach(() => void delete globals[TEXTS])

function withLooks(text: string): string {
  let [out, from] = ['', 0]
  for (const { at, text: put } of tokenizerLooks(parseSource(text, 'a.js')!, '/app/a.js')) {
    out += text.slice(from, at) + put
    from = at
  }
  return out + text.slice(from)
}

/** What it gives, and what its functions were given. */
function run(text: string) {
  const seen = new TextsSeen()
  globals[TEXTS] = seen.look
  const gives = new Function(withLooks(text))() as unknown
  const given = [...seen.functions].map(([key, one]) => [key, [...one.given.values()].map(({ texts }) => texts)])
  return { gives, given, seen }
}

const LOOP = 'const ids = []; for (const word of text.split(" ")) ids.push(vocab.get(word) ?? 0); return ids'
const VOCAB = 'const vocab = new Map([["a", 1], ["b", 2]])\n'

test.each([
  ['a function', `${VOCAB}function encode(text) { ${LOOP} }\nreturn encode("a b")`],
  ['an arrow', `${VOCAB}const encode = (text) => text.split(" ").map((word) => vocab.get(word) ?? 0)\nreturn encode("a b")`],
  [
    'directives and defaults',
    `${VOCAB}function encode(text, most = 8) { 'use strict'; ${LOOP} }\nreturn encode("a b")`.replace(', most = 8', ''),
  ],
  ['a method', `${VOCAB}class T { encode(text) { ${LOOP} } }\nreturn new T().encode("a b")`],
  [
    'a private one',
    `${VOCAB}class T {\n#encode(text) { ${LOOP} }\nall(x) { return this.#encode(x.t) } }\nreturn new T().all({ t: "a b" })`,
  ],
])('%s', (_, text) => {
  const { gives, given, seen } = run(text)
  expect(gives).toEqual([1, 2])
  for (const [, texts] of given) expect(texts).toEqual([['a b']])
  // Called again, it does the same.
  for (const { given: all } of seen.functions.values())
    for (const one of all.values()) expect(one.call(...one.given)).toEqual([1, 2])
})

test('who calls it is told first, with the loop of the one that has it, and the table', () => {
  const { given, seen } = run(`${VOCAB}class T {
  pieces(text) { ${LOOP} }
  encode(texts) { return texts.map((one) => this.pieces(one)) }
  other(text) { return text.length }
}
new T().other("c")
return new T().encode(["a", "b a"])`)
  expect(given).toEqual([
    ['/app/a.js#3#encode', [['a', 'b a']]],
    ['/app/a.js#3#pieces', [['a'], ['b a']]],
  ])
  expect(
    [...seen.functions.values()][0]!.tables.map(([name, table]) => [name, Object.prototype.toString.call(held(table))]),
  ).toContainEqual(['vocab', '[object Map]'])
})

function held(table: () => unknown): unknown {
  try {
    return table()
  } catch {
    return undefined
  }
}

test('nothing is put where there is no tokenizer, into generators and constructors', () => {
  const nothing = 'const f = (x) => x.map((one) => one * 2)'
  const generator = `${VOCAB}function* encode(text) { for (const word of text.split(' ')) yield vocab.get(word) }`
  const made = `${VOCAB}class T { constructor(text) { this.ids = text.split(' ').map((word) => vocab.get(word)) } }`
  for (const text of [nothing, generator, made]) expect(withLooks(text)).toBe(text)
})

test('no object `arguments` is made where names do; one is where they do not, or where it counts', () => {
  const look = (parameters: string, more = '') =>
    withLooks(`${VOCAB}function encode(${parameters}) { const text = String(${more}); ${LOOP} }`)
  expect(look('one, most = 8, ...rest', 'one')).toMatch(/,\[one,most,\.\.\.rest\],\[\["vocab",\(\)=>vocab\]\]/)
  expect(look('{ one }', 'one')).toContain('[...arguments]')
  expect(look('one', 'arguments.length')).toContain('[...arguments]')
})
