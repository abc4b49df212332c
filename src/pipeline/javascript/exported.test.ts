// How a file is started, told by what it exports.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startOf } from './exported.ts'

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
