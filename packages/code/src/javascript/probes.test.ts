// What probes keep of first arguments.
import { expect, test } from 'vitest'
import { callPattern } from './call-patterns.ts'
import { ProbeRecorder } from './probes.ts'
import type { SyntaxNode } from './syntax.ts'

test('paths that differ from call to call', () => {
  const probed = new ProbeRecorder()
  for (const path of ['a.json', 'a.json']) probed.a('same', path)
  for (const path of ['a.json', 'b.json']) probed.a('others', path)
  for (const path of [new URL('file:///a'), new URL('file:///a')]) probed.a('addresses', path)
  for (const value of [{}, {}]) probed.a('objects', value)
  const varies = [...probed.seen].map(([key, one]) => [key, one.varies === true])
  expect(varies).toEqual([
    ['same', false],
    ['others', true],
    ['addresses', false],
    ['objects', false],
  ])
})

test('a path that the sample names is an input, though there is one sample', () => {
  const probed = new ProbeRecorder(() => ({ image: 'photos/a.jpg' }))
  for (let k = 0; k < 2; k++) {
    probed.a('photo', 'photos/a.jpg')
    probed.a('labels', 'labels.txt')
  }
  expect([...probed.seen].map(([key, one]) => [key, one.varies === true])).toEqual([
    ['photo', true],
    ['labels', false],
  ])
})

test('a file that is written is none that is read', () => {
  const node = { type: 'CallExpression', arguments: [] } as unknown as SyntaxNode
  expect(callPattern(node, 'fs.readFileSync', false)).toContain('file-read')
  for (const name of ['writeFileSync', 'appendFileSync'])
    expect(callPattern(node, `fs.${name}`, false)).toEqual(['blocking-call'])
})
