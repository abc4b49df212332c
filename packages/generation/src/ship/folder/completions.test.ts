import { describe, expect, test } from 'vitest'
import type { LoopEnd } from '../../loop/loop.ts'
import {
  answerCount,
  chunkOf,
  errorBody,
  parseCompletionRequest,
  RequestError,
  requestOfAnswer,
  usageChunk,
  wholeAnswer,
} from './completions.ts'

const limits = { name: 'tiny', takesMessages: true, newTokens: 64, recommended: {} }
const chat = (changes: object) =>
  parseCompletionRequest('chat', JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...changes }), limits)
const text = (changes: object) => parseCompletionRequest('text', JSON.stringify({ prompt: 'Hi', ...changes }), limits)
const end: LoopEnd = {
  ...{ promptTokens: 5, cachedTokens: 2, generatedTokens: 7, guessedTokens: 0, rightTokens: 0 },
  ...{ ended: 'length', rest: '' },
}

test('what a request means, and what it means if it says nothing', () => {
  expect(chat({})).toEqual({
    ...{ kind: 'chat', prompts: [[{ role: 'user', content: 'Hi' }]], count: 1, stream: false, includeUsage: false },
    options: {
      ...{ maxNewTokens: 64, temperature: 1, topP: 1, topK: null, minP: null, stop: [] },
      ...{ repetitionPenalty: 1, presencePenalty: 0, frequencyPenalty: 0 },
    },
  })
  const asked = { max_completion_tokens: 9, max_tokens: 8, temperature: 0, top_p: 0.9, top_k: 40, seed: 3, stop: ['a', 'b'] }
  expect(chat({ ...asked, model: 'tiny', stream: true, stream_options: { include_usage: true } })).toMatchObject({
    ...{ stream: true, includeUsage: true },
    options: { maxNewTokens: 9, temperature: 0, topP: 0.9, topK: 40, seed: 3, stop: ['a', 'b'] },
  })
  expect(text({ max_tokens: 3, stop: 'x' })).toMatchObject({ prompts: ['Hi'], options: { maxNewTokens: 3, stop: ['x'] } })
  expect([text({ prompt: [1, 2] }).prompts, text({ prompt: ['one'] }).prompts]).toEqual([[[1, 2]], ['one']])
  expect(text({ prompt: ['one', 'two'] }).prompts).toEqual(['one', 'two'])
  expect(text({ prompt: [[1, 2], [3]] }).prompts).toEqual([[1, 2], [3]])
  const parts = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
  ]
  expect(chat({ messages: parts }).prompts).toEqual([[{ role: 'user', content: 'ab' }]])
  // What clients send by default wants nothing.
  expect(() =>
    chat({ n: 1, logprobs: false, tools: [], logit_bias: {}, response_format: { type: 'text' }, user: 'me' }),
  ).not.toThrow()
})

test('what is said otherwise of it, by other servers of this protocol, too', () => {
  const asked = { min_p: 0.1, repetition_penalty: 1.1, presence_penalty: -1, frequency_penalty: 2, ignore_eos: true }
  expect(chat({ ...asked, chat_template_kwargs: { enable_thinking: false } }).options).toMatchObject({
    ...{ minP: 0.1, repetitionPenalty: 1.1, presencePenalty: -1, frequencyPenalty: 2, ignoreEnd: true },
    templateValues: { enable_thinking: false },
  })
  expect(chat({ min_tokens: 5, no_repeat_ngram_size: 3 }).options).toMatchObject({ minNewTokens: 5, noRepeatNgramSize: 3 })
  expect(chat({ top_p: 0 }).options).toMatchObject({ topP: 1, topK: 1 })
  expect([chat({ top_k: -1 }).options.topK, chat({ top_k: 0 }).options.topK]).toEqual([null, null])
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
  const messages = [
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'a', content: '5' },
  ]
  expect(chat({ messages }).prompts).toEqual([[{ ...messages[0], content: '' }, messages[1]]])
  // What it answered itself, given back: an empty answer, and one that refuses.
  const refusal = [{ type: 'refusal', refusal: 'No' }]
  const again = [
    { role: 'assistant', content: null },
    { role: 'assistant', content: refusal },
  ]
  expect(chat({ messages: again }).prompts).toEqual([
    [
      { role: 'assistant', content: '' },
      { role: 'assistant', content: 'No' },
    ],
  ])
  expect(() => chat({ tools: [{ type: 'function' }], tool_choice: 'none' })).not.toThrow()
})

