// How a file is started, told by what it exports.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readStart, startOf } from './exported.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-exported-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function startOfText(text: string, name: string): string {
  writeFileSync(join(folder, name), text)
  return startOf(join(folder, name), null)
}

test.each([
  ['export const predict = (x) => x', 'imported'],
  ['export async function predict(x) {}', 'imported'],
  ['const run = (x) => x\nexport { run as predict }', 'imported'],
  ['export { predict } from "./model.mjs"', 'imported'],
  ['export * from "./model.mjs"', 'imported'],
  ['export default { predict: (x) => x }', 'imported'],
  ['export default class { predict(x) {} }', 'imported'],
  ['export const { predict } = model\nexport const other = 1', 'imported'],
  ['export function softmax(x) {}\nconsole.log(softmax([1]))', 'main'],
  ['const predict = (x) => x\nconsole.log(predict(1))', 'main'],
  ['import {', 'main'],
])('%s', (text, expected) => {
  expect(startOfText(text, 'a.mjs')).toBe(expected)
})

test.each([
  ['export function score(x) {}', true],
  ['import fs from "node:fs"\nconst table = read()\nfunction read() {}\nexport const score = (x) => table[x]', true],
  ['const score = (x) => x\nfunction helper() {}\nexport { score }', true],
  ['export { score } from "./model.mjs"', true],
  ['export const load = () => 1\nexport const samples = [1]\nexport const score = (model, x) => x', true],
  ['export function score(x) {}\nif (process.argv[1] === fileURLToPath(import.meta.url)) console.log(score(1))', true],
  ['options.threads = 1\nexport function score(x) {}\nexport const LIMIT = 3', true],
  ['export function main(words) {}\nif (process.argv[1] === fileURLToPath(import.meta.url)) main([])', false],
  ['export function run() {}\nif (process.argv[1] === fileURLToPath(import.meta.url)) run()', false],
  ['export function score(x) {}\nexport function other(x) {}', false],
  ['export function score(x) {}\nfor (const x of rows) score(x)', false],
  ['function score(x) {}', false],
  ['export const LIMIT = 3', false],
])('one function, and nothing else that runs: %s', (text, isImported) => {
  writeFileSync(join(folder, 'd.mjs'), text)
  const expected = isImported ? { start: 'imported', isScript: false } : { start: 'main', isScript: true }
  expect(readStart(join(folder, 'd.mjs'), null)).toEqual(expected)
})

test('types', () => {
  expect(startOfText('export const predict = (x: number): number => x', 'a.ts')).toBe('imported')
})

test.each([
  ['if (require.main === module) main()\nasync function main() { await 1 }', 'required'],
  ['module.exports = { main }\nif (require.main === module) main()', 'required'],
  ['module.exports = { predict: (x) => x }', 'main'],
  ['module.exports = { ...other }', 'main'],
  ['module.exports = main', 'main'],
  ['exports.predict = (x) => x', 'main'],
  ['exports.score = (x) => x', 'imported'],
  ['const score = (x) => x\nmodule.exports = { score, LIMIT: 3 }', 'imported'],
])('CommonJS: %s', (text, expected) => {
  expect(startOfText(text, 'a.cjs')).toBe(expected)
  expect(startOfText(text, 'a.js')).toBe(expected)
})

test('.js is CommonJS where Node says so', () => {
  expect(startOfText('await 1', 'b.js')).toBe('main')
  expect(startOfText('import "node:fs"', 'b.js')).toBe('main')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  expect(startOfText('console.log(1)', 'b.js')).toBe('main')
})

test('a file of which a function is called is imported', () => {
  writeFileSync(join(folder, 'c.mjs'), 'export const f = () => 1')
  expect(startOf(join(folder, 'c.mjs'), 'f')).toBe('imported')
})
