import { expect, test } from 'vitest'
import { readAnswer, StreamReader } from './stream-reader.ts'

const bytes = (text: string) => Buffer.from(text)
const read = (text: string) => {
  const reader = new StreamReader()
  const pieces = [...reader.add(bytes(text)), ...reader.end()]
  return { reader, pieces }
}
const chat = (content: string) => JSON.stringify({ choices: [{ delta: { content } }] })

test('events: comments, other fields, line ends of both kinds, several data lines, an end without an empty line', () => {
  const { reader, pieces } = read(
    `: ping\r\nevent: message\r\ndata: ${chat('a')}\r\n\r\ndata:${chat('b')}\n\ndata: {"choices":\ndata: [{"delta":{"content":"c"}}]}\n\ndata: [DONE]\n\ndata: ${chat('d')}`,
  )
  expect(pieces.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd'])
  expect([reader.framing, reader.isDone, reader.unknown]).toEqual(['events', true, 0])
})

test('an object on each line', () => {
  const { reader, pieces } = read(
    '{"response":"a","done":false}\n{"response":"b","done":false}\n{"done":true,"eval_count":2,"load_duration":250000000}',
  )
  expect(pieces.map(({ text }) => text)).toEqual(['a', 'b', ''])
  expect([reader.framing, pieces.at(-1)!.usage!.generatedTokens]).toEqual(['lines', 2])
  expect(pieces.at(-1)!.usage!.loadMs).toBe(250)
})

test('a character that is cut between two reads', () => {
  const reader = new StreamReader()
  const whole = bytes(`data: ${chat('é')}\n\n`)
  const at = whole.indexOf(0xc3) + 1
  expect([...reader.add(whole.subarray(0, at)), ...reader.add(whole.subarray(at))].map(({ text }) => text)).toEqual(['é'])
})

test('what is no message is counted', () => {
  expect(read('data: hello\n\ndata: {"x":1}\n\n').reader.unknown).toBe(2)
  expect(read('<html>\n').pieces).toEqual([])
})

test.each([
  ['OpenAI', '{"error":{"message":"over\\n  capacity","type":"x"}}', 'over capacity'],
  ['ollama', '{"error":"model not found"}', 'model not found'],
  ['OpenAI’s responses', '{"type":"error","code":"x","message":"try again","param":null}', 'try again'],
  [
    'a response that failed',
    '{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"out of memory"}}}',
    'out of memory',
  ],
  ['vLLM', '{"object":"error","message":"too long","code":400}', 'too long'],
])('an error of %s', (_, json, message) => {
  expect(read(`data: ${json}\n\n`).pieces.map(({ error }) => error)).toEqual([message])
})

test('an answer in one piece', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2 }
  const body = JSON.stringify({ choices: [{ message: { content: 'ab' }, finish_reason: 'stop' }], usage }, null, 2)
  expect(readAnswer(bytes(body))).toMatchObject([{ text: 'ab', ended: 'end', usage: { promptTokens: 3, generatedTokens: 2 } }])
  expect(readAnswer(bytes(`data: ${chat('a')}\n\n`))).toMatchObject([{ text: 'a' }])
})

test('reasoning and calls of tools are text, and tokens that are listed are counted', () => {
  const delta = { reasoning_content: 'hm', tool_calls: [{ function: { name: 'f', arguments: '{"a":' } }] }
  const json = JSON.stringify({ choices: [{ delta, logprobs: { content: [{}, {}, {}] } }] })
  expect(read(`data: ${json}\n\n`).pieces).toMatchObject([{ text: 'hmf{"a":', tokens: 3 }])
})

test('the responses protocol: deltas of every kind are text, events of other kinds are none', () => {
  const events = [
    { type: 'response.in_progress', response: { status: 'in_progress', usage: null } },
    { type: 'response.reasoning_text.delta', delta: 'hm ' },
    { type: 'response.output_text.delta', delta: 'yes', logprobs: [{}, {}] },
    { type: 'response.function_call_arguments.delta', delta: '{}' },
    { type: 'response.output_text.done', text: 'yes' },
    { type: 'response.completed', response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } },
  ]
  const { reader, pieces } = read(events.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join(''))
  expect(pieces.map(({ text }) => text)).toEqual(['', 'hm ', 'yes', '{}', '', ''])
  expect([pieces[2]!.tokens, pieces.at(-1)!.ended, reader.unknown]).toEqual([2, 'length', 0])
  const output = [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm ' }], content: null },
    {
      type: 'message',
      content: [
        { type: 'output_text', text: 'yes' },
        { type: 'refusal', refusal: '…' },
      ],
    },
    { type: 'function_call', name: 'f', arguments: '{}' },
  ]
  const usage = { input_tokens: 3, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } }
  const whole = { object: 'response', status: 'completed', error: null, output, usage }
  expect(readAnswer(bytes(JSON.stringify(whole)))).toMatchObject([
    { text: 'hm yes…f{}', ended: 'end', usage: { promptTokens: 3, cachedTokens: 1, generatedTokens: 2 } },
  ])
})

test('data lines that no empty line ends are dropped, and counted as no message', () => {
  const reader = new StreamReader()
  const line = bytes(`data: ${'x'.repeat(1 << 20)}\n`)
  for (let k = 0; k < 20; k++) expect(reader.add(line)).toEqual([])
  expect(reader.unknown).toBe(1)
  expect(reader.keptLength).toBeLessThan(16 << 20)
  expect(reader.add(bytes(`\ndata: ${chat('a')}\n\n`)).map(({ text }) => text)).toEqual(['a'])
})