test("what a request does not say is as the model's makers would have it", () => {
  const recommended = { temperature: 0.6, topK: 20, topP: 0.95, minP: 0.05, repetitionPenalty: 1.05 }
  const asked = (changes: object) =>
    parseCompletionRequest('text', JSON.stringify({ prompt: 'Hi', ...changes }), { ...limits, recommended })
  expect(asked({}).options).toMatchObject(recommended)
  expect(asked({ temperature: 0, top_k: -1, top_p: 1, min_p: 0, repetition_penalty: 1 }).options).toMatchObject({
    ...{ temperature: 0, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 },
  })
})

describe('what is refused', () => {
  const refusal = (ask: () => unknown): RequestError => {
    try {
      ask()
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError)
      return error as RequestError
    }
    throw new Error('it was taken')
  }

  test.each([
    ['[]', 'the body is not a JSON object'],
    ['{', 'the body is not valid JSON'],
    ['{}', 'messages: give an array of at least one message'],
    ['{"messages":[]}', 'messages: give an array of at least one message'],
    ['{"messages":[{"content":"a"}]}', 'messages[0].role: give a text'],
    ['{"messages":[null]}', 'messages[0].role: give a text'],
    ['{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}', 'messages[0].content: this model reads text only'],
  ])('%s', (body, message) => {
    expect(refusal(() => parseCompletionRequest('chat', body, limits))).toMatchObject({ status: 400, message })
  })

  test.each([
    [{ max_tokens: 0 }, 'max_tokens: give a whole number from 1'],
    [{ max_tokens: '5' }, 'max_tokens: give a whole number from 1'],
    [{ temperature: 3 }, 'temperature: give a number from 0 to 2'],
    [{ top_p: -1 }, 'top_p: give a number from 0 to 1'],
    [{ min_tokens: -1 }, 'min_tokens: give a whole number from 0'],
    [{ top_k: -2 }, 'top_k: give a whole number'],
    [{ min_p: 2 }, 'min_p: give a number from 0 to 1'],
    [{ frequency_penalty: 3 }, 'frequency_penalty: give a number from -2 to 2'],
    [{ chat_template_kwargs: 1 }, 'chat_template_kwargs: give an object'],
    [{ logprobs: 1 }, 'logprobs: this server does not do that; leave it out'],
    [{ seed: 1.5 }, 'seed: give a whole number'],
    [{ stop: [1] }, 'stop: give a text, or up to 16'],
    [{ stream: 'yes' }, 'stream: give true or false'],
    [{ n: 0 }, 'n: give a whole number from 1 to 16'],
    [{ n: 17 }, 'n: give a whole number from 1 to 16'],
    [{ best_of: 2 }, 'best_of: this server does not do that; leave it out'],
    [{ tools: [{}] }, 'tools: this server does not do that; leave it out'],
    [{ response_format: { type: 'json_object' } }, 'response_format: this server does not do that; leave it out'],
    [{ prompt: ['a', 5] }, 'prompt: give a text, or an array of token ids'],
    [{ prompt: Array(65).fill('a') }, 'prompt: give at most 64 prompts a request'],
    [{ prompt: [] }, 'prompt: give a text, or an array of token ids'],
    [{ prompt: 5 }, 'prompt: give a text, or an array of token ids'],
  ])('%j', (changes, message) => {
    expect(refusal(() => text(changes))).toMatchObject({ status: 400, message, param: Object.keys(changes)[0] })
  })

  test('another model, and messages without a template', () => {
    const other = refusal(() => chat({ model: 'gpt-4' }))
    expect(other).toMatchObject({
      status: 404,
      code: 'model_not_found',
      message: "this server has no model 'gpt-4', but 'tiny'",
    })
    expect(errorBody(other)).toEqual({
      error: { message: other.message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    })
    const none = refusal(() =>
      parseCompletionRequest('chat', '{"messages":[{"role":"user","content":"a"}]}', { ...limits, takesMessages: false }),
    )
    expect(none.message).toBe('the model has no chat template; use /v1/completions')
  })
})

