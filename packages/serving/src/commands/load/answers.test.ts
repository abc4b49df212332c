import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { encodeRequest } from '../../load/http/target.ts'
import { answerWarnings, compareAnswers } from './answers.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Two requests, which say 1 and 2. */
async function askingOf(answer: (body: string, asked: number) => string, status = 200) {
  let asked = 0
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => response.writeHead(status).end(answer(body, ++asked)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = new URL(`http://127.0.0.1:${port}/`)
  const requests = ['1', '2'].map((body) => encodeRequest({ url, method: 'POST', headers: [], body: Buffer.from(body) }))
  const place = { secure: false, hostname: '127.0.0.1', address: '127.0.0.1', port, method: 'POST' }
  return { target: { kind: 'http' as const, ...place, requests }, shown: url.href, timeoutMs: 5000 }
}

const kept = (...answers: [number, string][]) => answers.map(([input, body]) => ({ input, body: Buffer.from(body) }))

test('answers that belong to other requests are told', async () => {
  const asking = await askingOf((body) => `{"y":[${body}]}`)
  const right = await compareAnswers(kept([0, '{"y":[1]}'], [1, '{"y":[2]}'], [1, '{"y":[2.00001]}']), asking)
  expect(right).toEqual({ compared: 3, different: 0, notCompared: 0, why: null })
  expect(answerWarnings(right)).toEqual([])
  const mixed = await compareAnswers(kept([0, '{"y":[1]}'], [1, '{"y":[1]}'], [0, '{}']), asking)
  expect(mixed).toMatchObject({ compared: 3, different: 2 })
  expect(answerWarnings(mixed)).toEqual([
    expect.stringMatching(/^2 of 3 answers under load are not what the same requests get alone/),
  ])
})

test('a server that never says the same twice, or nothing good alone, is not judged', async () => {
  const counting = await askingOf((_, asked) => `{"at":${asked}}`)
  expect(await compareAnswers(kept([0, '{"at":7}']), counting)).toEqual({
    compared: 0,
    different: 0,
    notCompared: 1,
    why: 'the server answers the same request differently each time, also alone',
  })
  const refusing = await askingOf(() => '{}', 500)
  expect((await compareAnswers(kept([1, '{}']), refusing)).why).toMatch(/no good answer to the same request alone/)
  expect((await compareAnswers([], refusing)).why).toMatch(/^none was kept/)
})
