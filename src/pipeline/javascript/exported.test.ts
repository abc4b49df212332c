// What a file is there for, told by what it exports.
import { expect, test } from 'vitest'
import { exportsStages } from './exported.ts'

test.each([
  ['export const predict = (x) => x', true],
  ['export async function predict(x) {}', true],
  ['const run = (x) => x\nexport { run as predict }', true],
  ['export { predict } from "./model.mjs"', true],
  ['export * from "./model.mjs"', true],
  ['export default { predict: (x) => x }', true],
  ['export default class { predict(x) {} }', true],
  ['export function softmax(x) {}\nconsole.log(softmax([1]))', false],
  ['const predict = (x) => x\nconsole.log(predict(1))', false],
  ['module.exports = { predict: (x) => x }', false],
  ['export const predict = (x: number): number => x', true],
  ['export const { predict } = model\nexport const other = 1', true],
  ['import {', false],
])('%s', (text, expected) => {
  expect(exportsStages(text, text.includes(': number') ? 'a.ts' : 'a.mjs')).toBe(expected)
})
