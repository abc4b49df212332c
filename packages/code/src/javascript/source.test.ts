import { describe, expect, test } from 'vitest'
import { withProbes } from './probe.ts'
import { readSource } from './source.ts'

const patterns = (text: string) =>
  readSource(text, 'a.mjs')!
    .patterns.filter(({ once }) => !once)
    .map(({ pattern, line }) => `${pattern}:${line}`)

describe('readSource', () => {
  test.each([
    [
      'a map over arrays',
      'function f(a, b, o) {\nfor (let i = 0; i < a.length; i++) o[i] = a[i] * b[i]\n}',
      ['elementwise-loop:2'],
    ],
    ['a sum', 'function f(a) { let s = 0\nfor (let i = 0; i < a.length; i++) s += a[i] }', ['reduction-loop:2']],
    ['a running sum is no map', 'function f(a, o) { for (let i = 1; i < 9; i++) o[i] = o[i - 1] + a[i] }', []],
    [
      'HWC to CHW',
      'function f(d, o) {\nfor (let y = 0; y < h; y++) for (let x = 0; x < w; x++) for (let c = 0; c < 3; c++)\no[c * h * w + y * w + x] = d[(y * w + x) * 3 + c] }',
      ['layout-loop:2'],
    ],
    [
      'push, then conversion',
      'function f(a) { const o = []\nfor (const x of a) { o.push(x / 2) }\nreturn new Float32Array(o) }',
      ['list-grown:2', 'list-to-array:3', 'buffer-made:3'],
    ],
    ['an array copied at each turn of reduce', 'const f = (a) => a\n.reduce((all, x) => [...all, x.y], [])', ['array-regrown:1']],
    [
      'PNG by hand',
      'function f(b) {\nif (b.toString("latin1", 4, 8) === "IDAT") return b.subarray(8)\n}\nfunction g(b) { return "IDAT" + b }',
      ['image-decode:1'],
    ],
    [
      'pieces of a text looked up in an object',
      'const f = (text) => { const ids = []\nfor (const word of text.split(" ")) ids[ids.length] = known[word]\nreturn ids }',
      ['hand-tokenizer:2'],
    ],
    [
      'letters of a parameter that is a text',
      'function f(text) { let n = 0\nfor (let i = 0; i < text.length; i++) n += table.get(text.charAt(i)) }',
      ['hand-tokenizer:2'],
    ],
    [
      'words that were cut before the loop',
      'function f(s) { const words = s.toLowerCase().match(/\\w+/g) ?? []\nwords.forEach((w) => out(known[w])) }',
      ['hand-tokenizer:2'],
    ],
    [
      'rows of a matrix that are cut, and looked up by number',
      'function f(ids) {\nfor (const id of ids) { if (seen.has(id)) continue\nout(predictions[id], matrix.slice(id, id + 9)) } }',
      [],
    ],
    ['batches', 'function f(input_ids) { for (let i = 0; i < 9; i++) out(input_ids.slice(i, i + 32), predictions[i]) }', []],
    ['fields of a line', 'function f(lines) { for (const line of lines) out(codes[line.split(",")[0]]) }', []],
    ['words made numbers', 'function f(s) { for (const n of s.split(" ").map(Number)) out(table[n]) }', []],
    ['base64 by hand', 'function f(text) { for (let i = 0; i < 9; i++) out(table[text.charCodeAt(i)]) }', []],
    ['texts by themselves', 'function f(texts) { for (const text of texts) out(cache.get(text.trim())) }', []],
    ['a table of numbers is no vocabulary', 'function f(a, t, o) { for (const i of a) o.fill(t[i]) }', []],
    [
      'a function of the file by its name',
      'const half = (x) => x / 2\nfunction f(a) {\nreturn a.map(half) }',
      ['elementwise-loop:3'],
    ],
    [
      'axes in another order',
      'function f(a, o) {\nfor (let c = 0; c < 3; c++) for (let y = 0; y < 9; y++) for (let x = 0; x < 9; x++) o[c][y][x] = a[y][x][c] }',
      ['layout-loop:2'],
    ],
    [
      'kept at the level of the module',
      'const seen = []; const last = {}\nfunction f(x) {\nconst own = []\nown.push(x)\nseen.push(x)\nlast[x.id] = x\n}\nfunction g(seen) { seen.push(1) }',
      ['kept-outside:5', 'kept-outside:6'],
    ],
    [
      'a sum along a row is no move',
      'function f(a, o, w) { for (let y = 0; y < 9; y++) for (let x = 1; x < w; x++) o[y * w + x] = a[y + x] + o[y * w + x - 1] }',
      [],
    ],
    ['numbers made of nothing', 'const f = (n) => Array.from({ length: n }, (_, i) => i / n)', ['list-to-array:1']],
    ['numbers made by chance', 'function f(a) { for (let i = 0; i < 9; i++) a[i] = Math.random() * 2 }', []],
    ['threads asked for', 'async function f(ort) { return ort.create("m", { intraOpNumThreads: 9 }) }', ['thread-setting:1']],
    ['an array copied at each turn', 'function f(a) { let o = []\nfor (const x of a) o = [...o, x] }', ['array-regrown:2']],
    [
      'a file that is read by its imported name',
      'import { readFileSync } from "node:fs"\nexport function predict() { return readFileSync("a") }',
      ['file-read:2', 'blocking-call:2'],
    ],
    ['a session made once behind a test', 'let s\nasync function predict() { s ??= await ort.InferenceSession.create("m") }', []],
    [
      'a session made in the call',
      'async function predict() { const s = await ort.InferenceSession.create("m") }',
      ['model-load:1'],
    ],
    [
      'predictions one by one',
      'async function predict(xs) { for (const x of xs) {\nawait session.run(x) } }',
      ['predict-in-loop:2'],
    ],
  ])('%s', (_, text, expected) => expect(patterns(text)).toEqual(expected))

  test('code that cannot be parsed is null', () => {
    expect(readSource('function (', 'a.mjs')).toBeNull()
  })
})