describe('answers', () => {
  const head = { id: 'chatcmpl-1', created: 1, model: 'tiny', kind: 'chat' as const }
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12, prompt_tokens_details: { cached_tokens: 2 } }

  test('whole', () => {
    expect(wholeAnswer(head, [{ ...end, text: 'Hello' }], 1)).toEqual({
      ...{ id: 'chatcmpl-1', created: 1, model: 'tiny', object: 'chat.completion', usage },
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'length' },
      ],
    })
    expect(wholeAnswer({ ...head, kind: 'text' }, [{ ...end, ended: 'end', text: 'Hello' }], 1)).toMatchObject({
      object: 'text_completion',
      choices: [{ text: 'Hello', finish_reason: 'stop' }],
    })
  })

  test('several: the tokens of the prompt count once, and a seed draws another one each time', () => {
    const answers = [
      { ...end, text: 'a' },
      { ...end, text: 'b', generatedTokens: 3 },
    ]
    expect(wholeAnswer(head, answers, 2)).toMatchObject({
      usage: { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 },
      choices: [
        { index: 0, message: { content: 'a' } },
        { index: 1, message: { content: 'b' } },
      ],
    })
    const asked = text({ n: 2, seed: 7 })
    expect([0, 1].map((at) => requestOfAnswer(asked, at).options.seed)).toEqual([7, 8])
    expect(requestOfAnswer(text({ n: 2 }), 1).options).not.toHaveProperty('seed')
  })

  test('to several prompts: each has its answers, and its tokens count', () => {
    const asked = text({ prompt: ['a', 'b'], n: 2 })
    expect(Array.from({ length: answerCount(asked) }, (_, at) => requestOfAnswer(asked, at).prompt)).toEqual(['a', 'a', 'b', 'b'])
    const answers = [5, 5, 9, 9].map((promptTokens) => ({ ...end, promptTokens, text: 'x' }))
    expect(wholeAnswer({ ...head, kind: 'text' }, answers, 2)).toMatchObject({
      usage: { prompt_tokens: 14, completion_tokens: 28, prompt_tokens_details: { cached_tokens: 4 } },
      choices: [{ index: 0 }, { index: 1 }, { index: 2 }, { index: 3 }],
    })
  })

  test('in pieces: the role first, usage with the last', () => {
    expect(chunkOf(head, '', { isFirst: true })).toMatchObject({ choices: [{ delta: { role: 'assistant', content: '' } }] })
    expect(chunkOf(head, 'Hel', { index: 1 })).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [{ index: 1, delta: { content: 'Hel' }, finish_reason: null }],
    })
    expect(chunkOf(head, 'Hel')).not.toHaveProperty('usage')
    expect(chunkOf(head, '', { end, usage: end })).toMatchObject({ usage, choices: [{ delta: {}, finish_reason: 'length' }] })
    expect(chunkOf(head, '', { end, usage: null })).toMatchObject({ usage: null })
    expect(usageChunk(head, end)).toMatchObject({ usage, choices: [] })
    expect(chunkOf({ ...head, kind: 'text' }, 'a')).toMatchObject({ object: 'text_completion', choices: [{ text: 'a' }] })
  })
})
