import { expect, test } from 'vitest'
import { placesFor } from './model-target.ts'

test.each([
  ['no more clients than a worker has places', { clients: [8, 32], workers: null }, 32],
  ['more: as many places as clients', { clients: [1, 64], workers: 1 }, 64],
  ['of two workers', { clients: [64], workers: 2 }, 64],
  ['as fix asks for its capacity', { clients: [96, 1], workers: 2 }, 96],
  ['requests that arrive by a rate', { clients: [], workers: 1 }, null],
])('in a closed loop nobody is refused for want of a place: %s', (_, options, places) => {
  expect(placesFor(options)).toBe(places)
})
