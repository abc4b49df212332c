// Which files are inputs, by the sample that is predicted.
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { isInput } from './inputs.ts'

test.each([
  ['the sample itself', 'photos/a.jpg', 'photos/a.jpg'],
  ['an address of it', pathToFileURL('photos/a.jpg'), 'photos/a.jpg'],
  ['a member', 'photos/a.jpg', { image: ['x', new URL(pathToFileURL('photos/a.jpg'))] }],
  ['a file in the folder', 'photos/day/a.jpg', 'photos'],
  ['a file of its name', '/data/0001.png', { id: '0001' }],
])('%s', (_, file, sample) => expect(isInput(file, sample)).toBe(true))

test.each([
  ['another file', 'labels.txt', 'photos/a.jpg'],
  ['a text', 'labels.txt', 'labels and\nmore'],
  ['numbers', 'labels.txt', [1, 2, null]],
  ['an array', 'labels.txt', new Float32Array(3)],
  ['no sample', 'labels.txt', undefined],
])('not: %s', (_, file, sample) => expect(isInput(file, sample)).toBe(false))