describe('withProbes', () => {
  test('results, order and lines stay', () => {
    const text =
      'const o = []\nconst a = [3, 1, 2]\nfor (const x of a) o.push(JSON.stringify([x].map(String)))\nreturn [o, Float32Array.from(a)]'
    const seen: string[] = []
    const probes = {
      b: (key: string) => void seen.push(key),
      a: (_: string, value: unknown) => value,
      e: (_: string, _begun: unknown, value: unknown) => value,
      t: () => true,
      v: () => {},
    }
    const probed = withProbes(text, 'a.js', 'k')
    expect(probed.split('\n').length).toBe(text.split('\n').length)
    const plain = (new Function(text) as () => unknown)()
    const run = new Function(probed) as () => unknown
    // As in a worker.
    expect(run()).toEqual(plain)
    expect(seen).toEqual([])
    Object.assign(globalThis, { __whyslowProbes: probes })
    expect(run()).toEqual(plain)
    Reflect.deleteProperty(globalThis, '__whyslowProbes')
    // Three pushes, texts and maps, and the conversion.
    expect(seen.length).toBe(10)
  })

  test.each([
    [
      'a text by its index',
      "for (let y = 0; y < 9; y++) for (let x = 0; x < 9; x++) out[y * 9 + x] = ' .:-=+*#'[img[y][x]]",
      ['out', 'img'],
    ],
    [
      'a name that is no word',
      "for (let y = 0; y < 9; y++) for (let x = 0; x < 9; x++) out[x * 9 + y] = f['sepal length'][y]",
      ['out', 'f'],
    ],
    ['names in other scripts', 'for (let i = 0; i < 9; i++) größe[i] = maße.höhe[i] * 2', ['größe', 'maße.höhe']],
  ])('%s can be probed', (_, loop, arrays) => {
    const text = `function f(out, img, f, größe, maße) { ${loop} }`
    expect(() => new Function(withProbes(text, 'a.mjs', 'k'))).not.toThrow()
    expect(readSource(text, 'a.mjs')!.sites[0]!.arrays).toEqual(arrays)
  })
})
