import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { shownPlace } from './engine-facts.ts'

test('an installation is shown below the current folder, else below the home folder, else whole', () => {
  expect(shownPlace(resolve('node_modules/onnxruntime-node'))).toBe('node_modules/onnxruntime-node')
  expect(shownPlace(resolve(homedir(), 'not-here/x'))).toBe('~/not-here/x')
  expect(shownPlace('/nowhere/x')).toBe('/nowhere/x')
  expect(shownPlace('whyslow')).toBe('whyslow')
})
