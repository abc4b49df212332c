import { expect, test } from 'vitest'
import { matchClient } from './client.ts'
import type { SeenRequest } from './records.ts'

const request = (start: number, end: number | null, path = '/predict'): SeenRequest => ({
  ...{ process: '7', thread: '7.0', method: 'GET', status: 200 },
  ...{ start, end, path },
})

test('each of the client’s is the server’s that lies within it', () => {
  const requests = [request(1, 5), request(2, 9), request(20, 25)]
  const client = [
    { sent: 1.5, done: 9.5 },
    { sent: 0, done: 5.5 },
    { sent: 19, done: 26 },
  ]
  expect([...matchClient(requests, client, '/predict')]).toEqual([
    [0, client[1]],
    [1, client[0]],
    [2, client[2]],
  ])
})

test('requests with another path, without an end, and of another time are nobody’s', () => {
  const requests = [request(1, 5, '/health'), request(1, null), request(0.5, 4), request(3, 12)]
  expect([
    ...matchClient(
      requests,
      [
        { sent: 1, done: 6 },
        { sent: 2, done: 11 },
      ],
      '/predict',
    ),
  ]).toEqual([])
})

test('no two of the client’s are one of the server’s', () => {
  const client = [
    { sent: 0, done: 10 },
    { sent: 0, done: 10 },
  ]
  expect([...matchClient([request(1, 5), request(2, 6)], client, '/predict').keys()]).toEqual([0, 1])
  expect(matchClient([request(1, 5)], client, '/predict').size).toBe(1)
  expect([...matchClient([request(1, 5)], client, '/predict').values()]).toEqual([client[0]])
})
