import { expect, test } from 'vitest'
import { openingOf } from './opening.ts'

const calls = (...loads: readonly (number | undefined)[]) =>
  loads.map((loadMs) => ({ parts: loadMs === undefined ? {} : { loadMs } }))

test('loads of calls after the first: those that take long are loads again', () => {
  expect(openingOf(calls(900, 190, 210, 20))).toEqual({ opensPerCall: 0.5, openMs: 555, place: 'load_duration' })
  expect(openingOf(calls(20, 30))).toEqual({ opensPerCall: 0, openMs: 0, place: 'load_duration' })
})

test('servers that do not report it', () => {
  expect(openingOf(calls(undefined, undefined))).toBeUndefined()
  expect(openingOf([])).toBeUndefined()
})
